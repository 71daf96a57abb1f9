"""Which kinds open which door: the table that a list of authorities cannot replace.

National authorities issue several kinds, and a TLS library looks at none of them. A row says which kind, from which
range; a certificate that matches no row of its door is refused whatever its path.
"""

from __future__ import annotations

from enum import StrEnum

from security.pki.kinds import CertificateKind, Range
from security.pki.path import Purpose


class Usage(StrEnum):
    """What a certificate is presented for."""

    INGEST_TLS = "INGEST_TLS"
    CONSULTATION_TLS = "CONSULTATION_TLS"
    INGEST_SEAL = "INGEST_SEAL"
    CONSULTATION_SEAL = "CONSULTATION_SEAL"


PURPOSES = {
    Usage.INGEST_TLS: Purpose.TLS_CLIENT,
    Usage.CONSULTATION_TLS: Purpose.TLS_CLIENT,
    Usage.INGEST_SEAL: Purpose.SEAL,
    Usage.CONSULTATION_SEAL: Purpose.SEAL,
}

Rows = frozenset[tuple[CertificateKind, Range]]

DOORS: dict[Usage, Rows] = {
    Usage.INGEST_TLS: frozenset({
        (CertificateKind.ORG_AUTH_CLI, Range.ELEMENTAIRE),
        (CertificateKind.CPE, Range.STANDARD),
    }),
    Usage.INGEST_SEAL: frozenset({
        (CertificateKind.ORG_SIGN, Range.ELEMENTAIRE),
        (CertificateKind.CPE, Range.STANDARD),
    }),
    Usage.CONSULTATION_TLS: frozenset({
        (CertificateKind.CPS, Range.FORT),
        (CertificateKind.CPF, Range.FORT),
    }),
    Usage.CONSULTATION_SEAL: frozenset({
        (CertificateKind.CPS, Range.FORT),
        (CertificateKind.CPF, Range.FORT),
    }),
}  # fmt: skip

PROFESSIONAL_FEEDING: dict[Usage, Rows] = {
    Usage.INGEST_TLS: frozenset({(CertificateKind.CPS, Range.FORT)}),
    Usage.INGEST_SEAL: frozenset({(CertificateKind.CPS, Range.FORT)}),
}
"""Added to `DOORS` by the setting of the same name (DMP TD2.1, direct authentication)."""


def may_open(usage: Usage, kind: CertificateKind, issued_by: Range, *, professional_feeding: bool) -> bool:
    """Whether a certificate of this kind, from this range, may be presented for this usage."""
    row = (kind, issued_by)
    return row in DOORS[usage] or (professional_feeding and row in PROFESSIONAL_FEEDING.get(usage, frozenset()))
