"""Requests to the server, with its refusals turned into `ClientError`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import httpx2

from workbench.client.answers import read_faults
from workbench.client.errors import ClientError

_CHUNK = 2**20


class Connection:
    """A keep-alive connection that sends one API token."""

    def __init__(self, url: str, token: str, *, timeout: float) -> None:
        self._http = httpx2.Client(
            base_url=url.rstrip("/"),
            headers={"authorization": f"Bearer {token}", "accept": "application/json"},
            timeout=timeout,
        )

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        return self._ask("GET", path, params=query)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._ask("POST", path, json=dict(body))

    def send_file(self, path: str, file: BinaryIO, **query: Any) -> dict[str, Any]:
        return self._ask("POST", path, params=query, content=_chunks(file))

    def download(self, path: str, to: Path) -> str:
        """Write what is at `path` to a file and return its SHA-256."""
        sha256 = hashlib.sha256()
        with _answered(), self._http.stream("GET", path) as response, to.open("wb") as file:
            if response.is_error:
                response.read()
                raise _refusal(response)
            for chunk in response.iter_bytes(_CHUNK):
                sha256.update(chunk)
                file.write(chunk)
        return sha256.hexdigest()

    def _ask(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        with _answered():
            response = self._http.request(method, path, **request)
        if response.is_error:
            raise _refusal(response)
        document: dict[str, Any] = response.json()
        return document


@contextmanager
def _answered() -> Iterator[None]:
    try:
        yield
    except (httpx2.TransportError, httpx2.InvalidURL) as error:
        message = f"the server did not answer: {error}"
        raise ClientError(message, code="unreachable") from error


def _refusal(response: httpx2.Response) -> ClientError:
    """Return the problem document of a refusal; a proxy in between may have none."""
    status = response.status_code
    try:
        problem = response.json()
        return ClientError(
            problem["message"],
            code=problem["code"],
            status=status,
            faults=read_faults(problem.get("rows", ())),
        )
    except (ValueError, KeyError, TypeError):
        message = f"the server answered {status} {response.reason_phrase}"
        return ClientError(message, code=f"http_{status}", status=status)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk
