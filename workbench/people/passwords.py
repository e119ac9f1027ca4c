"""Passwords as Argon2 hashes."""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from workbench.errors import BadRow, OptionInvalid

MIN_LENGTH = 10
MAX_LENGTH = 200
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"

_hasher = PasswordHasher()


class PasswordHash(str):
    """What is stored of a password; making it takes tens of milliseconds, so not in a write."""

    __slots__ = ()


def hash_password(password: str) -> PasswordHash:
    """Return what is stored of a password.

    Raises:
        OptionInvalid: too short to be one, or too long to be typed.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        expected = f"{MIN_LENGTH} to {MAX_LENGTH} characters"
        problem = f"it has {len(password)} characters"
        message = f"a password has {expected}"
        raise OptionInvalid(
            message, rows=[BadRow(field="password", problem=problem, expected=expected)]
        )
    return PasswordHash(_hasher.hash(password))


def verify_password(password_hash: str | None, password: str) -> bool:
    """Compare; without a hash, take as long and say no, so that nobody learns who has one."""
    try:
        is_right = _hasher.verify(password_hash or _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
    return is_right and password_hash is not None


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody's")


def new_password() -> str:
    """Return a password for somebody else to change, easy to read out."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(5)) for _ in range(4))
