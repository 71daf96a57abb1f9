"""PATCH: visibility, archiving and deletion in FHIR, under the law of ITI-57."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from samples.client.fhir import FhirClient
from samples.submission import INVISIBLE_PATIENT, MASQUE_PS

ARCHIVED = "https://interop.esante.gouv.fr/ig/fhir/pdsm/StructureDefinition/pdsm-ext-is-archived"
MASK = {
    "coding": [
        {
            "system": "https://mos.esante.gouv.fr/NOS/TRE_A07-StatutVisibiliteDocument"
            "/FHIR/TRE-A07-StatutVisibiliteDocument",
            "code": "MASQUE_PS",
        }
    ]
}
ADD_MASK = [{"op": "add", "path": "/securityLabel/-", "value": MASK}]


def _document(reader: Any) -> dict[str, Any]:
    (unique_id,) = reader.deposit()
    found: dict[str, Any] = reader.named(unique_id)
    return found


def _patch(client: FhirClient, found: dict[str, Any], patch: Any, **headers: str) -> Any:
    return client.patch(f"DocumentReference/{found['id']}", patch, **headers)


def test_a_document_is_masked_its_id_stays_and_its_entry_uuid_changes(reader: Any) -> None:
    found = _document(reader)
    reply = _patch(reader.client, found, ADD_MASK)
    assert reply.status == 200, reply.content
    with closing(reader.scene.house.owner()) as connection:
        rows = connection.execute(
            "SELECT entry_uuid, version, codes->>'confidentialityCode' FROM ecluse.document_entries "
            "WHERE logical_id = %s ORDER BY version",
            (found["id"],),
        ).fetchall()
    assert [row[1] for row in rows] == [1, 2]
    assert "MASQUE_PS" in rows[-1][2]
    assert "N^^" in rows[-1][2]


@pytest.mark.parametrize("by", ["id", "identifier"])
def test_a_document_is_named_by_id_or_by_identifier(reader: Any, by: str) -> None:
    found = _document(reader)
    archive = [{"op": "add", "path": "/extension", "value": [{"url": ARCHIVED, "valueBoolean": True}]}]
    if by == "id":
        reply = reader.client.patch(f"DocumentReference/{found['id']}", archive)
    else:
        named = [("identifier", found["masterIdentifier"]["value"])]
        reply = reader.client.patch("DocumentReference", archive, named)
    assert reply.status == 200, reply.content
    assert reply.resource["extension"] == [{"url": ARCHIVED, "valueBoolean": True}]
    assert found["id"] in reader.ids(("isArchived", "true"))
    assert found["id"] not in reader.ids()


def test_a_patch_in_fhirpath_archives_and_brings_back(reader: Any) -> None:
    found = _document(reader)

    def patch(*parts: dict[str, Any]) -> bytes:
        operation = {"name": "operation", "part": list(parts)}
        return reader.client.patch(
            f"DocumentReference/{found['id']}",
            {"resourceType": "Parameters", "parameter": [operation]},
            Content_Type="application/fhir+json",
        )

    archived = patch(
        {"name": "type", "valueCode": "add"},
        {"name": "path", "valueString": "DocumentReference"},
        {"name": "name", "valueString": "extension"},
        {"name": "value", "part": [{"name": "url", "valueUri": ARCHIVED}, {"name": "value", "valueBoolean": True}]},
    )
    assert archived.status == 200, archived.content
    back = patch(
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": f"DocumentReference.extension.where(url='{ARCHIVED}').value"},
        {"name": "value", "valueBoolean": False},
    )
    assert back.status == 200, back.content
    assert found["id"] in reader.ids()


@pytest.mark.parametrize(
    "patch",
    [
        [{"op": "replace", "path": "/content/0/attachment/title", "value": "Autre"}],
        [{"op": "remove", "path": "/type"}],
        [{"op": "add", "path": "/description", "value": "x"}],
        [{"op": "replace", "path": "/id", "value": "x"}],
        [*ADD_MASK, {"op": "replace", "path": "/date", "value": "2020-01-01T00:00:00Z"}],
    ],
)
def test_anything_else_does_not_change(reader: Any, patch: Any) -> None:
    found = _document(reader)
    reply = _patch(reader.client, found, patch)
    assert (reply.status, reply.codes) == (405, ["FHIR_FORBIDDEN"])
    assert reader.named(found["masterIdentifier"]["value"].removeprefix("urn:oid:")) == found


def test_a_label_by_position_never_loses_a_code(reader: Any) -> None:
    (unique_id,) = reader.deposit(INVISIBLE_PATIENT)
    found = reader.named(unique_id)
    assert len(found["securityLabel"]) == 2
    reply = _patch(reader.client, found, [{"op": "replace", "path": "/securityLabel/0", "value": MASK}])
    assert (reply.status, reply.codes) == (422, ["SBX_LABEL_AMBIGUOUS"])
    assert reader.named(unique_id) == found


def test_the_level_alone_written_over_stays(reader: Any) -> None:
    found = _document(reader)
    reply = _patch(reader.client, found, [{"op": "replace", "path": "/securityLabel/0", "value": MASK}])
    assert reply.status == 200, reply.content
    with closing(reader.scene.house.owner()) as connection:
        row = connection.execute(
            "SELECT codes->>'confidentialityCode' FROM ecluse.document_entries WHERE logical_id = %s AND version = 2",
            (found["id"],),
        ).fetchone()
    assert "N^^" in row[0]
    assert "MASQUE_PS" in row[0]


def test_a_version_that_is_no_more_changes_nothing(reader: Any) -> None:
    found = _document(reader)
    assert _patch(reader.client, found, ADD_MASK, If_Match='W/"7"').status == 412
    # `*` is any version (RFC 9110 §13.1.1).
    assert _patch(reader.client, found, ADD_MASK, If_Match="*").status == 200


def test_a_document_that_is_not_there_and_a_hidden_one_look_the_same(reader: Any, colleague: Any) -> None:
    (unique_id,) = reader.deposit(MASQUE_PS)
    absent = colleague.client.patch("DocumentReference", ADD_MASK, [("identifier", "urn:oid:1.2.3.4")])
    hidden = colleague.client.patch("DocumentReference", ADD_MASK, [("identifier", f"urn:oid:{unique_id}")])
    assert (absent.status, absent.content) == (hidden.status, hidden.content) == (404, hidden.content)


def test_the_author_deletes_and_somebody_else_does_not(reader: Any, colleague: Any) -> None:
    found = _document(reader)
    deletion = [{"op": "replace", "path": "/status", "value": "entered-in-error"}]
    refused = _patch(colleague.client, found, deletion)
    assert (refused.status, refused.codes) == (403, ["DMPAccessDeniedByRightsService"])
    assert reader.ids() == [found["id"]]
    done = _patch(reader.client, found, deletion)
    assert (done.status, done.resource["status"]) == (200, "entered-in-error")
    assert reader.ids() == []
    assert reader.ids(status="entered-in-error") == [found["id"]]


def test_a_status_that_no_deletion_is_is_refused(reader: Any) -> None:
    found = _document(reader)
    reply = _patch(reader.client, found, [{"op": "replace", "path": "/status", "value": "superseded"}])
    assert (reply.status, reply.codes) == (422, ["XDSMetadataUpdateOperationError"])


@pytest.mark.parametrize(
    ("patch", "status"),
    [
        (b"no json", 400),
        (b'{"op": "add"}', 422),
        (b'[{"op": "remove", "path": "/securityLabel/9"}]', 422),
        (b'[{"op": "test", "path": "/status", "value": "superseded"}]', 422),
        (b'[{"op": "fly", "path": "/status"}]', 422),
        (b'[{"op": "add", "path": "securityLabel", "value": 1}]', 422),
    ],
)
def test_a_patch_that_cannot_be_applied_is_refused(reader: Any, patch: bytes, status: int) -> None:
    found = _document(reader)
    assert _patch(reader.client, found, patch).status == status


def test_the_operation_that_cannot_be_applied_is_counted(reader: Any) -> None:
    patch = [{"op": "test", "path": "/status", "value": "current"}, {"op": "remove", "path": "/securityLabel/9"}]
    reply = _patch(reader.client, _document(reader), patch)
    assert reply.issues[0]["diagnostics"].startswith("operation 1 of the patch cannot be applied")


def test_a_label_that_is_there_is_not_added_again(reader: Any) -> None:
    # Given a masked document,
    found = _document(reader)
    assert _patch(reader.client, found, ADD_MASK).status == 200
    masked = reader.client.get(f"DocumentReference/{found['id']}").resource
    # when it is masked again, by a label without the display that the house gives it,
    label = {"coding": [{name: masked["securityLabel"][1]["coding"][0][name] for name in ("system", "code")}]}
    reply = _patch(reader.client, found, [{"op": "add", "path": "/securityLabel/-", "value": label}])
    # then it is what it was, and what refuses is told in the words of FHIR.
    assert (reply.status, reply.codes) == (422, ["XDSMetadataUpdateError"])
    assert reply.issues[0]["expression"][0].startswith("DocumentReference")
    assert "urn:uuid" not in reply.issues[0]["diagnostics"]


def test_what_changed_since_is_found_by_its_last_change(reader: Any) -> None:
    first, second = _document(reader), _document(reader)
    newest = max(one["meta"]["lastUpdated"] for one in (first, second))
    archive = [{"op": "add", "path": "/extension", "value": [{"url": ARCHIVED, "valueBoolean": True}]}]
    assert _patch(reader.client, first, archive).status == 200
    changed = [
        entry["resource"]["id"]
        for entry in reader.find(("_lastUpdated", f"gt{newest}"), ("isArchived", "true")).resource.get("entry", [])
    ]
    assert changed == [first["id"]]
