"""Clients of the two doors: what a vendor's software does, in Python.

zeep builds every message from the WSDL; documents and answers are read on raw bytes. A client is for one person (or
system) and one credential, and for one thread; it holds its connections until `close()`.
"""

from __future__ import annotations

from samples.client.consultation import ConsultationClient
from samples.client.exchange import Lot, MakeVihf, Metadata
from samples.client.ingest import IngestClient

__all__ = ("ConsultationClient", "IngestClient", "Lot", "MakeVihf", "Metadata")
