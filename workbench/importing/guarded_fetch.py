"""Fetches over http and https that reach nothing within the operator's own network.

Whoever hands in a row chooses the address, and the server fetches it: without a guard, that is a
way to every machine the server can reach. So the name is resolved here, each of its addresses must
be a public one, and the connection goes to the address that was checked, not to the name again.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urljoin, urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
"""From a name and a port to its addresses; raises `OSError` where there are none."""

_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LONGEST_URL = 2_000
_CHUNK = 65_536
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# What Python's tables call public, and clouds answer their machines' secrets at.
_NOT_PUBLIC = (ipaddress.ip_network("168.63.129.16/32"), ipaddress.ip_network("192.0.0.0/24"))
_PUBLIC = "an address of the public internet, or a host that WORKBENCH_IMAGE_HOSTS lists"


class FetchRefused(Exception):
    """Why nothing was fetched, and what would be right."""

    def __init__(self, problem: str, expected: str) -> None:
        super().__init__(problem)
        self.problem, self.expected = problem, expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one fetch with all its redirects."""

    max_bytes: int
    seconds: float = 30.0


def resolve_name(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: Address) -> bool:
    """Say whether an address, and the one that may be wrapped in it, is one of the internet's."""
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = _wrapped(address)
        if wrapped:
            return all(is_public(inner) for inner in wrapped)
    if any(address in network for network in _NOT_PUBLIC if network.version == address.version):
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified
    )


def _wrapped(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """Return the IPv4 addresses that one of IPv6 stands for (mapped, 6to4, Teredo, NAT64)."""
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    return [one for one in found if one is not None]


class GuardedFetcher:
    """Fetches what is at a public address.

    Args:
        allowed_hosts: Names whose addresses may be internal ones.
    """

    def __init__(
        self, *, limits: Limits, allowed_hosts: Sequence[str] = (), resolve: Resolve = resolve_name
    ) -> None:
        self._limits, self._resolve = limits, resolve
        self._allowed = frozenset(host.lower() for host in allowed_hosts)
        self._tls = ssl.create_default_context()

    def fetch(self, url: str) -> bytes:
        """Return what an address answers.

        Raises:
            FetchRefused: It may not be fetched, cannot be reached, or is too large or slow.
        """
        deadline = time.monotonic() + self._limits.seconds
        for _ in range(_MOST_REDIRECTS + 1):
            parts = _split(url)
            answer = self._get(parts, deadline)
            if isinstance(answer, bytes):
                return answer
            url = urljoin(url, answer)
        problem = f"is redirected more than {_MOST_REDIRECTS} times"
        raise FetchRefused(problem, "the address where the image is")

    def _get(self, parts: SplitResult, deadline: float) -> bytes | str:
        """Return the body, or where the answer leads on to."""
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = self._checked_address(host, port)
        try:
            with self._connected(parts.scheme, host, address, port, deadline) as connection:
                connection.request(
                    "GET",
                    _target(parts),
                    headers={
                        "Host": parts.netloc,
                        "User-Agent": "rlhf-workbench",
                        "Accept": "image/*",
                        "Accept-Encoding": "identity",
                        "Connection": "close",
                    },
                )
                with connection.getresponse() as response:
                    return self._read(response, deadline)
        except (OSError, http.client.HTTPException, ValueError) as error:
            if time.monotonic() >= deadline:
                raise self._too_slow() from error
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            problem = f"cannot be fetched from {host}: {reason}"
            raise FetchRefused(problem, "an address that answers") from error

    def _checked_address(self, host: str, port: int) -> str:
        try:
            addresses = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            problem = f"names the host {host}, which is not known"
            raise FetchRefused(problem, "a host that can be found") from error
        if not addresses:
            problem = f"names the host {host}, which has no address"
            raise FetchRefused(problem, "a host that can be found")
        if host.lower() not in self._allowed:
            for address in addresses:
                # The address itself is not said: a row must not tell what is within the network.
                if not is_public(ipaddress.ip_address(address.partition("%")[0])):
                    problem = f"names the host {host}, which is not on the public internet"
                    raise FetchRefused(problem, _PUBLIC)
        return addresses[0]

    @contextmanager
    def _connected(
        self, scheme: str, host: str, address: str, port: int, deadline: float
    ) -> Iterator[http.client.HTTPConnection]:
        """Open a connection to the address, which is cut when the time is over.

        A server that sends a byte now and then would never run into the timeout of a socket.
        """
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        raw = socket.create_connection((address, port), timeout=left)
        cut = raw.dup()
        timer = threading.Timer(max(deadline - time.monotonic(), 0), _shut, [cut])
        timer.daemon = True
        timer.start()
        connection = http.client.HTTPConnection(host, port)
        try:
            connection.sock = raw
            if scheme == "https":
                connection.sock = self._tls.wrap_socket(raw, server_hostname=host)
            yield connection
        finally:
            timer.cancel()
            connection.close()
            raw.close()
            cut.close()

    def _read(self, response: http.client.HTTPResponse, deadline: float) -> bytes | str:
        location = response.getheader("location")
        if response.status in _REDIRECTS and location:
            return location
        if response.status != http.client.OK:
            problem = f"is answered with {response.status}"
            raise FetchRefused(problem, "an address that answers 200 without a sign-in")
        most = self._limits.max_bytes
        if (response.length or 0) > most:
            raise too_large(most)
        content = bytearray()
        while chunk := response.read(_CHUNK):
            content += chunk
            if len(content) > most:
                raise too_large(most)
        if time.monotonic() >= deadline:
            raise self._too_slow()
        if response.length:
            message = "the answer breaks off"
            raise http.client.HTTPException(message)
        return bytes(content)

    def _too_slow(self) -> FetchRefused:
        problem = f"takes longer than {self._limits.seconds:g} seconds"
        return FetchRefused(problem, "a server that answers sooner, or the file beside the rows")


def too_large(most: int) -> FetchRefused:
    return FetchRefused(f"has more than {most:,} bytes", "a smaller image")


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _split(url: str) -> SplitResult:
    expected = "an address such as https://example.org/image.png"
    try:
        parts = urlsplit(url)
        has_host, _ = bool(parts.hostname), parts.port
    except ValueError as error:
        problem = "is not an address"
        raise FetchRefused(problem, expected) from error
    if parts.scheme not in {"http", "https"}:
        problem = f"has the scheme {parts.scheme}" if parts.scheme else "has no scheme"
        raise FetchRefused(problem, "http, https or data")
    if not has_host or len(url) > _LONGEST_URL:
        problem = "names no host" if not has_host else f"is longer than {_LONGEST_URL} characters"
        raise FetchRefused(problem, expected)
    if "@" in parts.netloc:
        problem = "holds a name or a password"
        raise FetchRefused(problem, "an address without them")
    try:
        ascii_host = parts.netloc.encode("idna").decode() if not parts.netloc.isascii() else None
    except UnicodeError as error:
        problem = "names a host that cannot be"
        raise FetchRefused(problem, expected) from error
    return parts if ascii_host is None else parts._replace(netloc=ascii_host)


def _target(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    return f"{path}?{quote(parts.query, safe='/%:@!$&()*+,;=~?')}" if parts.query else path
