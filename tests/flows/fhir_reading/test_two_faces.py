"""One record, two faces: what SOAP and FHIR deposit, both show alike, byte for byte (F-11)."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import Any

from gateway.cli.diff_faces import read_faces
from samples.documents.vsm import vsm
from samples.fhir.bundle import write_lot
from samples.submission import INVISIBLE_PATIENT


def test_documents_of_both_wires_have_the_same_ids_metadata_and_bytes_at_both(reader: Any) -> None:
    scene = reader.scene
    (by_soap,) = reader.deposit(INVISIBLE_PATIENT)
    lot = scene.lot([vsm(scene.patient)])
    with closing(scene.house.fhir("chu-seine", scene.patient.cx)) as hospital:
        assert hospital.post("", write_lot(lot).resource).status == 200
    patch = [{"op": "replace", "path": "/securityLabel/1", "value": reader.named(by_soap)["securityLabel"][1]}]
    assert reader.client.patch(f"DocumentReference/{reader.named(by_soap)['id']}", patch).status == 200
    faces = read_faces(scene.house, scene.patient.cx, "dr-essai")
    assert faces.soap.keys() == faces.fhir.keys() == {by_soap, lot.unique_ids[0]}
    assert list(faces.differences()) == []
    assert faces.same_bytes == {by_soap: True, lot.unique_ids[0]: True}


def test_what_differs_is_told_attribute_by_attribute(reader: Any) -> None:
    (unique_id,) = reader.deposit()
    faces = read_faces(reader.scene.house, reader.scene.patient.cx, "dr-essai")
    other = replace(faces.fhir[unique_id], title="Autre", size=1)
    spoiled = replace(faces, fhir={unique_id: other}, same_bytes={unique_id: False})
    assert [one.attribute for one in spoiled.differences()] == ["size", "title", "document"]
    assert [one.attribute for one in replace(faces, fhir={}).differences()] == ["document"]
