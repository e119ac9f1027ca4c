"""Rendering pages: a frozen context in, HTML out."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.responses import HTMLResponse

from workbench.database.paging import Page
from workbench.models import Role
from workbench.people.actors import Actor
from workbench.people.tokens import SCOPES_OF_ROLE
from workbench.web.flash import Flash, clear_flash, take_flash
from workbench.web.navigation import Link, links_for

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

PRODUCT = "RLHF Workbench"
TEMPLATES = Path(__file__).parent / "templates"

ROLE_TITLES = {
    Role.ADMIN: "Admin",
    Role.QA_LEAD: "QA lead",
    Role.ENGINEER: "Engineer",
    Role.EXPERT: "Expert",
}
_NEIGHBOURS = 2


@dataclass(frozen=True, slots=True)
class Shell:
    """What surrounds every page."""

    product: str
    actor: Actor | None
    navigation: tuple[Link, ...]
    may_use_api: bool
    flash: Flash | None


def render(
    request: Request, template: str, context: DataclassInstance, *, status: int = 200
) -> HTMLResponse:
    """Return a page; the context's fields are the template's names."""
    actor: Actor | None = getattr(request.state, "actor", None)
    shell = Shell(
        product=PRODUCT,
        actor=actor,
        navigation=links_for(request, actor.role) if actor else (),
        may_use_api=actor is not None and bool(SCOPES_OF_ROLE[actor.role]),
        flash=take_flash(request),
    )
    names = {field.name: getattr(context, field.name) for field in fields(context)}
    html = environment.get_template(template).render(names, request=request, shell=shell)
    response = HTMLResponse(html, status)
    clear_flash(request, response)
    return response


@pass_context
def _url_for(context: Context, name: str, /, **path_parameters: Any) -> str:
    request: Request = context["request"]
    return str(request.url_for(name, **path_parameters))


@pass_context
def _static(context: Context, path: str) -> str:
    return _url_for(context, "static", path=path)


@pass_context
def _frontend(context: Context, path: str) -> str:
    return _url_for(context, "frontend", path=path)


@pass_context
def _page_url(context: Context, number: int) -> str:
    """Return the present page's address with another page number and the same filters."""
    request: Request = context["request"]
    return str(request.url.include_query_params(page=number))


def page_numbers(page: Page[Any]) -> list[int | None]:
    """Return the numbers a pager shows: the ends, the neighbours, None for a gap."""
    near = range(page.number - _NEIGHBOURS, page.number + _NEIGHBOURS + 1)
    shown = sorted({1, page.pages, *(number for number in near if 1 <= number <= page.pages)})
    numbers: list[int | None] = []
    for number in shown:
        before = numbers[-1] if numbers else None
        if before is not None and number > before + 1:
            numbers.append(None)
        numbers.append(number)
    return numbers


def moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def count(number: int) -> str:
    return f"{number:,}"


def share(number: float | None) -> str:
    return "–" if number is None else f"{number:.1%}"


def duration(seconds: float) -> str:
    """Return a time on task: seconds under a minute, then minutes and seconds."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60}:{whole % 60:02} min"


def initials(name: str) -> str:
    words = name.replace(".", " ").split()
    ends = words[:1] + words[1:][-1:]
    return "".join(word[0] for word in ends).upper() or "?"


def words(name: str) -> str:
    """Return an identifier as one would say it: `sign_in_failed` becomes `Sign in failed`."""
    return name.replace("_", " ").capitalize()


def role_pair(role: Role) -> tuple[str, str]:
    return role, ROLE_TITLES[role]


def word_pair(name: str) -> tuple[str, str]:
    return name, words(name)


def detail(value: Any) -> str:
    """Return a value out of an audit row as one line."""
    if isinstance(value, list):
        return ", ".join(detail(element) for element in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {detail(element)}" for key, element in value.items())
    return str(value)


def _environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.update(
        url_for=_url_for,
        static=_static,
        frontend=_frontend,
        page_url=_page_url,
        page_numbers=page_numbers,
    )
    env.filters.update(
        moment=moment,
        day=day,
        count=count,
        share=share,
        duration=duration,
        initials=initials,
        words=words,
        role_title=ROLE_TITLES.__getitem__,
        role_pair=role_pair,
        word_pair=word_pair,
        detail=detail,
    )
    return env


environment = _environment()
