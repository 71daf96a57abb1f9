"""What belongs to a lot and to its folders, and what it supersedes (ITI TF-3 §4.2.1; IHE MHD 4.2.4 §2:3.65)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from xds.metadata.association import REPLACEMENTS, Association, AssociationType
from xds.metadata.folder import Folder
from xds.mhd.notes import Notes
from xds.mhd.patches import read_superseding, unmatched
from xds.mhd.relations import target_of
from xds.mhd.transaction import BundleEntry, EntryKind, Transaction


@dataclass(slots=True)
class Reading:
    """What is gathered while the entries are read: ids by fullUrl, places by id, associations."""

    notes: Notes
    ids: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    associations: list[Association] = field(default_factory=list)

    def add(self, association: Association, path: str) -> None:
        """Keep an association, and where it stands."""
        self.associations.append(association)
        self.places[association.entry_uuid] = path


def _items(entry: BundleEntry, reading: Reading) -> Iterable[tuple[str, str, bool]]:
    """The items of a List: their id, their FHIRPath, and whether they are of the message."""
    for one in entry.resource.children("entry"):
        item = one.child("item")
        literal = item.text("reference") if item is not None else ""
        if item is not None:
            item.ignore("type", "display")
            item.finish()
        one.finish()
        own = reading.ids.get(literal)
        yield own or target_of(literal), one.path, own is not None


def add_members(entry: BundleEntry, set_id: str, reading: Reading, new_uuid: Callable[[], str]) -> None:
    """The items of the List of the lot are its members."""
    for target, path, own in _items(entry, reading):
        reading.add(
            Association(
                entry_uuid=new_uuid(),
                association_type=AssociationType.HAS_MEMBER,
                source=set_id,
                target=target,
                submission_set_status="Original" if own else "Reference",
            ),
            path,
        )


def add_filed(entry: BundleEntry, folder: Folder, set_id: str, reading: Reading, new_uuid: Callable[[], str]) -> None:
    """Each document of a folder is a member of it, and that association a member of the lot (ITI TF-3 §4.2.1.3)."""
    for target, path, _ in _items(entry, reading):
        member = Association(
            entry_uuid=new_uuid(),
            association_type=AssociationType.HAS_MEMBER,
            source=folder.entry_uuid,
            target=target,
        )
        reading.add(member, path)
        reading.add(
            Association(
                entry_uuid=new_uuid(),
                association_type=AssociationType.HAS_MEMBER,
                source=set_id,
                target=member.entry_uuid,
            ),
            path,
        )


def check_patches(transaction: Transaction, reading: Reading) -> dict[str, str]:
    """Replaced documents and PATCH entries go two by two; what each PATCH entry names, by its path."""
    patched = {
        one.resource.path: target_of(read_superseding(one, reading.notes)) for one in transaction.of(EntryKind.PATCH)
    }
    own = frozenset(reading.ids.values())
    replaced = {
        one.target: reading.places[one.entry_uuid]
        for one in reading.associations
        if one.association_type in REPLACEMENTS and one.target not in own
    }
    unpatched, unreplaced = unmatched(replaced, patched.values())
    for target in unpatched:
        expected = "an entry PATCH DocumentReference that makes the replaced document superseded"
        reading.notes.deviation("FHIR-PATCH", replaced[target], "a replacement alone", expected)
    for path, target in patched.items():
        if target in unreplaced:
            expected = "a document that the lot replaces (relatesTo)"
            reading.notes.fault("FHIR-FORBIDDEN", path, "PATCH of another document", expected)
    return patched
