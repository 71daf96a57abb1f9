"""Invented professionals and structures that sign the sample documents (ANS annuaire: PS_IdNat, Struct_IdNat)."""

from __future__ import annotations

from dataclasses import dataclass

PERSON_ROOT = "1.2.250.1.71.4.2.1"
STRUCTURE_ROOT = "1.2.250.1.71.4.2.2"

AMBULATORY = ("AMBULATOIRE", "Ambulatoire")
HOSPITAL = ("ETABLISSEMENT", "Etablissement de santé")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleAuthor:
    """A professional who does not exist, and where they work.

    `national_id` is a PS_IdNat (`8` and the RPPS), `structure_id` a Struct_IdNat (`1` and the FINESS); `specialty` is
    (code, name) of TRE_R38 and JDV_J01, `practice_setting` of JDV_J04, `facility_type` of JDV_J02, `encounter_type` of
    JDV_J142, each (code, display name).
    """

    family: str
    given: str
    national_id: str
    structure_id: str
    structure_name: str
    specialty: tuple[str, str]
    civility: str = "MME"
    title: str = "DR"
    practice_setting: tuple[str, str] = AMBULATORY
    facility_type: tuple[str, str] = ("SA07", "Cabinet individuel")
    encounter_type: tuple[str, str] = ("AMB", "Ambulatoire (hors établissement)")


GENERALIST = SampleAuthor(
    family="ESSAI",
    given="Anne",
    national_id="810009999995",
    structure_id="1690000999",
    structure_name="Cabinet médical des Essais",
    specialty=("G15_10/SM26", "Médecin - Qualifié en Médecine Générale (SM)"),
)
BIOLOGIST = SampleAuthor(
    family="ETALON",
    given="Karim",
    civility="M",
    national_id="810099998055",
    structure_id="1690999032",
    structure_name="Laboratoire du Rhône fictif",
    specialty=("G15_10/SM03", "Médecin - Biologie médicale (SM)"),
    facility_type=("SA25", "Laboratoire de biologie médicale"),
)
HOSPITAL_DOCTOR = SampleAuthor(
    family="BLANC-TEST",
    given="Noémie",
    national_id="810099998022",
    structure_id="1440999068",
    structure_name="Centre hospitalier de la Loire fictive",
    specialty=("G15_10/SM04", "Médecin - Cardiologie et maladies vasculaires (SM)"),
    practice_setting=HOSPITAL,
    facility_type=("SA01", "Etablissement public de santé"),
    encounter_type=("IMP", "Hospitalisation (établissement, y compris HAD)"),
)
