"""What the server refused, or what went wrong on the way to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that was wrong with what was sent."""

    field: str
    problem: str
    expected: str
    line: int | None = None


class ClientError(Exception):
    """A refusal; `code` is what a script tells refusals apart by.

    Attributes:
        code: The server's code (`not_found`, `import_rejected` …), `unreachable` where there was
            no answer, `verification_failed` where a download is not what the server hashed.
        status: The HTTP status, None without an answer.
        faults: What was wrong, row by row.
    """

    def __init__(
        self, message: str, *, code: str, status: int | None = None, faults: Sequence[Fault] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status
        self.faults = tuple(faults)
