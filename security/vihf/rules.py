"""Who may say what, through which door, with which certificates: pure rules over a well-formed VIHF."""

from __future__ import annotations

from typing import NoReturn, Protocol

from security.errors import ErrorKind
from security.identifiers import is_professional
from security.pki.certificate import CertificateKind, HolderCertificate
from security.pki.names import parse_name
from security.vihf.model import AuthenticationMode, Purpose, Vihf
from security.vihf.policy import VihfCode, VihfPolicy, refuse

PROFESSIONALS = frozenset({CertificateKind.CPS, CertificateKind.CPF})
CARDS = PROFESSIONALS | {CertificateKind.CPE}
_CLASSES = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
SMARTCARD = _CLASSES + "SmartcardPKI"
_INDIRECT_CONTEXTS = frozenset(
    {SMARTCARD, _CLASSES + "Password", _CLASSES + "PasswordProtectedTransport", _CLASSES + "unspecified"}
)
_SHORTEST_REASON = 3


class Directory(Protocol):
    """The professionals and structures that the door knows, where it is given any."""

    def is_active(self, structure_id: str) -> bool:
        """Whether the structure exists and is active."""

    def are_linked(self, national_id: str, structure_id: str) -> bool:
        """Whether the professional works in the structure."""


def check_door(mode: AuthenticationMode, policy: VihfPolicy) -> None:
    """Refuse the modes that a door never opens to. Raises NotAuthenticated: DMPAccessDeniedByRightsService."""
    if policy.door == "consultation" and mode is not AuthenticationMode.DIRECTE:
        _forbid(f"mode {mode} does not open consultation")
    if policy.door == "ingest" and mode is AuthenticationMode.INDIRECTE_RENFORCEE:
        _forbid(f"mode {mode} does not open ingest")


def check_credentials(
    mode: AuthenticationMode, signer: HolderCertificate, tls: HolderCertificate, policy: VihfPolicy
) -> None:
    """Check that connection and seal are of the kinds that the mode and the door want.

    Raises NotAuthenticated: DMPAccessDeniedByRightsService (connection), DMPInvalidCertificate (seal).
    """
    check_door(mode, policy)
    if mode is AuthenticationMode.INDIRECTE:
        connections, seals = frozenset({CertificateKind.ORG_AUTH_CLI}), frozenset({CertificateKind.ORG_SIGN})
    else:
        connections = _direct_kinds(policy)
        seals = frozenset({tls.kind})
    if tls.kind not in connections:
        _forbid(f"a connection with a certificate of kind {tls.kind} does not open {policy.door} in mode {mode}")
    if signer.kind not in seals:
        refuse(
            VihfCode.CERTIFICATE,
            f"in mode {mode} the assertion is not sealed by a certificate of kind {signer.kind}",
            ErrorKind.CERT_KIND,
        )


def _direct_kinds(policy: VihfPolicy) -> frozenset[CertificateKind]:
    if policy.door == "consultation":
        return PROFESSIONALS
    return CARDS if policy.professional_feeding else frozenset({CertificateKind.CPE})


def check_holders(vihf: Vihf, tls: HolderCertificate, policy: VihfPolicy) -> tuple[str, ...]:
    """Check that seal, connection, issuer and subject are one holder; return warnings.

    Raises NotAuthenticated: SBX_VIHF_ISSUER, SBX_VIHF_STRUCT.
    """
    signer = vihf.signer
    try:
        issuer = parse_name(vihf.issuer)
    except ValueError as error:
        _differ(VihfCode.ISSUER, f"Issuer is not an RFC 2253 name: {error}")
    if issuer.rdns != signer.subject:
        _differ(VihfCode.ISSUER, "Issuer is not the subject of the signing certificate")
    warnings = ("Issuer spells a value in hexadecimal",) if issuer.hexadecimal else ()
    if vihf.mode is AuthenticationMode.DIRECTE:
        if not signer.national_id or signer.national_id != tls.national_id:
            _differ(VihfCode.ISSUER, "the seal and the connection are not those of one person")
        if vihf.name_id != signer.national_id:
            _differ(VihfCode.ISSUER, "NameID is not the identifier of the card")
        if signer.kind is CertificateKind.CPE:
            _check_structure(vihf, tls, policy)
    else:
        _check_structure(vihf, tls, policy)
        _check_local_name(vihf)
    return warnings


