"""One document by SOAP, by FHIR and by HL7 v2 is one entry: the same metadata and bytes, whatever wire it came by.

The same bytes under the same uniqueId are deposited three times; between two of them the registry forgets them, for
which no door has a way.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.cli.diff_faces import read_faces
from samples.documents.discharge_letter import discharge_letter
from samples.documents.laboratory_report import laboratory_report
from samples.documents.professionals import BIOLOGIST
from samples.documents.vsm import vsm
from samples.fhir.bundle import write_lot
from samples.hl7v2.messages import mdm, oru
from samples.submission import INVISIBLE_PATIENT, MASQUE_PS, build_submission
from security.xml import parse
from xds.ebrim.objects import read_entry
from xds.metadata.document_entry import DocumentEntry

LABORATORY = "labo-rhone"
TAGS = {"MASQUE_PS": MASQUE_PS, "INVISIBLE_PATIENT": INVISIBLE_PATIENT}
OF_THE_LOT = frozenset(("entry_uuid", "logical_id"))
"""What a registry gives: it is another each time."""
SIGNATURES = ' AND NOT codes @> \'{"typeCode": ["E1762^^ASTM"]}\''
_OF_RECORD = "patient_key = (SELECT patient_key FROM ecluse.patients WHERE patient_id = %s)"


def registered(bench: Any, patient: Any) -> tuple[DocumentEntry, str]:
    """The one document of a record as registered, and its status."""
    ((fragment, status),) = bench.rows(
        f"SELECT fragment, status FROM ecluse.document_entries WHERE {_OF_RECORD}{SIGNATURES}",  # noqa: S608
        patient.cx,
    )
    return read_entry(parse(bytes(fragment))), status


def forget(bench: Any, patient: Any) -> None:
    """What no door can: the record is as before the deposit."""
    with closing(bench.house.owner()) as connection:
        for table in ("associations", "document_entries", "submission_sets", "unique_ids"):
            connection.execute(f"DELETE FROM ecluse.{table} WHERE {_OF_RECORD}", (patient.cx,))  # noqa: S608


def by_soap(bench: Any, patient: Any, content: bytes, tag: str, _: Any) -> None:
    with closing(bench.house.establishment(LABORATORY, patient.cx)) as client:
        answer = client.provide_and_register(_lot(bench, patient, content, tag))
    assert answer.succeeded, answer.errors


def by_fhir(bench: Any, patient: Any, content: bytes, tag: str, _: Any) -> None:
    with closing(bench.house.fhir(LABORATORY, patient.cx)) as client:
        reply = client.post("", write_lot(_lot(bench, patient, content, tag)).resource)
    assert reply.status == 200, reply.content


def by_hl7v2(bench: Any, patient: Any, content: bytes, tag: str, spelling: Any) -> None:
    write, charset = spelling
    said = {tag: "Y"} if tag else {}
    bench.done(write(content, patient=patient, author=BIOLOGIST, said=said, charset=charset))


def _lot(bench: Any, patient: Any, content: bytes, tag: str) -> Any:
    return build_submission(
        [content],
        signer=bench.house.credential(f"{LABORATORY}.sign"),
        now=datetime.now(UTC),
        patient_id=patient.cx,
        confidentiality=[TAGS[tag]] if tag else [],
    )


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    document=st.sampled_from((laboratory_report, vsm, discharge_letter)),
    tag=st.sampled_from(("", "", *TAGS)),
    spelling=st.sampled_from([(write, charset) for write in (oru, mdm) for charset in ("UNICODE UTF-8", "8859/15")]),
    used=st.text(alphabet="AZÀÉÈŒŠŽŸÇ-' ", min_size=1, max_size=20).map(lambda text: f"É{text.strip()}"),
    city=st.sampled_from(("LYON", "SAINT-ÉTIENNE", "L'ÎLE-D'YEU")),
)
def test_a_document_is_the_same_entry_by_each_wire(
    bench: Any, admit: Any, document: Any, tag: str, spelling: Any, used: str, city: str
) -> None:
    patient = replace(admit(bench), used_family=used, birth_city=city)
    content = document(patient, BIOLOGIST)
    entries = {}
    for wire in (by_soap, by_fhir, by_hl7v2):
        wire(bench, patient, content, tag, spelling)
        entries[wire.__name__] = registered(bench, patient)
        if tag != "MASQUE_PS":
            faces = read_faces(bench.house, patient.cx, "dr-essai")
            assert (list(faces.differences()), list(faces.same_bytes.values())) == ([], [True])
        if wire is not by_hl7v2:
            forget(bench, patient)

    first, status = entries["by_soap"]
    for name, (entry, its_status) in entries.items():
        assert its_status == status
        for item in fields(DocumentEntry):
            if item.name not in OF_THE_LOT:
                assert getattr(entry, item.name) == getattr(first, item.name), (name, item.name)
