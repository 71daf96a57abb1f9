"""Which visibility a document may be deposited with, and what the patient adds to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product
from uuid import uuid4

import pytest

from xds.dmp.parameters import Parameters
from xds.dmp.record import Record, RecordStatus
from xds.dmp.requester import Requester, RequesterKind
from xds.dmp.submission import SubmittedDocument, visibility_faults, with_default_masking
from xds.errors import Severity

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINOR = Record(patient_key=uuid4(), status=RecordStatus.OPEN, key_id=uuid4(), birth_date=date(2010, 3, 2))
ADULT = replace(MINOR, birth_date=date(1970, 1, 1))
DOCTOR = Requester(kind=RequesterKind.PROFESSIONAL, national_id="810000000001", profession="10")
SECRET = replace(DOCTOR, secret=True)
M, P, G = "MASQUE_PS", "INVISIBLE_PATIENT", "INVISIBLE_REPRESENTANTS_LEGAUX"
LAX = Parameters(mask_with_invisible=True, restricted="accept", very_restricted="accept")


def found(codes: str, requester: Requester, record: Record, parameters: Parameters, signature: bool) -> dict[str, bool]:
    """The rules that are broken, and whether that is an error."""
    document = SubmittedDocument(codes=frozenset(codes.split()), path="confidentialityCode", is_lot_signature=signature)
    errors = list(visibility_faults(document, requester, record, NOW, parameters))
    for error in errors:
        assert error.found
        assert error.expected
        assert error.context.startswith("confidentialityCode: found")
    return {error.rule: error.severity is Severity.ERROR for error in errors}


@pytest.mark.parametrize(
    ("codes", "requester", "record", "parameters", "signature", "rules"),
    [
        ("N", DOCTOR, ADULT, Parameters(), False, {}),
        (f"N {M}", DOCTOR, ADULT, Parameters(), False, {}),
        (f"N {P}", DOCTOR, ADULT, Parameters(), False, {}),
        (f"N {P} {G}", DOCTOR, MINOR, Parameters(), False, {}),
        ("", DOCTOR, ADULT, Parameters(), False, {"D-080": True}),
        (M, DOCTOR, ADULT, Parameters(), False, {"D-080": True}),
        ("N R", DOCTOR, ADULT, Parameters(), False, {"D-080": True, "D-081-R": False}),
        ("N MASQUE_PT", DOCTOR, ADULT, Parameters(), False, {"D-080": True}),
        ("R", DOCTOR, ADULT, Parameters(), False, {"D-081-R": False}),
        ("V", DOCTOR, ADULT, Parameters(), False, {"D-081-V": True}),
        ("R", DOCTOR, ADULT, Parameters(restricted="refuse"), False, {"D-081-R": True}),
        ("V", DOCTOR, ADULT, Parameters(very_restricted="warn"), False, {"D-081-V": False}),
        ("R", DOCTOR, ADULT, LAX, False, {}),
        ("V", DOCTOR, ADULT, LAX, False, {}),
        (f"N {M} {P}", DOCTOR, ADULT, Parameters(), False, {"D-082": True}),
        (f"N {M} {P}", DOCTOR, ADULT, LAX, False, {}),
        (f"N {M} {P}", DOCTOR, ADULT, Parameters(), True, {}),
        (f"N {G}", DOCTOR, ADULT, Parameters(), False, {"D-083": True}),
        (f"N {G}", DOCTOR, replace(MINOR, birth_date=None), Parameters(), False, {"D-083": True}),
        (f"N {G}", DOCTOR, MINOR, Parameters(), False, {}),
        (f"N {G}", DOCTOR, MINOR, Parameters(manage_minors=False), False, {"D-083": True}),
        (f"N {G}", DOCTOR, MINOR, Parameters(majority_age=15), False, {"D-083": True}),
        ("N", SECRET, MINOR, Parameters(), False, {"V-45": True}),
        (f"N {G}", SECRET, MINOR, Parameters(), False, {}),
        (f"N {M} {P}", SECRET, MINOR, Parameters(), True, {}),
        (f"N {G}", SECRET, ADULT, Parameters(), False, {"D-083": True}),
        (f"R {M} {P} {G}", DOCTOR, ADULT, Parameters(), False, {"D-081-R": False, "D-082": True, "D-083": True}),
    ],
)
def test_every_fault_of_the_codes_is_found(
    codes: str, requester: Requester, record: Record, parameters: Parameters, signature: bool, rules: dict[str, bool]
) -> None:
    assert found(codes, requester, record, parameters, signature) == rules


@pytest.mark.parametrize(
    ("wanted", "codes", "signature", "together"),
    list(product((True, False), ("N", f"N {M}", f"N {P}", f"N {M} {P}"), (True, False), (True, False))),
)
def test_a_patient_who_wants_it_has_every_new_document_masked(
    wanted: bool, codes: str, signature: bool, together: bool
) -> None:
    sent = frozenset(codes.split())
    record = replace(ADULT, default_masking=wanted)
    kept = with_default_masking(sent, record, Parameters(mask_with_invisible=together), is_lot_signature=signature)
    due = wanted and not signature and M not in sent
    waits = due and P in sent and not together
    assert kept.mask_when_visible is waits
    assert kept.codes == (sent | {M} if due and not waits else sent)
