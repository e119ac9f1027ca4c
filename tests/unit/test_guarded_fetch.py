"""The server fetches what strangers name, and reaches nothing within its own network by it."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator, Sequence

import pytest

from tests.pictures import PictureServer, png, serve_pictures
from workbench.importing.guarded_fetch import FetchRefused, GuardedFetcher, Limits, is_public

PICTURE = png()


@pytest.fixture(scope="module")
def server() -> Iterator[PictureServer]:
    with serve_pictures() as served:
        yield served


def fetcher(
    *allowed: str, names: dict[str, list[str]] | None = None, most: int = 10_000, seconds: float = 5
) -> GuardedFetcher:
    def resolve(host: str, port: int) -> Sequence[str]:
        known = {"127.0.0.1": ["127.0.0.1"], **(names or {})}
        if host not in known:
            raise OSError
        return known[host]

    limits = Limits(max_bytes=most, seconds=seconds)
    return GuardedFetcher(limits=limits, allowed_hosts=allowed, resolve=resolve)


def problem_of(fetcher: GuardedFetcher, url: str) -> str:
    with pytest.raises(FetchRefused) as refused:
        fetcher.fetch(url)
    return refused.value.problem


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.0.9", "0.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192",
        "198.18.0.1", "203.0.113.5", "224.0.0.1", "239.255.255.250", "240.0.0.1",
        "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1",
        "2001:db8::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1",
        "2002:7f00:1::", "64:ff9b::a9fe:a9fe", "2001:0:7f00:1::",
    ],
)  # fmt: skip
def test_no_internal_address_is_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.216.34", "2606:2800:220:1::1", "64:ff9b::808:808"]
)
def test_addresses_of_the_internet_are(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def test_this_machine_is_refused_before_it_is_asked(server: PictureServer) -> None:
    url = server.put("/secret", PICTURE)
    assert "not on the public internet" in problem_of(fetcher(), url)
    assert "/secret" not in server.asked


def test_one_internal_address_among_public_ones_is_enough_to_refuse(server: PictureServer) -> None:
    names = {"mixed.example": ["93.184.216.34", "127.0.0.1"]}
    url = server.url("/mixed", "mixed.example")
    assert "not on the public internet" in problem_of(fetcher(names=names), url)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "localhost"])
def test_no_other_way_of_writing_this_machine_gets_through(
    server: PictureServer, host: str
) -> None:
    url = server.put(f"/by-{host}", PICTURE).replace("127.0.0.1", host)
    with pytest.raises(FetchRefused):
        GuardedFetcher(limits=Limits(max_bytes=10_000)).fetch(url)
    assert f"/by-{host}" not in server.asked


def test_a_host_that_is_allowed_is_fetched_from(server: PictureServer) -> None:
    url = server.put("/allowed.png", PICTURE)
    assert fetcher("127.0.0.1").fetch(url) == PICTURE


def test_a_redirect_is_followed_within_what_is_allowed(server: PictureServer) -> None:
    server.put("/there.png", PICTURE)
    assert fetcher("127.0.0.1").fetch(server.redirect("/here", "/there.png")) == PICTURE


def test_a_redirect_to_an_internal_address_is_refused(server: PictureServer) -> None:
    names = {"pictures.lab": ["127.0.0.1"]}
    server.put("/inner", PICTURE)
    server.redirect("/outer", server.url("/inner"))
    url = server.url("/outer", "pictures.lab")
    assert "not on the public internet" in problem_of(fetcher("pictures.lab", names=names), url)
    assert "/inner" not in server.asked


def test_a_redirect_to_another_scheme_is_refused(server: PictureServer) -> None:
    url = server.redirect("/file", "file:///etc/passwd")
    assert problem_of(fetcher("127.0.0.1"), url) == "has the scheme file"


def test_redirects_in_a_circle_come_to_an_end(server: PictureServer) -> None:
    url = server.redirect("/circle", "/circle")
    assert "redirected more than 3 times" in problem_of(fetcher("127.0.0.1"), url)


def test_a_name_that_changes_its_address_is_asked_for_once(server: PictureServer) -> None:
    """What was checked is what is connected to: a second answer of the name never counts."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    asked: list[str] = []

    def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return next(answers)

    url = server.put("/once", PICTURE).replace("127.0.0.1", "rebinding.lab")
    allowed = GuardedFetcher(
        limits=Limits(max_bytes=10_000), allowed_hosts=["rebinding.lab"], resolve=rebinding
    )
    assert allowed.fetch(url) == PICTURE
    assert asked == ["rebinding.lab"]


def test_a_public_name_that_turns_internal_between_two_hops_is_refused(
    server: PictureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first answer is public and leads back to the same name, which now is this machine."""
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])
    server.redirect("/hop", "/hop-2")
    server.put("/hop-2", PICTURE)
    connected: list[str] = []

    import socket

    dial = socket.create_connection

    def through_the_internet(address: tuple[str, int], **more: float) -> socket.socket:
        connected.append(address[0])
        return dial(("127.0.0.1", address[1]), **more)

    monkeypatch.setattr(socket, "create_connection", through_the_internet)
    guarded = GuardedFetcher(
        limits=Limits(max_bytes=10_000), resolve=lambda host, port: next(answers)
    )
    problem = problem_of(guarded, server.url("/hop", "turning.example"))
    assert "not on the public internet" in problem
    assert connected == ["93.184.216.34"]
    assert "/hop-2" not in server.asked


@pytest.mark.parametrize("declared", [None, 1])
def test_too_much_is_refused_whatever_is_declared(
    server: PictureServer, declared: int | None
) -> None:
    url = server.put("/large", b"x" * 2_000)
    assert problem_of(fetcher("127.0.0.1", most=1_000), url) == "has more than 1,000 bytes"


def test_a_body_that_breaks_off_is_refused(server: PictureServer) -> None:
    url = server.put("/short", PICTURE, declared=len(PICTURE) + 10)
    assert "cannot be fetched" in problem_of(fetcher("127.0.0.1", seconds=2), url)


def test_a_server_that_drips_is_cut_off(server: PictureServer) -> None:
    url = server.put("/slow", PICTURE, pause=0.1)
    began = time.monotonic()
    assert "takes longer than 0.5 seconds" in problem_of(fetcher("127.0.0.1", seconds=0.5), url)
    assert time.monotonic() - began < 2


def test_an_answer_that_is_no_image_page_is_named(server: PictureServer) -> None:
    assert problem_of(fetcher("127.0.0.1"), server.url("/absent")) == "is answered with 404"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("ftp://example.org/a.png", "has the scheme ftp"),
        ("pictures/a.png", "has no scheme"),
        ("https:///a.png", "names no host"),
        ("https://name:word@example.org/", "holds a name or a password"),
        ("http://[::1/a.png", "is not an address"),
        ("https://unknown.example/a.png", "names the host unknown.example, which is not known"),
    ],
)
def test_what_is_no_address_is_told_apart(url: str, problem: str) -> None:
    assert problem_of(fetcher(), url) == problem
