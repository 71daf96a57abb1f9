"""Which profile judges a document: its templateIds say, root and extension, then its code."""

from __future__ import annotations

from cda.document import CDA_NAMESPACE, CdaDocument
from conformance.catalogue import HEADER, IPS_FR, LEVEL_1, VSM_1_4, VSM_2023

_VSM_MODEL = "1.2.250.1.213.1.1.1.13"
_IPS_MODEL = "1.2.250.1.213.1.1.1.51"
_UNSTRUCTURED = "1.3.6.1.4.1.19376.1.2.20"
_IPS_CODE = "60591-5"


def profile_of(document: CdaDocument) -> str:
    """The most precise profile for a document, else that of the header, which every document must follow.

    The model of the VSM with the code of the IPS-FR is an IPS-FR 2022.01, for which there is no profile but the header.
    """
    models = {
        one.get("root"): one.get("extension") for one in document.root.iterchildren(f"{{{CDA_NAMESPACE}}}templateId")
    }
    code = document.root.find(f"{{{CDA_NAMESPACE}}}code")
    if _IPS_MODEL in models:
        return IPS_FR
    if _VSM_MODEL in models and (code is None or code.get("code") != _IPS_CODE):
        return VSM_2023 if models[_VSM_MODEL] == "2023.01" else VSM_1_4
    return LEVEL_1 if _UNSTRUCTURED in models else HEADER
