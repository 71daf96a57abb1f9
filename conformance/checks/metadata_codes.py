"""Are codes and values those of the affinity domain? Rules O6, O7 (ITI TF-3 §4.2.3.1.2)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.metadata_rule import (
    IHE,
    Fault,
    MetadataRule,
    Subject,
    association_path,
    entry_path,
    folder_path,
    set_path,
)
from xds.metadata.association import AssociationType
from xds.metadata.codes import Code
from xds.metadata.datatypes import parse_language
from xds.metadata.document_entry import DocumentEntry


def codes_of(entry: DocumentEntry) -> Iterator[tuple[str, Code]]:
    """Every code of an entry, with the name of its attribute."""
    single = (
        ("classCode", entry.class_code),
        ("formatCode", entry.format_code),
        ("healthcareFacilityTypeCode", entry.healthcare_facility_type_code),
        ("practiceSettingCode", entry.practice_setting_code),
        ("typeCode", entry.type_code),
    )
    yield from ((name, code) for name, code in single if code is not None)
    yield from (("confidentialityCode", code) for code in entry.confidentiality_codes)
    yield from (("eventCodeList", code) for code in entry.event_codes)


def shown(code: Code) -> str:
    """A code with its scheme, as texts show it."""
    return f"{code.code}^^{code.scheme}"


def domain_name(subject: Subject) -> str:
    """How texts name the domain."""
    return "the DMP" if subject.domain.name == "dmp" else "the affinity domain"


def _unlisted(subject: Subject, name: str, code: Code | None, path: str) -> Iterator[Fault]:
    # A code without its parts was reported by the reader.
    if code and code.code and code.scheme and not subject.domain.allows(name, code.code, code.scheme):
        yield Fault(path, shown(code), f"a code that {domain_name(subject)} allows in {name}")


def _codes(subject: Subject) -> Iterator[Fault]:
    for entry in subject.clinical_entries:
        for name, code in codes_of(entry):
            yield from _unlisted(subject, name, code, entry_path(entry, name))
    for submission_set in subject.submission_sets:
        path = set_path(submission_set, "contentTypeCode")
        yield from _unlisted(subject, "contentTypeCode", submission_set.content_type_code, path)
    for folder in subject.request.folders:
        for code in folder.codes:
            yield from _unlisted(subject, "codeList", code, folder_path(folder, "codeList"))


def _documentation(subject: Subject) -> Iterator[Fault]:
    for one in subject.request.associations:
        if one.association_type is AssociationType.HAS_MEMBER:
            continue
        path = association_path(one, "Classification[documentation]")
        yield from _unlisted(subject, "associationDocumentation", one.documentation, path)


def _mime_types(subject: Subject) -> Iterator[Fault]:
    allowed = subject.domain.mime_types
    for entry in subject.clinical_entries if allowed else ():
        if entry.mime_type and entry.mime_type not in allowed:
            yield Fault(entry_path(entry, "@mimeType"), entry.mime_type, " or ".join(sorted(allowed)))


def _is_language(text: str) -> bool:
    try:
        parse_language(text)
    except ValueError:
        return False
    return True


def _languages(subject: Subject) -> Iterator[Fault]:
    # Case does not count in a language tag (RFC 5646 §2.1.1).
    allowed = {language.casefold() for language in subject.domain.languages}
    for entry in subject.request.entries if allowed else ():
        if _is_language(entry.language_code) and entry.language_code.casefold() not in allowed:
            expected = "a language that the affinity domain allows"
            yield Fault(entry_path(entry, "languageCode"), entry.language_code, expected)


RULES: tuple[MetadataRule[Subject], ...] = (
    MetadataRule(id="O6", source="ITI TF-3 §4.2.3.1.2; CI-SIS Annexe XDS", find=_codes),
    MetadataRule(id="O6", source="ITI TF-3 §4.2.3.2.13", find=_languages, domains=IHE),
    MetadataRule(id="O7", source="ITI TF-3 §4.2.3.2.15; DMP TD2.1", find=_mime_types),
    MetadataRule(id="A14", source="ITI TF-3 §4.2.2.2", find=_documentation),
)
