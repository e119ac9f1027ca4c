"""What an image's first bytes say: its kind and its size, whatever a server called it.

PNG, JPEG, WebP and GIF are pictures and nothing else; SVG is a document that can act, and refused.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
_JPEG_SCAN, _JPEG_END = 0xDA, 0xD9


@dataclass(frozen=True, slots=True)
class ImageHeader:
    media_type: str
    width: int
    height: int


def read_header(content: bytes) -> ImageHeader | None:
    """Return what an image is, None for anything that is not a whole header of a known kind."""
    try:
        if content.startswith(_PNG):
            return _read_png(content)
        if content[:6] in {b"GIF87a", b"GIF89a"}:
            return ImageHeader("image/gif", *struct.unpack_from("<HH", content, 6))
        if content.startswith(b"\xff\xd8\xff"):
            return _read_jpeg(content)
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return _read_webp(content)
    except (struct.error, IndexError):
        return None
    return None


def _read_png(content: bytes) -> ImageHeader | None:
    if content[12:16] != b"IHDR":
        return None
    return ImageHeader("image/png", *struct.unpack_from(">II", content, 16))


def _read_jpeg(content: bytes) -> ImageHeader | None:
    """Go from segment to segment up to the one that holds the size."""
    place = 2
    while True:
        if content[place] != 0xFF:
            return None
        marker = content[place + 1]
        if marker == 0xFF:
            place += 1
        elif marker in _JPEG_BARE:
            place += 2
        elif marker in {_JPEG_SCAN, _JPEG_END}:
            return None
        elif marker in _JPEG_SIZES:
            height, width = struct.unpack_from(">HH", content, place + 5)
            return ImageHeader("image/jpeg", width, height)
        else:
            (length,) = struct.unpack_from(">H", content, place + 2)
            place += 2 + length


def _read_webp(content: bytes) -> ImageHeader | None:
    kind = content[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(content[24:27], "little") + 1
        height = int.from_bytes(content[27:30], "little") + 1
        return ImageHeader("image/webp", width, height) if len(content) >= 30 else None
    if kind == b"VP8L" and content[20] == 0x2F:
        (bits,) = struct.unpack_from("<I", content, 21)
        return ImageHeader("image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 " and content[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", content, 26)
        return ImageHeader("image/webp", width & 0x3FFF, height & 0x3FFF)
    return None
