"""API tokens: one's own, and for an admin all of the organization's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from pydantic import BaseModel, Field

from workbench.database.paging import Page
from workbench.models import Role
from workbench.people.queries import TokenRow, list_tokens
from workbench.people.tokens import SCOPES_OF_ROLE, Scope, create_token, revoke_token
from workbench.web.edge import Edge, allow
from workbench.web.forms import refusals_to, see_other
from workbench.web.parameters import PageNumber
from workbench.web.templating import render

router = APIRouter(include_in_schema=False)

Anybody = Annotated[Edge, allow(*Role)]
Admin = Annotated[Edge, allow(Role.ADMIN)]

_MEANINGS = {
    Scope.CAMPAIGNS_READ: "read campaigns, items, agreement and consensus",
    Scope.ITEMS_WRITE: "import items and judgments",
    Scope.RELEASES_READ: "read and download releases",
    Scope.RELEASES_WRITE: "freeze releases",
    Scope.JUDGE: "do this person's own judging",
}
_LIVES = ((30, "30 days"), (90, "90 days"), (365, "a year"), (0, "until it is revoked"))


@dataclass(frozen=True, slots=True)
class TokensContext:
    tokens: Page[TokenRow]
    scopes: tuple[tuple[Scope, str], ...]
    lives: tuple[tuple[int, str], ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class OrganizationTokensContext:
    tokens: Page[TokenRow]
    now: datetime


class TokenForm(BaseModel):
    name: str = Field(max_length=200)
    scopes: list[Scope] = []
    days: int = Field(default=90, ge=0, le=3650)


@router.get("/account/tokens")
def tokens_page(request: Request, edge: Anybody, page: PageNumber = 1) -> Response:
    with edge.read() as work:
        context = TokensContext(
            tokens=list_tokens(
                work.session,
                organization_id=work.actor.organization_id,
                membership_id=work.actor.membership_id,
                page=page,
            ),
            scopes=tuple((scope, _MEANINGS[scope]) for scope in SCOPES_OF_ROLE[work.actor.role]),
            lives=_LIVES,
            now=work.now,
        )
    return render(request, "tokens.html", context)


@router.post("/account/tokens")
def add_token(request: Request, edge: Anybody, form: Annotated[TokenForm, Form()]) -> Response:
    with refusals_to(request, "tokens_page"), edge.write() as work:
        token, secret = create_token(
            work.session,
            membership_id=work.actor.membership_id,
            name=form.name,
            scopes=form.scopes,
            now=work.now,
            expires_at=work.now + timedelta(days=form.days) if form.days else None,
        )
    notice = f"The token “{token.name}” is ready. Copy it now: it is not shown again."
    return see_other(request, "tokens_page", notice=notice, secret=secret)


@router.post("/account/tokens/{token}/revoke")
def revoke_own_token_form(request: Request, edge: Anybody, token: str) -> Response:
    with edge.write() as work:
        revoke_token(
            work.session,
            organization_id=work.actor.organization_id,
            membership_id=work.actor.membership_id,
            token_public_id=token,
            now=work.now,
            actor=work.actor.person_public_id,
        )
    return see_other(request, "tokens_page", notice="The token is revoked.")


@router.get("/api-tokens")
def organization_tokens_page(request: Request, edge: Admin, page: PageNumber = 1) -> Response:
    with edge.read() as work:
        context = OrganizationTokensContext(
            tokens=list_tokens(work.session, organization_id=work.actor.organization_id, page=page),
            now=work.now,
        )
    return render(request, "organization_tokens.html", context)


@router.post("/api-tokens/{token}/revoke")
def revoke_any_token(request: Request, edge: Admin, token: str) -> Response:
    with edge.write() as work:
        revoke_token(
            work.session,
            organization_id=work.actor.organization_id,
            token_public_id=token,
            now=work.now,
            actor=work.actor.person_public_id,
        )
    return see_other(request, "organization_tokens_page", notice="The token is revoked.")
