"""An image's kind and size come from its bytes."""

from __future__ import annotations

import pytest

from tests.pictures import gif, jpeg, png, webp
from workbench.importing.image_headers import ImageHeader, read_header


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (png(300, 200), "image/png"),
        (gif(300, 200), "image/gif"),
        (jpeg(300, 200), "image/jpeg"),
        (webp(300, 200), "image/webp"),
        (webp(300, 200, b"VP8L"), "image/webp"),
        (webp(300, 200, b"VP8 "), "image/webp"),
    ],
)
def test_each_kind_is_known_by_its_bytes(content: bytes, media_type: str) -> None:
    assert read_header(content) == ImageHeader(media_type, 300, 200)


@pytest.mark.parametrize(
    "content", [png(), gif(1, 1), jpeg(1, 1), webp(1, 1), webp(1, 1, b"VP8L"), webp(1, 1, b"VP8 ")]
)
def test_no_beginning_of_a_header_is_taken_for_one(content: bytes) -> None:
    whole = read_header(content)
    found = [read_header(content[:length]) for length in range(len(content))]
    assert all(header in {None, whole} for header in found)
    assert found[:10] == [None] * 10


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg/>", b"%PDF-1.7", b"BM" + bytes(60), b"\xff\xd8\xff" + b"\xff" * 50, b"\0" * 100],
)
def test_anything_else_is_no_image(content: bytes) -> None:
    assert read_header(content) is None
