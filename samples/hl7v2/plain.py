"""Results without a document: an ORU^R01 of a laboratory that writes no CDA (HL7 v2.5 §7.3.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from samples.documents.patients import CLAIRE, IPP_ISSUER, SamplePatient
from samples.documents.professionals import BIOLOGIST, STRUCTURE_ROOT, SampleAuthor
from samples.hl7v2.er7 import Er7
from samples.hl7v2.messages import oru

_ORDERS = f"LABO^{IPP_ISSUER}.2^ISO"
RESULTS = (
    "NM|4548-4^Hémoglobine A1c/Hémoglobine totale^LN||7.2|%^^UCUM|4.0-6.0|H|||F",
    "SN|2160-0^Créatinine^LN||<^20|umol/L^^UCUM|49 - 90|L|||F",
    "CE|883-9^Groupe sanguin ABO^LN||112144000^Groupe A^SCT||||||F",
    "CWE|10331-7^Rhésus^LN||POS^Positif^LABO||||||F",
    "ST|5767-9^Aspect des urines^LN||Limpide||||||F",
    "TX|8251-1^Commentaire^LN||À contrôler dans un mois.||||||C",
    "FT|11502-2^Conclusion^LN||Première ligne\\.br\\Seconde ligne||||||P",
)
"""One result a type of OBX, from OBX-2 to OBX-11."""


def results(
    observations: Sequence[str] = RESULTS,
    *,
    patient: SamplePatient = CLAIRE,
    author: SampleAuthor = BIOLOGIST,
    control_id: str | None = None,
) -> Er7:
    """A good ORU^R01 of one OBR with these OBX, each from OBX-2 on, a specimen, a comment and who answers for them."""
    carrying = oru(patient=patient, author=author, control_id=control_id)
    msh, pid, pv1 = carrying.lines[:3]
    return Er7.of([msh, pid, pv1, *_battery(observations, author)])


def _battery(observations: Sequence[str], author: SampleAuthor) -> Iterable[str]:
    biologist = f"{author.national_id}&{author.family}&{author.given}&&&&{author.specialty[0]}"
    yield f"ORC|NW|P42^{_ORDERS}"
    yield (
        f"OBR|1|P42^{_ORDERS}|L42^{_ORDERS}|24323-8^Bilan biologique^LN|||20260301073500+0100|||||||20260301092200+0100"
        "||810009999995^ESSAI^Anne^^^^^^^^^^IDNPS||||||20260301101200+0100||CH|F|||||||"
        f"{biologist}"
    )
    yield "NTE|1|L|Prélèvement à jeun."
    structure = f"{author.structure_name}^^^^^ASIP-SANTE-ST&{STRUCTURE_ROOT}&ISO^IDNST^^^{author.structure_id}"
    for number, one in enumerate(observations, 1):
        fields = [f"OBX|{number}", *one.split("|")]
        fields += [""] * (11 - len(fields))
        yield "|".join(fields[:11]) + f"|||20260301095500+0100|||||||||{'' if number > 1 else structure}"
    yield "SPM|1|||BLD^Sang total^HL70487|||||||||||||20260301073500+0100"
