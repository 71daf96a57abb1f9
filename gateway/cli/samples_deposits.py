"""`ecluse samples deposits`: what a vendor's software sends to the doors, in FHIR, HL7 v2 and XDM, ready to send.

Lots are signed with the test keys of a data directory; ids are new at each run, so that nothing is a duplicate.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import click

from conformance.catalogue import (
    FHIR_DOCUMENT,
    FHIR_DOCUMENT_REFERENCE,
    FHIR_PROVIDE_BUNDLE,
    HL7V2_MDM,
    HL7V2_ORU,
    XDM,
)
from gateway.cli.samples_files import DIRECTORY, refuse_what_is_full, write_all
from gateway.cli.speech import counted, say, text
from gateway.wire.fhir.resource_xml import write_xml
from samples.client.fhir import JSON, XML
from samples.documents.discharge_letter import discharge_letter
from samples.documents.patients import CLAIRE
from samples.documents.vsm import vsm
from samples.fhir.bundle import naming_by_unique_id, simplified, write_lot
from samples.fhir.document import french_summary
from samples.hl7v2.messages import mdm, oru
from samples.hl7v2.plain import results
from samples.jades import with_json_signature
from samples.media import medium
from samples.pki import factory
from samples.pki.credential import Credential
from samples.pki.factory import PkiError
from samples.submission import Submission, build_submission

COLUMNS: Final = ("file", "profile", "send", "content_type", "prefer", "answer", "is")
_FHIR, _XDM, _MLLP = "POST /ingest/fhir", "POST /ingest/xdm", "MLLP"
_LENIENT: Final = "handling=lenient"
_CONTROL_ID: Final = 20
"""How long MSH-10 may be (HL7 v2.5 §2.15.9.10)."""

Row = tuple[Mapping[str, object], bytes]


@click.command()
@DIRECTORY
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("data"),
    show_default=True,
    help="Data directory whose test keys sign.",
)
@click.option("--as", "name", default="chu-seine", show_default=True, help="Test establishment that signs the lots.")
def deposits(directory: Path, data: Path, name: str) -> None:
    """Write deposits into DIRECTORY, absent or empty: FHIR, HL7 v2, XDM, and manifest.csv, which says how each is sent.

    They are of the sample patient Claire; those of FHIR and the medium are signed for one establishment, the messages
    of HL7 v2 are of the sample laboratory.
    """
    refuse_what_is_full(directory)
    rows = list(_rows(_Maker(_seal(data, name))))
    write_all(directory, COLUMNS, rows)
    written = counted(len(rows), en=("deposit", "deposits"), fr=("dépôt", "dépôts"))
    say(
        en=f"{written} in {directory}; manifest.csv says how each is sent. The patient: {CLAIRE.cx}",
        fr=f"{written} dans {directory} ; manifest.csv dit comment chacun s'envoie. Le patient : {CLAIRE.cx}",
    )


@dataclass(frozen=True, slots=True)
class _Maker:
    seal: Credential

    def lot(self, document: bytes, **changes: Any) -> Submission:
        return build_submission([document], signer=self.seal, now=datetime.now(UTC), **changes)


def _seal(data: Path, name: str) -> Credential:
    """Raises ClickException: no test PKI, or no such establishment in it."""
    try:
        pki = factory.load(data / "pki")
    except (OSError, PkiError):
        raise click.ClickException(
            text(
                en=f"no test PKI in {data}. Make one: ecluse pki init --data {data}",
                fr=f"pas de PKI de test dans {data}. Pour la créer : ecluse pki init --data {data}",
            )
        ) from None
    try:
        return pki.certificate(f"{name}.sign")
    except KeyError:
        known = ", ".join(one.removesuffix(".sign") for one in pki.names() if one.endswith(".sign"))
        raise click.ClickException(
            text(
                en=f"Nobody named {name} has a sealing key: there are {known}.",
                fr=f"Personne du nom de {name} n'a de clé de scellement : il y a {known}.",
            )
        ) from None


def _rows(maker: _Maker) -> Iterator[Row]:
    first = maker.lot(vsm())
    (replaced,) = first.unique_ids
    second = maker.lot(vsm(replaces=replaced), replaces={0: f"urn:uuid:{uuid4()}"})
    in_json = with_json_signature(maker.lot(discharge_letter()), signer=maker.seal, now=datetime.now(UTC))
    alone = maker.lot(discharge_letter())
    yield _fhir("iti-65.json", write_lot(first).resource, "a lot of one document, signed in XML (IHE DSG)")
    replacement = naming_by_unique_id(write_lot(second), replaced)
    yield _fhir(
        "iti-65-replacement.json", replacement.resource, "replaces the document of iti-65.json: send that first"
    )
    yield _fhir("iti-65.xml", write_lot(maker.lot(vsm())).resource, "another lot, in XML, signed in XML (IHE DSG)")
    yield _fhir("iti-65-jades.json", write_lot(in_json).resource, "another lot, signed in JSON (IHE DSGj)")
    entry = alone.entries[0]
    published = simplified(entry, alone.contents[entry.entry_uuid])
    yield _fhir("iti-105.json", published, "one document in its resource: unsigned, for a lenient door only")
    summary = french_summary(first)
    yield _fhir("document.json", summary, "a document in FHIR, to validate: the DMP takes CDA only")
    yield _fhir("document.xml", summary, "the same document in XML")
    for name, profile, message, told in (
        ("oru.hl7", HL7V2_ORU, oru(control_id=_control_id()), "a laboratory report (CDA)"),
        ("mdm.hl7", HL7V2_MDM, mdm(control_id=_control_id()), "another laboratory report (CDA)"),
        ("results.hl7", HL7V2_ORU, results(control_id=_control_id()), "results without a document"),
    ):
        yield _row(f"hl7v2/{name}", profile, _MLLP, "", "", "AA", told), message.bytes
    told = "a medium of one lot, signed in XML (IHE DSG)"
    yield _row("xdm/IHE_XDM.ZIP", XDM, _XDM, "application/zip", "", "200", told), medium(maker.lot(discharge_letter()))


def _fhir(name: str, resource: Mapping[str, Any], told: str) -> Row:
    """A resource in a file, spelled as its name ends."""
    as_xml = name.endswith(".xml")
    content = write_xml(resource) if as_xml else json.dumps(resource, ensure_ascii=False, indent=2).encode("utf-8")
    profile, send, prefer, answer = {
        "transaction": (FHIR_PROVIDE_BUNDLE, _FHIR, "", "200"),
        "document": (FHIR_DOCUMENT, "", "", ""),
    }.get(resource.get("type", "") if resource["resourceType"] == "Bundle" else "", _PUBLISHED)
    return _row(f"fhir/{name}", profile, send, (XML if as_xml else JSON), prefer, answer, told), content


_PUBLISHED: Final = (FHIR_DOCUMENT_REFERENCE, f"{_FHIR}/DocumentReference", _LENIENT, "201")


def _row(*values: str) -> Mapping[str, object]:
    return dict(zip(COLUMNS, values, strict=True))


def _control_id() -> str:
    return uuid4().hex[:_CONTROL_ID]
