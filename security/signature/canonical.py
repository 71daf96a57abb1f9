"""Canonical XML (W3C xml-c14n, xml-exc-c14n), right on sub-elements too.

lxml canonicalises a sub-element wrongly under inclusive canonicalisation when an ancestor declares the default
namespace: grandchildren receive an `xmlns=""` that is not theirs. Serialised and parsed again, the sub-element is a
document of its own and the octets are those of the standard.
"""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from security.signature.algorithms import EXCLUSIVE
from security.xml import DOCUMENT, parse

WITH_COMMENTS = "WithComments"


def canonicalise(element: etree._Element, algorithm: str, inclusive_prefixes: Sequence[str] | None = None) -> bytes:
    """Return the canonical octets of `element` and what is below it.

    `algorithm` is the URI, `inclusive_prefixes` the PrefixList of exclusive canonicalisation. `#default` in it has no
    effect, lxml knows no such prefix: the signer who lists it where a default namespace is in scope is refused.
    Source: W3C xml-c14n11 §2.3, xml-exc-c14n §3
    """
    alone = element if element.getparent() is None else parse(etree.tostring(element, with_tail=False), DOCUMENT)
    return etree.tostring(
        alone,
        method="c14n",
        exclusive=algorithm.startswith(EXCLUSIVE),
        with_comments=algorithm.endswith(WITH_COMMENTS),
        inclusive_ns_prefixes=list(inclusive_prefixes) if inclusive_prefixes else None,
    )
