"""Roles of a VIHF: a profession, then what some professions must add (JDV_J65)."""

from __future__ import annotations

from security.errors import ErrorKind
from security.pki.certificate import HolderCertificate
from security.vihf.model import Role, Vihf
from security.vihf.policy import VihfCode, refuse
from security.vihf.rules import PROFESSIONALS

PROFESSION = "1.2.250.1.71.1.2.7"  # TRE_G15
TRAINING = "1.2.250.1.71.1.2.8"  # TRE_G16
SPECIALTY = "1.2.250.1.71.4.2.5"  # TRE_R01
SECTION = "1.2.250.1.71.4.2.6"  # TRE_G05
OTHERS = "1.2.250.1.213.1.1.4.6"  # TRE_A00
_KNOWN_BY_ROLE = frozenset({"1.2.250.1.213.1.6.1.109", "1.2.250.1.213.1.6.1.140"})  # TRE_R95, TRE_R291
_DEPRECATED = frozenset({"35", "36", "37", "38", "39", "93"})
_PROFESSIONS = _DEPRECATED | {
    "10", "21", "26", "28", "31", "32", "40", "50", "60", "69", "70", "80", "81", "82", "83", "84", "85", "86", "91",
    "92", "94", "95", "96", "98",
}  # fmt: skip
_NOT_PROFESSIONS = frozenset(
    {"SECRETARIAT_MEDICAL", "AUTOMATE", "DISPOSITIF", "ALIM_AM", "SNR", "LOGICIEL_DUI", "EXP_PATIENT"}
)
DOCTOR, PHARMACIST = "10", "21"


def check_roles(vihf: Vihf) -> tuple[str, ...]:
    """Check the roles, and that those of a card holder are those of the card; return warnings.

    Raises NotAuthenticated: SBX_VIHF_MALFORMED (no such role), SBX_VIHF_DIR (not this holder's, or incomplete).
    """
    first, second = vihf.roles[0], (vihf.roles[1] if len(vihf.roles) > 1 else None)
    _check_known(first)
    if first.system == PROFESSION and first.code == DOCTOR:
        if second is None or second.system != SPECIALTY:
            _refuse("Aucune spécialité dans le vihf. Spécialité obligatoire pour les Médecins")
    elif first.system == PROFESSION and first.code == PHARMACIST:
        if second is None or second.system != SECTION:
            _refuse("a pharmacist's second role is his section (TRE_G05)")
    elif second is not None and first.system in (PROFESSION, TRAINING, OTHERS):
        refuse(VihfCode.MALFORMED, "only doctors, pharmacists and professionals known by their role have a second role")
    if vihf.signer.kind in PROFESSIONALS:
        _check_card(vihf.signer, first, second)
    elif vihf.mode == "DIRECTE" and first.system in (PROFESSION, TRAINING):
        _refuse("the first role is a profession, which this card does not hold")
    if first.system == PROFESSION and first.code in _DEPRECATED:
        return (f"profession {first.code} is deprecated in TRE_G15",)
    if first.system not in _KNOWN_BY_ROLE | {PROFESSION, TRAINING, OTHERS}:
        return ("the code system of the first role is not one this service knows",)
    return ()


def _check_known(role: Role) -> None:
    if role.system == PROFESSION:
        if role.code not in _PROFESSIONS:
            refuse(VihfCode.MALFORMED, "the first role is not a profession of TRE_G15")
    elif role.system == OTHERS and role.code not in _NOT_PROFESSIONS:
        refuse(VihfCode.MALFORMED, "the first role is not one of TRE_A00")


def _check_card(card: HolderCertificate, first: Role, second: Role | None) -> None:
    if card.profession is not None and first.code != card.profession:
        _refuse("the profession is not that of the card")
    if second is None:
        return
    held = {SPECIALTY: card.specialties, SECTION: card.sections}.get(second.system)
    if held and second.code not in held:
        _refuse("the specialty or section is not one of the card")


def _refuse(text: str) -> None:
    refuse(VihfCode.DIRECTORY, text, ErrorKind.ASSERTION_IDENTITY)
