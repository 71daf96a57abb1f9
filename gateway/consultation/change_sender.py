"""Is a change said by who sends it? Its submission set names the record, the structure and the person of the VIHF."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conformance.checks.metadata_rule import set_path
from gateway.gate import Caller
from security.vihf import agreement
from xds.errors import RegistryError, XdsErrorCode
from xds.metadata.datatypes import Xcn, Xon
from xds.metadata.submission_set import SubmissionSet


def patient_errors(submission_set: SubmissionSet, caller: Caller) -> Iterator[RegistryError]:
    """V-42: the record of the VIHF is that of the message."""
    text = agreement.check_patient(caller.vihf, submission_set.patient_id)
    if text:
        yield _error(XdsErrorCode.PATIENT_ID_DOES_NOT_MATCH, "V-42", set_path(submission_set, "patientId"), text)


def author_errors(submission_set: SubmissionSet, caller: Caller) -> Iterator[RegistryError]:
    """V-40, V-41: the author of the lot is the professional of the VIHF, for the structure of the VIHF (DMP TD3.3)."""
    place, code = set_path(submission_set, "author"), XdsErrorCode.REGISTRY_METADATA
    institutions = [value for author in submission_set.authors for value in author.institutions]
    structures = [_identifier(Xon.parse, value) for value in institutions]
    text = agreement.check_author_institution(caller.vihf, structures)
    if text:
        text += f": found {_listed(structures)}, expected {caller.vihf.structure_id}"
        yield _error(code, "V-40", f"{place}/authorInstitution", text)
    persons = [_identifier(Xcn.parse, author.person) for author in submission_set.authors if author.person]
    text = agreement.check_author_person(caller.vihf, persons)
    if text:
        text += f": found {_listed(persons)}, expected {caller.vihf.name_id}"
        yield _error(code, "V-41", f"{place}/authorPerson", text)


def _error(code: XdsErrorCode, rule: str, place: str, text: str) -> RegistryError:
    return RegistryError(code, f"{place}: {text}", place, rule=rule)


def _identifier(parse: Callable[[str], Xon | Xcn], value: str) -> str:
    """The identifier of a person or an institution; empty when it cannot be read, which was reported."""
    try:
        return parse(value).identifier or ""
    except ValueError:
        return ""


def _listed(identifiers: list[str]) -> str:
    return ", ".join(filter(None, identifiers)) or "none"
