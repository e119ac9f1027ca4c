"""What can go wrong, with the HTTP status and the code that scripts read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, kw_only=True)
class BadRow:
    """One fault in what was handed in: where it is, what it is, what would be right."""

    field: str
    problem: str
    expected: str
    line: int | None = None


class WorkbenchError(Exception):
    """A refusal that a person or a script can act on."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refused"

    def __init__(self, message: str, *, rows: Sequence[BadRow] = (), **extra: Any) -> None:
        super().__init__(message)
        self.message = message
        self.rows = tuple(rows)
        self.extra = extra

    def as_document(self) -> dict[str, Any]:
        rows = [asdict(row) for row in self.rows]
        return {"code": self.code, "message": self.message, "rows": rows, **self.extra}


class BadRequest(WorkbenchError):
    status, code = 400, "bad_request"


class NotSignedIn(WorkbenchError):
    status, code = 401, "not_signed_in"


class NotAllowed(WorkbenchError):
    status, code = 403, "not_allowed"


class NotFound(WorkbenchError):
    status, code = 404, "not_found"


class Conflict(WorkbenchError):
    status, code = 409, "conflict"


class AmbiguousName(Conflict):
    code = "ambiguous_name"


class LeaseLost(Conflict):
    code = "lease_lost"


class DraftStale(Conflict):
    code = "draft_stale"


class CampaignClosed(Conflict):
    code = "campaign_closed"


class JudgmentInvalid(WorkbenchError):
    status, code = 422, "judgment_invalid"


class ImportRejected(WorkbenchError):
    status, code = 422, "import_rejected"


class OptionInvalid(WorkbenchError):
    status, code = 422, "option_invalid"


class TooManyRequests(WorkbenchError):
    status, code = 429, "too_many_requests"


class VerificationFailed(WorkbenchError):
    status, code = 409, "verification_failed"


class DestinationFailed(WorkbenchError):
    status, code = 502, "destination_failed"


class TemplateBroken(WorkbenchError):
    status, code = 500, "template_broken"


class SetupIncomplete(WorkbenchError):
    status, code = 503, "setup_incomplete"
