"""A certificate of the test PKI on the disk, with its key and what its holder is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from samples.pki.catalogue import Catalogue, Entry
from samples.pki.issuing import PrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """Files and facts of one certificate.

    `certificate_path` is the leaf and `chain_path` the leaf and its authorities but the root, both PEM; `key_path` is
    PKCS#8 PEM without password; `p12_path` is PKCS#12 with the password of the catalogue. `kind` is the profile
    (`org-auth`, `cps-sign` …). `bad` is the error kind its door answers, None for a good certificate; `handshake` is
    whether TLS alone lets it in. `national_id` is the PS_IdNat or the Struct_IdNat; structure, sector (TRE_R02),
    profession (TRE_G15), specialty (TRE_R38) are those a VIHF would name.
    """

    name: str
    kind: str
    door: str
    description: str
    bad: str | None
    handshake: bool
    twin_of: str | None
    certificate_path: Path
    key_path: Path
    chain_path: Path
    p12_path: Path
    password: str
    national_id: str
    structure_id: str | None
    structure_name: str | None
    sector: str | None
    family: str | None
    given: str | None
    profession: str | None
    specialty: str | None
    section: str | None

    def certificate_der(self) -> bytes:
        """The leaf, DER."""
        return self.load_certificate().public_bytes(serialization.Encoding.DER)

    def load_certificate(self) -> x509.Certificate:
        """The leaf."""
        return x509.load_pem_x509_certificate(self.certificate_path.read_bytes())

    def load_chain(self) -> tuple[x509.Certificate, ...]:
        """The leaf and its authorities, root left out."""
        return tuple(x509.load_pem_x509_certificates(self.chain_path.read_bytes()))

    def load_key(self) -> PrivateKey:
        """The private key."""
        key = serialization.load_pem_private_key(self.key_path.read_bytes(), None, unsafe_skip_rsa_key_validation=True)
        assert isinstance(key, PrivateKey)  # noqa: S101 -- the factory makes no other
        return key


def credential(entry: Entry, catalogue: Catalogue, directory: Path) -> Credential:
    """The credential of an entry whose files are in `directory`."""
    structure = catalogue.structure_of(entry)
    professional = catalogue.professionals.get(entry.holder)
    staff = catalogue.staff.get(entry.holder)
    person = professional or staff
    return Credential(
        name=entry.name,
        kind=entry.profile_name,
        door=entry.door,
        description=entry.description,
        bad=entry.refused,
        handshake=entry.handshake,
        twin_of=entry.twin_of,
        certificate_path=directory / "certificate.pem",
        key_path=directory / "key.pem",
        chain_path=directory / "chain.pem",
        p12_path=directory / f"{entry.name}.p12",
        password=catalogue.password,
        national_id=person.id if person else structure.id if structure else "",
        structure_id=structure.id if structure else None,
        structure_name=structure.display if structure else None,
        sector=structure.sector if structure else None,
        family=person.family if person else None,
        given=person.given if person else None,
        profession=str(professional.profession) if professional else None,
        specialty=professional.specialties[0] if professional and professional.specialties else None,
        section=professional.sections[0] if professional and professional.sections else None,
    )
