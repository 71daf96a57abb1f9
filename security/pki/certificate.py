"""Who a certificate names: a card of the CPS family, an organisation, or nobody we know.

Reading decides nothing about trust: `security.pki.trust` does. Identities are read only from a certificate whose
category, type, subject and issuing branch agree (`security.pki.kinds`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtensionOID

from security import identifiers
from security.errors import ErrorKind, NotAuthenticated
from security.pki import der, names
from security.pki.extensions import TEST, read_product_extensions
from security.pki.kinds import Branch, CertificateKind, branch_of, kind_of, shape_of, values
from security.pki.names import Rdn, same_name

__all__ = ["CertificateKind", "HolderCertificate", "describe", "load_certificate", "read_certificate", "same_name"]

MAXIMUM_SIZE = 16 * 1024
"""Bytes of one certificate; those of IGC-Santé have about 2 000."""
_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_CURVES = (ec.SECP256R1, ec.SECP384R1)
_MAY_BE_CRITICAL = frozenset({
    ExtensionOID.KEY_USAGE, ExtensionOID.EXTENDED_KEY_USAGE, ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME, ExtensionOID.CERTIFICATE_POLICIES,
})  # fmt: skip
_ORGANISATIONS = (CertificateKind.ORG_AUTH_CLI, CertificateKind.ORG_SIGN)
_STAFF = (CertificateKind.CPE, CertificateKind.CPA)
_PERSONS = (CertificateKind.CPS, CertificateKind.CPF, CertificateKind.PERSON_SOFTWARE)


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderCertificate:
    """A certificate and the holder it names. Times are UTC; `fingerprint` is the SHA-256 of `der`, hexadecimal.

    `national_id` is the PS_IdNat of a person (CN) or the Struct_IdNat of an organisation (OU), empty when the kind is
    UNKNOWN or SERVER. `structure_id` is the Struct_IdNat of a staff card or of an organisation. `specialties` are
    codes of TRE_R38, `sections` those of TRE_G05. An RDN is a set of (attribute OID, value), first RDN first.
    """

    der: bytes = field(repr=False)
    fingerprint: str
    subject: tuple[Rdn, ...] = field(repr=False)
    issuer: tuple[Rdn, ...] = field(repr=False)
    serial: int
    not_before: datetime
    not_after: datetime
    kind: CertificateKind
    branch: Branch | None
    category: int | None
    product_type: int | None
    national_id: str
    structure_id: str | None
    profession: str | None
    specialties: tuple[str, ...]
    sections: tuple[str, ...]
    public_key: CertificatePublicKeyTypes = field(repr=False, compare=False)

    @property
    def is_test(self) -> bool:
        """Whether the product belongs to the test domain (TRE_G01, high bit)."""
        return self.category is not None and bool(self.category & TEST)

    @property
    def common_name(self) -> str:
        """The CN: a PS_IdNat, or the free label of an organisation's certificate."""
        return "".join(values(self.subject, names.COMMON_NAME)[:1])

    @property
    def organization(self) -> str | None:
        """The O: the name of the structure, when the certificate says it."""
        return next(iter(values(self.subject, names.ORGANIZATION)), None)

    @property
    def family_name(self) -> str | None:
        """The SN of a nominative certificate."""
        return next(iter(values(self.subject, names.SURNAME)), None)

    @property
    def given_name(self) -> str | None:
        """The GN of a nominative certificate."""
        return next(iter(values(self.subject, names.GIVEN_NAME)), None)


def read_certificate(encoded: bytes) -> HolderCertificate:
    """Read a DER certificate and the holder it names.

    Raises NotAuthenticated, CERT_KIND: not a certificate we would read, or an identity with hostile characters or
    the wrong syntax. A readable certificate of no kind we know has the kind UNKNOWN.
    """
    return describe(load_certificate(encoded))


