"""Which algorithms a signature may use (W3C XMLDSig 1.1 §6). What is not listed is refused."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes

DS = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = DS + "enveloped-signature"

_ENC = "http://www.w3.org/2001/04/xmlenc#"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_MORE_2007 = "http://www.w3.org/2007/05/xmldsig-more#"

DIGESTS: dict[str, type[hashes.HashAlgorithm]] = {
    _ENC + "sha256": hashes.SHA256,
    _MORE + "sha384": hashes.SHA384,
    _ENC + "sha512": hashes.SHA512,
}
SIGNATURES = frozenset(
    {
        _MORE + "rsa-sha256",
        _MORE + "rsa-sha384",
        _MORE + "rsa-sha512",
        _MORE_2007 + "sha256-rsa-MGF1",
        _MORE + "ecdsa-sha256",
    }
)

SHA1_DIGEST = DS + "sha1"
SHA1_SIGNATURE = DS + "rsa-sha1"


def digest_algorithms(*, allow_sha1: bool) -> frozenset[str]:
    """Accepted digest algorithms; SHA-1 only for partners that have not moved."""
    return frozenset(DIGESTS) | ({SHA1_DIGEST} if allow_sha1 else frozenset())


def signature_algorithms(*, allow_sha1: bool) -> frozenset[str]:
    """Accepted signature algorithms. HMAC, DSA and `urn:ihe:iti:dsg:nosig` are in neither list."""
    return SIGNATURES | ({SHA1_SIGNATURE} if allow_sha1 else frozenset())


def digest(algorithm: str, content: bytes) -> bytes:
    """Digest `content` with an accepted algorithm (the caller has checked that it is)."""
    hasher = hashes.Hash(hashes.SHA1() if algorithm == SHA1_DIGEST else DIGESTS[algorithm]())  # noqa: S303
    hasher.update(content)
    return hasher.finalize()
