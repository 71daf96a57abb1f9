"""The cryptographic check of a signature of known shape and accepted certificate (W3C XMLDSig 1.1 §3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from security.errors import ErrorKind, NotAuthenticated
from security.signature.algorithms import digest_algorithms, signature_algorithms
from security.signature.canonical import canonicalise


class _Verifier(XMLVerifier):
    """signxml with our canonicalisation: its own inherits the defect described in `canonical`."""

    def _c14n(
        self, nodes: Any, algorithm: CanonicalizationMethod, inclusive_ns_prefixes: Sequence[str] | None = None
    ) -> bytes:
        every = nodes if isinstance(nodes, list) else [nodes]
        return b"".join(canonicalise(node, algorithm.value, inclusive_ns_prefixes) for node in every)

    def _check_cert_validity(self, certificate: x509.Certificate, _source: str) -> None:
        """Dates are part of the verdict of the trust store, which comes first."""


def verify_signature(
    document: bytes, leaf: x509.Certificate, *, references: int, allow_sha1: bool = False
) -> tuple[etree._Element, ...]:
    """Check the signature of `document` with the key of `leaf`, a certificate already accepted.

    Returns the verified elements, in order of reference. `document` is the serialised element that is, or directly
    holds, the signature. What is returned is parsed from the octets that were digested: whatever follows must read
    this and nothing else.
    Raises NotAuthenticated: SIG_INVALID, or SIG_STRUCTURE when the library cannot follow.
    """
    configuration = SignatureConfiguration(
        require_x509=True,
        location="./",
        expect_references=references,
        signature_methods=_METHODS[allow_sha1],
        digest_algorithms=_DIGESTS[allow_sha1],
        default_reference_c14n_method=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    try:
        answer = _Verifier().verify(document, x509_cert=leaf, validate_schema=False, expect_config=configuration)
    except InvalidSignature:
        raise NotAuthenticated(ErrorKind.SIG_INVALID, "the signature or a digest is not right") from None
    except Exception as error:  # noqa: BLE001 - the library answers hostile input with any exception
        raise NotAuthenticated(
            ErrorKind.SIG_STRUCTURE, f"the signature cannot be evaluated ({type(error).__name__})"
        ) from None
    results: list[VerifyResult] = answer if isinstance(answer, list) else [answer]
    verified = tuple(result.signed_xml for result in results if result.signed_xml is not None)
    if len(verified) != references:
        raise NotAuthenticated(ErrorKind.SIG_STRUCTURE, "a reference does not designate an element")
    return verified


_METHODS = {
    allowed: frozenset(SignatureMethod(uri) for uri in signature_algorithms(allow_sha1=allowed))
    for allowed in (False, True)
}
_DIGESTS = {
    allowed: frozenset(DigestAlgorithm(uri) for uri in digest_algorithms(allow_sha1=allowed))
    for allowed in (False, True)
}
