"""Invented patients with test INS (ANS référentiel INS: OID 1.2.250.1.213.1.4.10 is the NIR of tests)."""

from __future__ import annotations

from dataclasses import dataclass

TEST_NIR = "1.2.250.1.213.1.4.10"
IPP_ISSUER = "1.2.250.1.213.99.1.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePatient:
    """A patient who does not exist.

    `nir` is the 13-character number without key; `born` is `yyyymmdd`; `birth_place` is a COG code, `birth_city` its
    name; `given` holds all birth given names, the first one first.
    """

    nir: str
    family: str
    given: tuple[str, ...]
    gender: str
    born: str
    birth_place: str
    birth_city: str
    local_id: str
    used_family: str | None = None
    ins_root: str = TEST_NIR

    @property
    def ins(self) -> str:
        """The INS: number and key, 15 characters."""
        return self.nir + ins_key(self.nir)

    @property
    def cx(self) -> str:
        """The INS as an XDS patientId (ITI TF-3 §4.2.3.2.16)."""
        return f"{self.ins}^^^&{self.ins_root}&ISO^NH"

    @property
    def source_cx(self) -> str:
        """The local identifier (IPP) as an XDS sourcePatientId."""
        return f"{self.local_id}^^^&{IPP_ISSUER}&ISO^PI"


def ins_key(nir: str) -> str:
    """Compute the two digits of the key: 97 less the number modulo 97, Corsican 2A and 2B counting as 19 and 18."""
    number = int(nir.replace("2A", "19").replace("2B", "18"))
    return f"{97 - number % 97:02d}"


CLAIRE = SamplePatient(
    nir="2580769123015",
    family="MODELE",
    given=("CLAIRE", "ODETTE"),
    used_family="SPECIMEN",
    gender="F",
    born="19580714",
    birth_place="69123",
    birth_city="LYON",
    local_id="IPP-000042",
)
PAUL = SamplePatient(
    nir="1710344109027",
    family="EXEMPLAIRE",
    given=("PAUL", "HENRI", "MARIE"),
    gender="M",
    born="19710322",
    birth_place="44109",
    birth_city="NANTES",
    local_id="IPP-000057",
)
LUCIA = SamplePatient(
    nir="295112A004033",
    family="ECHANTILLON",
    given=("LUCIA",),
    gender="F",
    born="19951105",
    birth_place="2A004",
    birth_city="AJACCIO",
    local_id="IPP-000063",
)
MOUSSA = SamplePatient(
    nir="1880999336018",
    family="FICTIF",
    given=("MOUSSA", "JEAN"),
    gender="M",
    born="19880901",
    birth_place="99336",
    birth_city="KAYES",
    local_id="IPP-000078",
)
ADELE = SamplePatient(
    nir="2200567482044",
    family="MAQUETTE",
    given=("ADELE", "ROSE"),
    gender="F",
    born="20200518",
    birth_place="67482",
    birth_city="STRASBOURG",
    local_id="IPP-000081",
)
PATIENTS = (CLAIRE, PAUL, LUCIA, MOUSSA, ADELE)
