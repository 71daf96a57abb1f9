"""The documents of the test world, made by code: a header around a PDF, or the body of a laboratory report."""

from __future__ import annotations

from datetime import date, datetime

from profiles.document_types.types import document_types
from samples.documents.document_types import TRE_A05
from samples.documents.elements import LOINC, coded, element
from samples.documents.header import clinical_document
from samples.documents.identity import Identity
from samples.documents.level1 import scanned
from samples.documents.patients import SamplePatient
from samples.documents.professionals import BIOLOGIST, HOSPITAL, SampleAuthor
from samples.world.world import WorldDocument, WorldPatient, unique_id_of

HOSPITAL_AUTHOR = SampleAuthor(
    family="MARTIN-TEST",
    given="Paul",
    civility="M",
    national_id="810099998014",
    structure_id="1750999013",
    structure_name="CHU de la Seine fictive",
    specialty=("G15_10/SM54", "Médecin - Médecine générale (SM)"),
    practice_setting=HOSPITAL,
    facility_type=("SA01", "Etablissement public de santé"),
    encounter_type=("IMP", "Hospitalisation (établissement, y compris HAD)"),
)
"""M1, who writes what ES1 deposits."""


def born_of(patient: WorldPatient, today: date) -> date:
    """The birth date of a patient of the world that is made today."""
    if patient.age is None:
        return datetime.strptime(patient.born, "%Y%m%d").date()
    months = today.year * 12 + today.month - 1 - patient.age[0] * 12 - patient.age[1]
    return date(months // 12, months % 12 + 1, 1)


def sample_patient(patient: WorldPatient, today: date) -> SamplePatient:
    """The patient as the header of a document names him."""
    return SamplePatient(
        nir=patient.nir,
        family=patient.family,
        given=patient.given,
        gender=patient.gender,
        born=f"{born_of(patient, today):%Y%m%d}",
        birth_place=patient.birth_place,
        birth_city=patient.birth_city,
        local_id=f"IPP-MONDE-{patient.key}",
    )


def document_of(wanted: WorldDocument, patient: SamplePatient, now: datetime, *, second: bool = False) -> bytes:
    """Make a document of the world, or the second version that replaces it. `now` is aware."""
    identity = Identity(
        patient=patient,
        author=BIOLOGIST if wanted.by == "LAB1" else HOSPITAL_AUTHOR,
        unique_id=unique_id_of(f"{wanted.key}2") if second else wanted.unique_id,
        effective_time=now.replace(microsecond=0),
        replaces=wanted.unique_id if second else None,
        version=2 if second else 1,
    )
    code = (wanted.type, wanted.title, LOINC if wanted.type[0].isdigit() else TRE_A05)
    if not wanted.model:
        return scanned(identity, code=code, title=wanted.title, lines=("Document fictif.", wanted.told[1]))
    kind = next(one for one in reversed(document_types()) if one.model == wanted.model and one.level == "3")
    section = element(
        "section",
        coded("code", "18719-5", "Biochimie", LOINC),
        element("title", "Biochimie"),
        element("text", "Document fictif. Créatinine : 82 µmol/L (49 - 90)."),
    )
    made = clinical_document(
        identity,
        model=(kind.template, kind.extension or None),
        code=code,
        title=wanted.title,
        act=None,
        body=element("structuredBody", element("component", section)),
    )
    companions = "".join(f'<templateId root="{root}"/>' for root in kind.companions).encode()
    head, tail = made.split(b"<id ", 1)
    return head + companions + b"<id " + tail
