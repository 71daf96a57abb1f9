"""The tree of a test PKI on the disk: where each file is, and how it is written."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from samples.pki.issuing import Issuer, PrivateKey

PEM = serialization.Encoding.PEM


def authorities(directory: Path) -> Path:
    """Certificates and keys of the authorities."""
    return directory / "authorities"


def certificates(directory: Path) -> Path:
    """One folder for each certificate."""
    return directory / "certificates"


def read_issuer(directory: Path, name: str) -> Issuer:
    """An authority with its private key."""
    certificate = x509.load_pem_x509_certificate((authorities(directory) / f"{name}.pem").read_bytes())
    pem = (authorities(directory) / f"{name}.key.pem").read_bytes()
    # Checking that an RSA key is sound takes 50 ms, and this module made it.
    key = serialization.load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, PrivateKey)  # noqa: S101 -- written by this module
    return Issuer(certificate, key)


def leaf(directory: Path, name: str) -> x509.Certificate:
    """The certificate of that name."""
    return x509.load_pem_x509_certificate((certificates(directory) / name / "certificate.pem").read_bytes())


def private_pem(key: PrivateKey) -> bytes:
    """PKCS#8 PEM, without password."""
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def write(file: Path, content: bytes) -> None:
    """Replace a file at once; readable by its owner only, whatever the umask."""
    make_private(file.parent)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # mode 0600
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
    Path(name).replace(file)


def make_private(directory: Path) -> None:
    """Make a directory and those above it that are missing; mkdir gives its mode to the last one only."""
    if not directory.exists():
        make_private(directory.parent)
        directory.mkdir(mode=0o700, exist_ok=True)
