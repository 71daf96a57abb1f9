"""Making certificates and revocation lists. What is made is decided by the caller: good or bad, both are made here."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from security.pki import der, extensions

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
_KEY_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip
_EXTENDED = {
    "client_auth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "server_auth": ExtendedKeyUsageOID.SERVER_AUTH,
    "email_protection": ExtendedKeyUsageOID.EMAIL_PROTECTION,
    "smartcard_logon": ExtendedKeyUsageOID.SMARTCARD_LOGON,
    "any": ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
}


@dataclass(frozen=True, slots=True)
class Issuer:
    """An authority that can sign."""

    certificate: x509.Certificate
    key: PrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Values of the private extensions; None or empty: left out."""

    category: int | None = None
    type: int | None = None
    card: str | None = None
    profession: int | None = None
    specialties: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """Addresses written in certificates. They lead nowhere: the `.invalid` domain never resolves (RFC 2606 §2)."""

    host: str
    code: str
    policy: str

    def extensions(self) -> list[x509.ExtensionType]:
        """CRL distribution point, delta list, authority information and policy."""
        crl = f"http://{self.host}/CRL/{self.code}.crl"
        delta = f"ldap://{self.host}/cn={self.code},o=ECLUSE,c=FR?deltaRevocationList;binary?base?objectClass=pkiCA"
        access = AuthorityInformationAccessOID
        return [
            x509.CRLDistributionPoints([_point(crl)]),
            x509.FreshestCRL([_point(delta)]),
            x509.AuthorityInformationAccess([
                x509.AccessDescription(access.OCSP, x509.UniformResourceIdentifier(f"http://ocsp.{self.host}")),
                x509.AccessDescription(
                    access.CA_ISSUERS, x509.UniformResourceIdentifier(f"http://{self.host}/AC/{self.code}.cer")
                ),
            ]),
            x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(self.policy), None)]),
        ]  # fmt: skip


def _point(address: str) -> x509.DistributionPoint:
    return x509.DistributionPoint([x509.UniformResourceIdentifier(address)], None, None, None)


def issue_authority(
    name: x509.Name, key: PrivateKey, parent: Issuer | None, validity: tuple[datetime, datetime]
) -> x509.Certificate:
    """A root (no parent) or an intermediate authority: keyCertSign and cRLSign, both constraints critical."""
    builder = _builder(name, key, parent, validity)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(key_usage(["key_cert_sign", "crl_sign"]), critical=True)
    policy = x509.PolicyInformation(x509.ObjectIdentifier("2.5.29.32.0"), None)
    builder = builder.add_extension(x509.CertificatePolicies([policy]), critical=False)
    return builder.sign((parent.key if parent else key), hashes.SHA256())


def issue(
    name: x509.Name,
    key: PrivateKey,
    parent: Issuer | None,
    validity: tuple[datetime, datetime],
    *,
    usages: Sequence[str],
    extended: Sequence[str],
    product: Product | None = None,
    publication: Publication | None = None,
    key_until: datetime | None = None,
    authority: bool = False,
    names: Sequence[str] = (),
    others: Iterable[tuple[x509.ExtensionType, bool]] = (),
) -> x509.Certificate:
    """A leaf; without parent, self-signed. `names` are DNS names and addresses of a server.

    `extended` empty: no extendedKeyUsage. `key_until` adds privateKeyUsagePeriod. `authority` makes a leaf that
    claims to be one. `others` are (extension, critical) added as they are.
    """
    builder = _builder(name, key, parent, validity)
    # Non-critical when it says CA=false, as in national certificates.
    builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=authority)
    builder = builder.add_extension(key_usage(usages), critical=True)
    if extended:
        builder = builder.add_extension(x509.ExtendedKeyUsage([_EXTENDED[use] for use in extended]), critical=False)
    if key_until is not None:
        builder = builder.add_extension(x509.PrivateKeyUsagePeriod(validity[0], key_until), critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_general_name(n) for n in names]), critical=False)
    for extension in publication.extensions() if publication else []:
        builder = builder.add_extension(extension, critical=False)
    for oid, value in product_extensions(product or Product()).items():
        private = x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value)
        builder = builder.add_extension(private, critical=False)
    for extension, critical in others:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign((parent.key if parent else key), hashes.SHA256())


def issue_list(
    authority: Issuer, number: int, revoked: Mapping[int, datetime], validity: tuple[datetime, datetime]
) -> x509.CertificateRevocationList:
    """A full revocation list. `revoked` maps serial numbers to the dates of their revocation."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(validity[0])
        .next_update(validity[1])
        .add_extension(_authority_key(authority.certificate), critical=False)
        .add_extension(x509.CRLNumber(number), critical=False)
    )
    for serial, since in sorted(revoked.items()):
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(authority.key, hashes.SHA256())


def key_usage(usages: Iterable[str]) -> x509.KeyUsage:
    """The keyUsage that has these usages and no other."""
    wanted = set(usages)
    return x509.KeyUsage(**{usage: usage in wanted for usage in _KEY_USAGES})


def product_extensions(product: Product) -> dict[str, bytes]:
    """DER of each private extension that the product has, by OID."""
    encoded: dict[str, bytes] = {}
    if product.category is not None:
        encoded[extensions.PRODUCT_CATEGORY] = _tlv(der.OCTET_STRING, bytes([product.category]))
    if product.type is not None:
        encoded[extensions.PRODUCT_TYPE] = _tlv(der.INTEGER, bytes([product.type]))
    if product.card is not None:
        encoded[extensions.CARD_IDENTIFIER] = _tlv(der.IA5_STRING, product.card.encode("ascii"))
    if product.profession is not None:
        encoded[extensions.PROFESSION] = _tlv(der.INTEGER, bytes([product.profession]))
    for oid, codes in (
        (extensions.SPECIALTIES, product.specialties),
        (extensions.PHARMACIST_SECTIONS, product.sections),
    ):
        if codes:
            encoded[oid] = _tlv(der.SEQUENCE, b"".join(_tlv(der.UTF8_STRING, code.encode()) for code in codes))
    return encoded


def _tlv(tag: int, content: bytes) -> bytes:
    if len(content) > 0x7F:
        raise ValueError("content longer than 127 bytes")
    return bytes([tag, len(content)]) + content


def _builder(
    name: x509.Name, key: PrivateKey, parent: Issuer | None, validity: tuple[datetime, datetime]
) -> x509.CertificateBuilder:
    public = key.public_key()
    own_key = x509.SubjectKeyIdentifier.from_public_key(public)
    own = x509.AuthorityKeyIdentifier(own_key.key_identifier, None, None)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(parent.certificate.subject if parent else name)
        .public_key(public)
        .serial_number(x509.random_serial_number() >> 32)  # 127 bits, as national certificates
        .not_valid_before(validity[0])
        .not_valid_after(validity[1] - timedelta(seconds=1))
        .add_extension(own_key, critical=False)
        .add_extension(_authority_key(parent.certificate) if parent else own, critical=False)
    )


def _authority_key(certificate: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    held = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(held)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
