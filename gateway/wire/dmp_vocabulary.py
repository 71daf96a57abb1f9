"""The words of the record transactions of the DMP: interactions, reasons, code systems, keys of attention lines.

Marked [own]: no public source gives the word; it is ours, stands here only, and changes here only (decision G-250).
"""

from __future__ import annotations

from typing import Final

HL7: Final = "urn:hl7-org:v3"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
INTERACTIONS: Final = "2.16.840.1.113883.1.6"
DETAILS: Final = "urn:ecluse:fault:1"
"""[own] Names the list of our error codes where HL7 wants the list a detail's code is of."""

EXISTENCE_ANSWER: Final = "PRPA_IN201308UV02"
SEARCH_ANSWER: Final = "PRPA_IN201306UV02"
ADD: Final = "PRPA_IN201311UV02"
ADDED: Final = "PRPA_IN201312UV02"
NOT_ADDED: Final = "PRPA_IN201313UV02"
REVISE: Final = "PRPA_IN201314UV02"
REVISED: Final = "PRPA_IN201315UV02"
NOT_REVISED: Final = "PRPA_IN201316UV02"

REASONS: Final = "1.2.250.1.213.1.1.4.11"
TEST_EXISTENCE: Final = "TEST_EXST"
READ_DATA: Final = "CNSLT_DATA"
CREATE: Final = "CREA_RD"
REACTIVATE: Final = "REAC"
CHANGE_DATA: Final = "MODIF_DATA"
CLOSE: Final = "FERM"

AUTHORISATION: Final = ("AUTORISATION", "1.2.250.1.213.4.1.2.6.1")
AUTHORISATION_VALUES: Final = "1.2.250.1.213.4.1.2.6.2"
MEDECIN_TRAITANT: Final = ("STATUT_MT", "1.2.250.1.213.4.1.2.6.3")
ACCOUNT: Final = ("COMPTE_INTERNET_OUVERT", "1.2.250.1.213.4.1.2.9")
CONSENTS: Final = "1.2.250.1.213.4.1.2.3"
"""Consents and oppositions; their keys are those of the law (`xds.dmp.consents`)."""
ATTACHED: Final = ("RATTACHEMENT_ENS", CONSENTS)
CLOSING_MOTIVES: Final = "1.2.250.1.213.4.1.2.4"
IDENTITY_SOURCES: Final = "1.2.250.1.213.4.1.2.5"
OWN_KEYS: Final = "urn:ecluse:attention:1"
CLOSED_ON: Final = ("DATE_FERMETURE", OWN_KEYS)
"""[own]"""
CLOSING_MOTIVE: Final = ("MOTIF_FERMETURE", OWN_KEYS)
"""[own]"""
CLOSING_REASON: Final = ("RAISON_FERMETURE", OWN_KEYS)
"""[own]"""
IDENTITY_SOURCE: Final = ("SOURCE_IDENTITE", OWN_KEYS)
"""[own] Its values are of `IDENTITY_SOURCES`."""

HABILITATIONS: Final = "urn:si-dmp-habilitations"
PATIENTS: Final = "urn:si-dmp-patients"
SUCCESS: Final = "DMPOk"

RELATIONSHIPS: Final = "2.16.840.1.113883.1.11.19579"
