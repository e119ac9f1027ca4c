"""Text can be read in both color schemes: WCAG AA, computed from the style sheet."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import workbench.web.app

_SHEET = Path(workbench.web.app.__file__).parent / "static" / "site.css"
_COLOR = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
_TEXT, _EDGE = 4.5, 3.0

_ON_GROUND = ("ink", "muted", "accent", "accent-strong", "good", "warn", "bad", "simulated")
_PAIRS = [
    *((text, ground, _TEXT) for text in _ON_GROUND for ground in ("paper", "surface")),
    *((text, "sunken", _TEXT) for text in ("ink", "muted")),
    *((text, f"{text}-soft", _TEXT) for text in ("good", "warn", "bad", "simulated")),
    ("accent-strong", "accent-soft", _TEXT),
    ("ink", "good-soft", _TEXT),
    ("ink", "bad-soft", _TEXT),
    ("ink", "warn-soft", _TEXT),
    ("on-accent", "accent", _TEXT),
    ("on-accent", "accent-strong", _TEXT),
    ("line-strong", "surface", _EDGE),
]


def _luminance(color: str) -> float:
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(("text", "ground", "least"), _PAIRS)
@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_what_is_written_stands_out(text: str, ground: str, least: float, scheme: int) -> None:
    colors = {name: pair for name, *pair in _COLOR.findall(_SHEET.read_text())}
    assert _contrast(colors[text][scheme], colors[ground][scheme]) >= least
