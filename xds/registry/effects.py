"""What a submission does to what is registered, besides becoming registered itself. Pure.

Deprecations need the whole tree of addenda and transformations: the database finds them at registration.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xds.metadata.association import REPLACEMENTS, Association, AssociationType
from xds.metadata.symbolic import Resolved, fresh_uuid
from xds.registry.facts import ObjectKind, Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What to register along with a submission.

    `associations` join its own; `touched_folders` are registered folders, whose lastUpdateTime becomes that of the
    registration.
    """

    associations: tuple[Association, ...] = ()
    touched_folders: tuple[str, ...] = ()


def effects_of(resolved: Resolved, receipt: Receipt, new_uuid: Callable[[], str] = fresh_uuid) -> Effects:
    """Effects of a submission whose ids are final and that no rule refuses (ITI TF-2 §3.42.4.1.3.5, §3.42.4.1.3.6).

    A document takes its place in the Approved folders of the one it replaces: for each folder a membership, and the
    submission set's membership of it. The old membership stays. A folder that gains a member is touched.
    """
    registered = receipt.objects
    members = {
        (link.source, link.target)
        for link in resolved.associations
        if link.association_type is AssociationType.HAS_MEMBER
        and link.source in registered
        and registered[link.source].kind is ObjectKind.FOLDER
    }
    touched = dict.fromkeys(folder for folder, _ in sorted(members))
    added: list[Association] = []
    for link in resolved.associations:
        if link.association_type not in REPLACEMENTS or link.target not in registered:
            continue
        for folder in registered[link.target].folders:
            touched[folder] = None
            if (folder, link.source) in members:
                continue
            members.add((folder, link.source))
            membership = _has_member(new_uuid(), folder, link.source)
            added += (membership, _has_member(new_uuid(), resolved.submission_set.entry_uuid, membership.entry_uuid))
    return Effects(associations=tuple(added), touched_folders=tuple(touched))


def _has_member(entry_uuid: str, source: str, target: str) -> Association:
    return Association(entry_uuid=entry_uuid, association_type=AssociationType.HAS_MEMBER, source=source, target=target)
