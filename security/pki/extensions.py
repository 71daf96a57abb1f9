"""Private extensions of the certificates of IGC-Santé and of the CPS family.

The OID of an extension is that of the nomenclature whose code it carries: TRE_G01 for the product category, TRE_G02
for the type of card, TRE_G15 for the profession, TRE_R38 for specialties, TRE_G05 for the sections of pharmacists.
None is critical.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509

from security.pki import der

PRODUCT_CATEGORY = "1.2.250.1.71.1.2.5"
PRODUCT_TYPE = "1.2.250.1.71.1.2.2"
CARD_IDENTIFIER = "1.2.250.1.71.1.2.3"
PROFESSION = "1.2.250.1.71.1.2.7"
PROFESSION_IN_TRAINING = "1.2.250.1.71.1.2.8"
SPECIALTIES = "1.2.250.1.71.4.2.5"
PHARMACIST_SECTIONS = "1.2.250.1.71.4.2.6"

TEST = 0x80
"""Added to a product category: the product belongs to the test domain."""
CARD, SOFTWARE = 0x00, 0x03


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductExtensions:
    """What the private extensions say; None or empty: the extension is absent.

    `category` is TRE_G01 with its test bit; `product_type` is TRE_G02 (0 CPS, 1 CPF, 2 CDE/CPE, 3 CDA/CPA).
    """

    category: int | None = None
    product_type: int | None = None
    card: str | None = None
    profession: str | None = None
    specialties: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()


def read_product_extensions(extensions: x509.Extensions) -> ProductExtensions:
    """Read the private extensions. Raises ValueError naming the OID: content that is not the expected type."""
    values = {
        extension.oid.dotted_string: extension.value.value
        for extension in extensions
        if isinstance(extension.value, x509.UnrecognizedExtension)
    }
    profession = _number(values, PROFESSION)
    if profession is None:
        profession = _number(values, PROFESSION_IN_TRAINING)
    return ProductExtensions(
        category=_byte(values, PRODUCT_CATEGORY),
        product_type=_number(values, PRODUCT_TYPE),
        card=_characters(values, CARD_IDENTIFIER),
        profession=None if profession is None else str(profession),
        specialties=_strings(values, SPECIALTIES),
        sections=_strings(values, PHARMACIST_SECTIONS),
    )


def _fault(oid: str, reason: object) -> ValueError:
    return ValueError(f"extension {oid}: {reason}")


def _byte(values: dict[str, bytes], oid: str) -> int | None:
    if oid not in values:
        return None
    try:
        content = der.read(values[oid], der.OCTET_STRING)
    except der.DerError as error:
        raise _fault(oid, error) from None
    if len(content) != 1:
        raise _fault(oid, f"{len(content)} bytes, expected 1")
    return content[0]


def _number(values: dict[str, bytes], oid: str) -> int | None:
    if oid not in values:
        return None
    try:
        number = der.integer(der.read(values[oid], der.INTEGER))
    except der.DerError as error:
        raise _fault(oid, error) from None
    if not 0 <= number <= 999:
        raise _fault(oid, "a code outside 0-999")
    return number


def _characters(values: dict[str, bytes], oid: str) -> str | None:
    if oid not in values:
        return None
    try:
        return der.text(der.IA5_STRING, der.read(values[oid], der.IA5_STRING))
    except der.DerError as error:
        raise _fault(oid, error) from None


def _strings(values: dict[str, bytes], oid: str) -> tuple[str, ...]:
    if oid not in values:
        return ()
    try:
        codes = tuple(der.text(tag, content) for tag, content in der.elements(der.read(values[oid], der.SEQUENCE)))
    except der.DerError as error:
        raise _fault(oid, error) from None
    if not codes or not all(code.isascii() and code.isalnum() for code in codes):
        raise _fault(oid, "an empty list, or a code that is not letters and digits")
    return codes
