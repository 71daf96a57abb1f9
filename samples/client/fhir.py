"""Client of the FHIR interface of a door: what a vendor's software does, in Python (FHIR R4 §3.1.0, IHE MHD 4.2.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import requests

from samples.client.transport import Credential, open_session
from security.strict_json import read_json, write_json

INGEST, CONSULTATION = "/ingest/fhir", "/consult/fhir"
JSON, XML = "application/fhir+json", "application/fhir+xml"
FORM = "application/x-www-form-urlencoded"

MakeToken = Callable[[], str]
"""Makes the signed token of each request."""
Parameters = Mapping[str, str] | Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirReply:
    """An HTTP answer as it came; the names of headers are matched whatever their capitals."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def content_type(self) -> str:
        """The media type, without parameters."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip()

    @property
    def resource(self) -> Any:
        """The resource, when it is JSON. Raises MalformedMessage."""
        return read_json(self.content)

    @property
    def issues(self) -> list[dict[str, Any]]:
        """The issues of an OperationOutcome, none of another resource."""
        said = self.resource
        return list(said["issue"]) if said["resourceType"] == "OperationOutcome" else []

    @property
    def codes(self) -> list[str]:
        """What refused, in the words of the house: the first coding of each issue."""
        return [issue["details"]["coding"][0]["code"] for issue in self.issues if "coding" in issue.get("details", {})]


class FhirClient:
    """Client of the interface of one door, for one person or system, one credential and one thread.

    `url` is the door's, `address` that of its interface (`INGEST`, `CONSULTATION`); `credential` has PEM files; `ca` is
    the PEM file of the authority of the server; `token` makes the token of each request, none without it. Every call
    raises requests.RequestException (a refused certificate is its ConnectionError).
    """

    def __init__(
        self,
        url: str,
        address: str,
        credential: Credential | None,
        ca: Path | None,
        *,
        token: MakeToken | None = None,
        timeout: float = 30.0,
    ) -> None:
        self.base = f"{url.rstrip('/')}{address}"
        self.token, self.timeout = token, timeout
        self._credential, self._ca = credential, ca

    @cached_property
    def session(self) -> requests.Session:
        """The session, whose connections are kept alive."""
        return open_session(self._credential, self._ca)

    def request(
        self,
        method: str,
        path: str = "",
        *,
        parameters: Parameters = (),
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> FhirReply:
        """Send one request as it is said. A header replaces ours; an empty one is not sent."""
        fields = {"Accept": JSON, **({"Authorization": f"Bearer {self.token()}"} if self.token is not None else {})}
        fields |= headers or {}
        url = path if path.startswith("https:") else f"{self.base}/{path}".rstrip("/")
        answer = self.session.request(
            method,
            url,
            params=list(parameters.items()) if isinstance(parameters, Mapping) else list(parameters),
            data=body,
            headers={name: value for name, value in fields.items() if value},
            timeout=self.timeout,
            allow_redirects=False,
        )
        return FhirReply(status=answer.status_code, headers=answer.headers, content=answer.content)

    def get(self, path: str, parameters: Parameters = (), **headers: str) -> FhirReply:
        """GET; the name of a header is written with `_` for `-`."""
        return self.request("GET", path, parameters=parameters, headers=_spelled(headers))

    def search(self, resource_type: str, parameters: Parameters, **headers: str) -> FhirReply:
        """Search by POST, so that no log of an address holds an INS."""
        pairs = list(parameters.items()) if isinstance(parameters, Mapping) else list(parameters)
        form = urlencode(pairs).encode("ascii")
        return self.request(
            "POST", f"{resource_type}/_search", body=form, headers={"Content-Type": FORM, **_spelled(headers)}
        )

    def post(self, path: str, resource: Mapping[str, Any] | bytes, **headers: str) -> FhirReply:
        """POST a resource, or bytes as they are; `Content_Type` is JSON unless said."""
        body = resource if isinstance(resource, bytes) else write_json(resource)
        return self.request("POST", path, body=body, headers={"Content-Type": JSON, **_spelled(headers)})

    def patch(self, path: str, patch: Any, parameters: Parameters = (), **headers: str) -> FhirReply:
        """PATCH with a JSON Patch, or with what `Content_Type` says."""
        body = patch if isinstance(patch, bytes) else write_json(patch)
        fields = {"Content-Type": "application/json-patch+json", **_spelled(headers)}
        return self.request("PATCH", path, parameters=parameters, body=body, headers=fields)

    def capabilities(self) -> dict[str, Any]:
        """What the interface says of itself."""
        said: dict[str, Any] = self.get("metadata").resource
        return said

    def close(self) -> None:
        """Close the connections."""
        self.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _spelled(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