def load_certificate(encoded: bytes) -> x509.Certificate:
    """Parse one DER certificate and refuse what no authority of ours would issue (RFC 5280 §4.1, §4.2).

    Raises NotAuthenticated, CERT_KIND: size, version, serial number, repeated or unknown critical extension, hash
    weaker than SHA-256, RSA shorter than 2048 bits, a curve other than P-256 and P-384.
    """
    if len(encoded) > MAXIMUM_SIZE:
        raise _refused(f"the certificate is {len(encoded)} bytes, at most {MAXIMUM_SIZE} are read")
    _check_serial(encoded)
    try:
        certificate = x509.load_der_x509_certificate(encoded)
        extensions = certificate.extensions
        algorithm = certificate.signature_hash_algorithm
        key = certificate.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion):
        raise _refused("not a readable X.509 certificate") from None
    except (x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        raise _refused("an extension is repeated or not readable") from None
    if certificate.version is not x509.Version.v3:
        raise _refused("not an X.509 version 3 certificate")
    for extension in extensions:
        if extension.critical and extension.oid not in _MAY_BE_CRITICAL:
            raise _refused(f"critical extension {extension.oid.dotted_string} is not known")
    if not isinstance(algorithm, _HASHES):
        raise _refused("the certificate is not signed with SHA-256 or better")
    _check_key(key)
    return certificate


def describe(certificate: x509.Certificate) -> HolderCertificate:
    """The holder that a loaded certificate names. Raises NotAuthenticated, CERT_KIND."""
    try:
        subject, issuer = names.rdns_of(certificate.subject), names.rdns_of(certificate.issuer)
        product = read_product_extensions(certificate.extensions)
    except ValueError as error:
        raise _refused(str(error)) from None
    if not all(names.is_printable(value) for rdn in subject for _, value in rdn):
        raise _refused("the subject holds a character that may not be shown")
    branch = branch_of(issuer)
    kind = kind_of(product, branch, shape_of(subject), _purposes(certificate))
    encoded = certificate.public_bytes(serialization.Encoding.DER)
    return HolderCertificate(
        der=encoded,
        fingerprint=hashlib.sha256(encoded).hexdigest(),
        subject=subject,
        issuer=issuer,
        serial=certificate.serial_number,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        kind=kind,
        branch=branch,
        category=product.category,
        product_type=product.product_type,
        national_id=_national_id(kind, subject),
        structure_id=_structure_id(kind, subject),
        profession=product.profession,
        specialties=product.specialties,
        sections=product.sections,
        public_key=certificate.public_key(),
    )


def _refused(text: str) -> NotAuthenticated:
    return NotAuthenticated(ErrorKind.CERT_KIND, text)


def _check_serial(encoded: bytes) -> None:
    """A serial number is positive and at most 20 octets long (RFC 5280 §4.1.2.2)."""
    try:
        fields = der.elements(next(iter(der.elements(der.read(encoded, der.SEQUENCE))))[1])
        tag, content = next(fields)
        if tag == der.CONTEXT_0:
            tag, content = next(fields)
        number = der.integer(content) if tag == der.INTEGER else 0
    except (der.DerError, StopIteration):
        raise _refused("not a readable X.509 certificate") from None
    if number <= 0 or len(content) > 20:
        raise _refused("the serial number is not a positive number of at most 20 octets")


def _check_key(key: CertificatePublicKeyTypes) -> None:
    match key:
        case rsa.RSAPublicKey():
            if not 2048 <= key.key_size <= 8192:
                raise _refused(f"an RSA key of {key.key_size} bits, expected 2048 to 8192")
            if key.public_numbers().e != 65537:
                raise _refused("an RSA public exponent other than 65537")
        case ec.EllipticCurvePublicKey():
            if not isinstance(key.curve, _CURVES):
                raise _refused("an elliptic curve other than P-256 and P-384")
        case _:
            raise _refused("a public key that is neither RSA nor elliptic curve")


def _purposes(certificate: x509.Certificate) -> frozenset[str]:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(oid.dotted_string for oid in usage)


def _national_id(kind: CertificateKind, subject: tuple[Rdn, ...]) -> str:
    if kind in _ORGANISATIONS:
        return _structure_id(kind, subject) or ""
    if kind not in _PERSONS + _STAFF:
        return ""
    identifier = values(subject, names.COMMON_NAME)[0]
    known = identifiers.is_professional if kind in _PERSONS else identifiers.is_person
    if not known(identifier):
        raise _refused("the CN is not the national identifier of a person (PS_IdNat)")
    return identifier


def _structure_id(kind: CertificateKind, subject: tuple[Rdn, ...]) -> str | None:
    if kind not in _ORGANISATIONS + _STAFF:
        return None
    identifier = values(subject, names.ORGANIZATIONAL_UNIT)[0]
    if not identifiers.is_structure(identifier):
        raise _refused("the OU is not the national identifier of a structure (Struct_IdNat)")
    return identifier
