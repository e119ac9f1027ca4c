"""Who may call what: every route of the application, written out by hand.

The tests compare it with what the routes declare, and with what they do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.models import Role

ADMIN = frozenset({Role.ADMIN})
EXPERT = frozenset({Role.EXPERT})
LEADS = frozenset({Role.ADMIN, Role.QA_LEAD})
ENGINEERS = frozenset({Role.ADMIN, Role.ENGINEER})
LAB = frozenset({Role.ADMIN, Role.QA_LEAD, Role.ENGINEER})
ALL = frozenset(Role)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """`query`, `form`, `json` and `file` are what a request that is right in form sends.

    A value of `query` may hold the name of an id, as the path does.
    """

    method: str
    path: str
    roles: frozenset[Role]
    scope: str | None = None
    form: Mapping[str, Any] | None = None
    json: Mapping[str, Any] | None = None
    query: Mapping[str, str] | None = None
    file: bytes | None = None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def _get(path: str, roles: frozenset[Role], scope: str | None = None) -> Rule:
    return Rule(method="GET", path=path, roles=roles, scope=scope)


def _form(path: str, roles: frozenset[Role], **form: Any) -> Rule:
    return Rule(method="POST", path=path, roles=roles, form=form)


def _file(path: str, scope: str | None = None) -> Rule:
    return Rule(method="POST", path=path, roles=LAB, scope=scope, file=b"{}")


def _json(path: str, roles: frozenset[Role], scope: str, **json: Any) -> Rule:
    return Rule(method="POST", path=f"/api/v1{path}", roles=roles, scope=scope, json=json)


def _judge(method: str, path: str, **json: Any) -> Rule:
    return Rule(method=method, path=f"/api/v1{path}", roles=EXPERT, scope="judge", json=json)


_LEFT = {"token": "x", "reason": "other"}
_ANSWER = {"result": [], "active_seconds": 1.0}

RULES = (
    # One's own account
    _get("/", ALL),
    _form("/sign-out", ALL),
    _get("/account", ALL),
    _form("/account/password", ALL, present="x", new="long enough one", again="other"),
    _form("/account/sign-out-everywhere", ALL),
    _get("/account/organizations", ALL),
    _form("/account/organizations", ALL, organization="org_0000000000000000"),
    _get("/account/tokens", ALL),
    _form("/account/tokens", ALL, name="x"),
    _form("/account/tokens/{token}/revoke", ALL),
    _get("/api/v1/me", ALL, scope="any"),
    _get("/api/v1/tokens", ALL),
    Rule(method="POST", path="/api/v1/tokens", roles=ALL, json={"name": "x", "scopes": []}),
    Rule(method="DELETE", path="/api/v1/tokens/{token}", roles=ALL),
    # The pictures of items
    _get("/images/{sha256}", ALL, scope="any"),
    # An expert's own work
    _get("/work", EXPERT),
    _get("/work/{campaign}", EXPERT),
    _get("/work/{campaign}/guidelines", EXPERT),
    _get("/work/{campaign}/answers", EXPERT),
    _judge("POST", "/campaigns/{campaign}/claim", position="current"),
    _judge("POST", "/assignments/{assignment}/renew", token="x"),
    _judge("PUT", "/assignments/{assignment}/draft", token="x", revision=1, **_ANSWER),
    _judge("POST", "/assignments/{assignment}/submit", token="x", **_ANSWER),
    _judge("POST", "/assignments/{assignment}/skip", **_LEFT),
    _judge("POST", "/assignments/{assignment}/flag", **_LEFT),
    _judge("POST", "/assignments/{assignment}/release", token="x"),
    _get("/api/v1/campaigns/{campaign}/progress", EXPERT, scope="judge"),
    _get("/api/v1/campaigns/{campaign}/judgments", EXPERT, scope="judge"),
    _get("/api/v1/judgments/{judgment}", EXPERT, scope="judge"),
    _judge("POST", "/judgments/{judgment}/revise", **_ANSWER),
    # Campaigns
    _get("/campaigns", LAB),
    _get("/campaigns/new", LAB),
    _form("/campaigns", LAB, name="New one", template="pairwise_preference", overlap=1),
    _get("/campaigns/{campaign}", LAB),
    _form("/campaigns/{campaign}/status", LEADS, status="paused"),
    _get("/campaigns/{campaign}/guidelines", LAB),
    _form("/campaigns/{campaign}/guidelines", LEADS, text="Read twice."),
    _get("/campaigns/{campaign}/import", LAB),
    _file("/campaigns/{campaign}/import/items"),
    _file("/campaigns/{campaign}/import/judgments"),
    _get("/campaigns/{campaign}/agreement", LAB),
    _form("/campaigns/{campaign}/measure", LAB),
    _get("/campaigns/{campaign}/items", LAB),
    _get("/campaigns/{campaign}/items/{item}", LAB),
    _get("/api/v1/campaigns", LAB, scope="campaigns:read"),
    _get("/api/v1/campaigns/{campaign}", LAB, scope="campaigns:read"),
    _get("/api/v1/campaigns/{campaign}/agreement", LAB, scope="campaigns:read"),
    _get("/api/v1/campaigns/{campaign}/consensus", LAB, scope="campaigns:read"),
    _get("/api/v1/campaigns/{campaign}/follow-ups", LAB, scope="campaigns:read"),
    _json(
        "/campaigns/{campaign}/follow-ups",
        LAB,
        "items:write",
        name="Edits",
        template="critique_and_edit",
    ),
    _file("/api/v1/campaigns/{campaign}/items", scope="items:write"),
    _file("/api/v1/campaigns/{campaign}/judgments", scope="items:write"),
    # Releases
    _get("/releases", LAB),
    _get("/campaigns/{campaign}/releases", LAB),
    _form("/campaigns/{campaign}/releases", ENGINEERS),
    _get("/releases/{release}", LAB),
    Rule(
        method="GET",
        path="/releases/{release}/download",
        roles=ENGINEERS,
        query={"exporter": "raw_judgments", "format": "jsonl"},
    ),
    Rule(
        method="GET",
        path="/releases/{release}/diff",
        roles=LAB,
        query={"before": "{release}"},
    ),
    _form("/releases/{release}/verify", LAB),
    _get("/api/v1/exporters", LAB, scope="releases:read"),
    _get("/api/v1/releases", LAB, scope="releases:read"),
    _get("/api/v1/campaigns/{campaign}/releases", LAB, scope="releases:read"),
    _json("/campaigns/{campaign}/releases", ENGINEERS, "releases:write", name="another"),
    Rule(
        method="POST",
        path="/api/v1/campaigns/{campaign}/releases/guarded",
        roles=ENGINEERS,
        scope="releases:write",
        query={"name": "guarded"},
        file=b'{"prompt": "x"}',
    ),
    _get("/api/v1/releases/{release}", LAB, scope="releases:read"),
    _get("/api/v1/releases/{release}/card", LAB, scope="releases:read"),
    Rule(
        method="GET",
        path="/api/v1/releases/{release}/diff",
        roles=LAB,
        scope="releases:read",
        query={"before": "{release}"},
    ),
    _json("/releases/{release}/verify", LAB, "releases:read"),
    _json("/releases/{release}/preview", LAB, "releases:read", exporter="raw_judgments"),
    _json("/releases/{release}/exports", ENGINEERS, "releases:read", exporter="raw_judgments"),
    _get("/api/v1/releases/{release}/exports/{export}/{file}", ENGINEERS, scope="releases:read"),
    # The organization
    _get("/people", ADMIN),
    _form("/people", ADMIN, email="new@example.org", name="New", role="expert"),
    _get("/people/{person}", ADMIN),
    _form("/people/{person}/role", ADMIN, role="expert"),
    _form("/people/{person}/deactivate", ADMIN),
    _form("/people/{person}/reactivate", ADMIN),
    _form("/people/{person}/password", ADMIN),
    _get("/api-tokens", ADMIN),
    _form("/api-tokens/{token}/revoke", ADMIN),
    _get("/audit", ADMIN),
)

PUBLIC = frozenset(
    {
        "GET /healthz",
        "GET /readyz",
        "GET /metrics",
        "GET /sign-in",
        "POST /sign-in",
        "GET /api/v1/openapi.json",
    }
)
