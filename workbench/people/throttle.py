"""Slowing down whoever guesses passwords, in this process's memory."""

from __future__ import annotations

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from workbench.errors import TooManyRequests
from workbench.people.members import normal_email

_WINDOW_MINUTES = 15
_PER_EMAIL_AND_ADDRESS = RateLimitItemPerMinute(10, _WINDOW_MINUTES)
_PER_EMAIL = RateLimitItemPerMinute(60, _WINDOW_MINUTES)
_PER_ADDRESS = RateLimitItemPerMinute(100, _WINDOW_MINUTES)


class SignInThrottle:
    """Counts attempts by e-mail and network address; those that succeed are forgotten."""

    def __init__(self) -> None:
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)

    def check(self, *, email: str, address: str) -> None:
        """Count an attempt.

        Raises:
            TooManyRequests: there were too many of late; the right password is refused too.
        """
        for limit, key in _limits(email, address):
            if not self._limiter.hit(limit, *key):
                minutes = _WINDOW_MINUTES
                message = f"too many attempts to sign in: try again in {minutes} minutes"
                raise TooManyRequests(message, retry_after=minutes * 60)

    def forget(self, *, email: str, address: str) -> None:
        for limit, key in _limits(email, address)[:1]:
            self._limiter.clear(limit, *key)


def _limits(email: str, address: str) -> list[tuple[RateLimitItem, tuple[str, ...]]]:
    email = normal_email(email)
    return [
        (_PER_EMAIL_AND_ADDRESS, ("both", email, address)),
        (_PER_EMAIL, ("email", email)),
        (_PER_ADDRESS, ("address", address)),
    ]