def _check_structure(vihf: Vihf, tls: HolderCertificate, policy: VihfPolicy) -> None:
    """Seal and connection name one structure, and the assertion that one or a site of it."""
    sealed = vihf.signer.structure_id
    if not sealed or sealed != tls.structure_id:
        _differ(VihfCode.STRUCTURE, "the seal and the connection are not those of one structure")
    if vihf.structure_id != sealed and (sealed, vihf.structure_id) not in policy.ej_eg:
        _differ(VihfCode.STRUCTURE, "Identifiant_Structure is not the structure of the certificate")


def _check_local_name(vihf: Vihf) -> None:
    """NameID of an indirect assertion: a register number of the professional, or `<structure>/<identifier in it>`.

    The first digit says which register numbers the structure; it differs between persons and structures.
    """
    structure, _, local = vihf.name_id.partition("/")
    known = {vihf.structure_id[1:], (vihf.signer.structure_id or "")[1:]}
    if not is_professional(vihf.name_id) and not (local and structure[1:] in known):
        refuse(VihfCode.MALFORMED, "NameID is neither a PS_IdNat nor an identifier inside Identifiant_Structure")


def check_directory(vihf: Vihf, directory: Directory) -> None:
    """Check structure and attachment in a directory. Raises NotAuthenticated: SBX_VIHF_DIR."""
    if not directory.is_active(vihf.structure_id):
        _differ(VihfCode.DIRECTORY, "Structure introuvable ou Inactive")
    if vihf.signer.kind in PROFESSIONALS and not directory.are_linked(vihf.name_id, vihf.structure_id):
        _differ(VihfCode.DIRECTORY, "PS et Structure non liés")


def check_context(vihf: Vihf) -> tuple[str, ...]:
    """Check that the authentication context can be true in that mode; return warnings.

    Raises NotAuthenticated: SBX_VIHF_MALFORMED.
    """
    if vihf.mode is AuthenticationMode.DIRECTE:
        if vihf.authn_context != SMARTCARD:
            refuse(VihfCode.MALFORMED, f"AuthnContextClassRef is not {SMARTCARD} although the mode is DIRECTE")
        return ()
    if vihf.authn_context in _INDIRECT_CONTEXTS:
        return ()
    return ("AuthnContextClassRef is not one that indirect authentication uses",)


def check_purpose(vihf: Vihf, policy: VihfPolicy) -> tuple[str, ...]:
    """Check the purpose of use; return warnings.

    Raises NotAuthenticated: SBX_VIHF_PURPOSE, SBX_VIHF_REASON_MISSING.
    """
    if vihf.purpose not in (Purpose.NORMAL, Purpose.BREAK_GLASS, Purpose.REGULATION):
        refuse(VihfCode.PURPOSE, "the purpose is not normal, bris_de_glace or centre_15")
    if vihf.purpose != Purpose.BREAK_GLASS:
        return ("Mode_Acces_Raison says nothing outside of bris_de_glace",) if vihf.reason else ()
    if vihf.signer.kind not in PROFESSIONALS:
        refuse(VihfCode.PURPOSE, "bris_de_glace is for a professional, with a card of his own")
    if vihf.reason is None or len(vihf.reason.strip()) < _SHORTEST_REASON:
        refuse(VihfCode.REASON, f"bris_de_glace needs a reason of {_SHORTEST_REASON} characters or more")
    return ()


def _forbid(text: str) -> NoReturn:
    refuse(VihfCode.RIGHTS, text, ErrorKind.CHANNEL_FORBIDDEN)


def _differ(code: VihfCode, text: str) -> NoReturn:
    refuse(code, text, ErrorKind.ASSERTION_IDENTITY)
