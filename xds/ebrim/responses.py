"""Answers: RegistryResponse, AdhocQueryResponse, RetrieveDocumentSetResponse (ITI TF-3 §4.2.4, TF-2 §3.18, §3.43)."""

from __future__ import annotations

from urllib.parse import quote
from uuid import uuid4

from xds.ebrim import constants as c
from xds.ebrim.escaping import escape
from xds.errors import RegistryError, Severity
from xds.messages import AdhocQueryResponse, DocumentResponse, RegistryResponse, RetrieveDocumentSetResponse


def write_registry_response(response: RegistryResponse) -> bytes:
    """Write `rs:RegistryResponse`, every error in it (ITI TF-3 §4.2.4)."""
    return (
        f'<rs:RegistryResponse xmlns:rs="{c.RS}" status="{response.status}">'
        f"{_error_list(response.errors)}</rs:RegistryResponse>"
    ).encode()


def write_adhoc_query_response(response: AdhocQueryResponse) -> bytes:
    """Write `query:AdhocQueryResponse`: errors, then the fragments as they are (ITI TF-2 §3.18.4.1.3).

    The RegistryObjectList is always there, empty if nothing matched.
    """
    head = (
        f'<query:AdhocQueryResponse xmlns:query="{c.QUERY}" xmlns:rs="{c.RS}" xmlns:rim="{c.RIM}"'
        f' status="{response.status}">{_error_list(response.errors)}<rim:RegistryObjectList>'
    )
    return b"".join((head.encode(), *response.objects, b"</rim:RegistryObjectList></query:AdhocQueryResponse>"))


def write_retrieve_response(response: RetrieveDocumentSetResponse) -> tuple[bytes, tuple[tuple[str, str, bytes], ...]]:
    """Write `xds:RetrieveDocumentSetResponse` and its attachments (ITI TF-2 §3.43.4.2).

    An attachment is (Content-ID without angle brackets, media type, bytes), in the order of the documents.
    """
    answer = RegistryResponse(response.status, response.errors)
    lot = uuid4().hex
    attachments = tuple(
        (f"document{number}.{lot}@ecluse", document.mime_type, document.content)
        for number, document in enumerate(response.documents, 1)
    )
    documents = [
        _document_response(document, attachment[0])
        for document, attachment in zip(response.documents, attachments, strict=True)
    ]
    body = b"".join(
        (
            f'<xds:RetrieveDocumentSetResponse xmlns:xds="{c.XDS}">'.encode(),
            write_registry_response(answer),
            "".join(documents).encode(),
            b"</xds:RetrieveDocumentSetResponse>",
        )
    )
    return body, attachments


def _document_response(document: DocumentResponse, content_id: str) -> str:
    request = document.request
    home = request.home_community_id
    return (
        "<xds:DocumentResponse>"
        + (f"<xds:HomeCommunityId>{escape(home)}</xds:HomeCommunityId>" if home else "")
        + f"<xds:RepositoryUniqueId>{escape(request.repository_unique_id)}</xds:RepositoryUniqueId>"
        f"<xds:DocumentUniqueId>{escape(request.document_unique_id)}</xds:DocumentUniqueId>"
        f"<xds:mimeType>{escape(document.mime_type)}</xds:mimeType>"
        f'<xds:Document><xop:Include xmlns:xop="{c.XOP}" href="cid:{quote(content_id, safe="@.")}"/></xds:Document>'
        "</xds:DocumentResponse>"
    )


def _error_list(errors: tuple[RegistryError, ...]) -> str:
    # The schema wants at least one error in the list: none, and the list is left out.
    if not errors:
        return ""
    highest = Severity.ERROR if any(e.severity is Severity.ERROR for e in errors) else Severity.WARNING
    return (
        f'<rs:RegistryErrorList highestSeverity="{highest}">'
        + "".join([_error(error) for error in errors])
        + "</rs:RegistryErrorList>"
    )


def _error(error: RegistryError) -> str:
    context = f"{error.rule}: {error.context}" if error.rule else error.context
    return (
        f'<rs:RegistryError errorCode="{error.code}" codeContext="{escape(context)}"'
        f' severity="{error.severity}" location="{escape(error.location)}"/>'
    )
