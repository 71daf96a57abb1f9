"""Is the metadata of a submission right? Every rule that the message alone can decide (ITI TF-2 §3.42.4.1.3).

The reader of the message has its own: M1 to M4, M7, M9, O1, O2, O4, O5, A1 and the pairing of documents and entries are
in `ProvideAndRegisterRequest.errors`.
"""

from __future__ import annotations

from conformance.checks import (
    metadata_associations,
    metadata_codes,
    metadata_formats,
    metadata_message,
)
from conformance.checks.metadata_rule import Subject
from profiles.codes import Domain
from xds.errors import RegistryError
from xds.messages import ProvideAndRegisterRequest

RULES = (*metadata_message.RULES, *metadata_formats.RULES, *metadata_codes.RULES, *metadata_associations.RULES)


def check_metadata(request: ProvideAndRegisterRequest, domain: Domain) -> tuple[RegistryError, ...]:
    """Everything that breaks a rule, in the order of RULES; warnings too. Empty when all is well.

    `request.errors`, the faults of reading, are not repeated here: whoever refuses adds them.
    """
    subject = Subject(request, domain)
    return tuple(error for rule in RULES for error in rule.check(subject))
