"""Public ids, secrets and content hashes."""

from __future__ import annotations

import hashlib
import secrets
from base64 import b32encode
from enum import StrEnum
from typing import Any

from pydantic_core import to_json

# Without the letters that are mistaken for digits or for each other.
_TO_ALPHABET = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789abcdefghjkmnpqrstvwxyz"
)


class Prefix(StrEnum):
    """What a public id names, readable in a log or a bug report."""

    ORGANIZATION = "org"
    PERSON = "per"
    ANNOTATOR = "ann"
    CAMPAIGN = "cmp"
    ITEM = "itm"
    ASSIGNMENT = "asg"
    JUDGMENT = "jdg"
    RELEASE = "rel"
    TOKEN = "tok"  # noqa: S105


def new_public_id(prefix: Prefix) -> str:
    """Return `<prefix>_` and 80 random bits in 16 characters."""
    drawn = b32encode(secrets.token_bytes(10)).translate(_TO_ALPHABET)
    return f"{prefix}_{drawn.decode()}"


def new_secret() -> str:
    """Return 192 random bits for lease tokens, sessions and API tokens."""
    return secrets.token_urlsafe(24)


def hash_secret(secret: str) -> str:
    """Return what is stored of a session's or an API token's secret (it has full entropy)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hash_content(value: Any) -> str:
    """Return the SHA-256 of a JSON value, the same for equal values whatever the key order."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def canonical_json(value: Any) -> bytes:
    """Return JSON with sorted keys and no spaces."""
    return to_json(_sorted(value))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [_sorted(element) for element in value]
    return value
