"""Who is asking, and their API tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from workbench.models import Role
from workbench.people.queries import list_tokens
from workbench.people.tokens import Scope, create_token, revoke_token
from workbench.web.edge import ANY_SCOPE, Edge, allow
from workbench.web.parameters import PageNumber

router = APIRouter(prefix="/api/v1", tags=["people"])

Anybody = Annotated[Edge, allow(*Role, scope=ANY_SCOPE)]
AnySession = Annotated[Edge, allow(*Role)]


class Me(BaseModel):
    id: str
    name: str
    email: str
    role: Role
    organization: str
    organization_name: str
    scopes: list[str] | None = Field(description="Null for a browser session.")


class NewToken(BaseModel):
    name: str = Field(max_length=200)
    scopes: list[Scope]
    expires_at: AwareDatetime | None = None


class Token(BaseModel):
    id: str
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class TokenWithSecret(Token):
    secret: str = Field(description="Shown this once.")


class TokenPage(BaseModel):
    tokens: list[Token]
    page: int
    pages: int
    total: int


@router.get("/me", operation_id="get_me")
def get_me(edge: Anybody) -> Me:
    """Say who the caller is and what the API token may be used for."""
    with edge.read() as work:
        actor = work.actor
    return Me(
        id=actor.person_public_id,
        name=actor.name,
        email=actor.email,
        role=actor.role,
        organization=actor.organization_public_id,
        organization_name=actor.organization_name,
        scopes=None if actor.scopes is None else sorted(actor.scopes),
    )


@router.get("/tokens", operation_id="list_tokens")
def list_own_tokens(edge: AnySession, page: PageNumber = 1) -> TokenPage:
    """List one's own API tokens in this organization, newest first."""
    with edge.read() as work:
        found = list_tokens(
            work.session,
            organization_id=work.actor.organization_id,
            membership_id=work.actor.membership_id,
            page=page,
        )
    tokens = [
        Token(
            id=row.public_id,
            name=row.name,
            scopes=list(row.scopes),
            created_at=row.created_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
            revoked_at=row.revoked_at,
        )
        for row in found.rows
    ]
    return TokenPage(tokens=tokens, page=found.number, pages=found.pages, total=found.total)


@router.post("/tokens", status_code=201, operation_id="create_token")
def create_own_token(new: NewToken, edge: AnySession) -> TokenWithSecret:
    """Add an API token; its secret is in this answer and nowhere else."""
    with edge.write() as work:
        token, secret = create_token(
            work.session,
            membership_id=work.actor.membership_id,
            name=new.name,
            scopes=new.scopes,
            now=work.now,
            expires_at=new.expires_at,
        )
    return TokenWithSecret(
        id=token.public_id,
        name=token.name,
        scopes=token.scopes,
        created_at=token.created_at,
        expires_at=token.expires_at,
        last_used_at=None,
        revoked_at=None,
        secret=secret,
    )


@router.delete("/tokens/{token}", status_code=204, operation_id="revoke_token")
def revoke_own_token(token: str, edge: AnySession) -> None:
    """End one of one's own API tokens."""
    with edge.write() as work:
        revoke_token(
            work.session,
            organization_id=work.actor.organization_id,
            membership_id=work.actor.membership_id,
            token_public_id=token,
            now=work.now,
            actor=work.actor.person_public_id,
        )
