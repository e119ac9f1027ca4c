"""What a campaign is pinned to: its template, options and guidelines."""

from __future__ import annotations

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.contracts.registry import get_template
from workbench.contracts.task_template import AnyTemplate, Options
from workbench.errors import BadRequest, TemplateBroken
from workbench.models import Campaign, Guideline


def template_of(campaign: Campaign) -> AnyTemplate:
    """Return the campaign's task template, configured with the campaign's options.

    Raises:
        TemplateBroken: It is no longer installed, or refuses the options.
    """
    template = _installed(campaign)
    return template if template.configure is None else template.configure(options_of(campaign))


def _installed(campaign: Campaign) -> AnyTemplate:
    try:
        return get_template(campaign.template_key)
    except BadRequest as error:
        message = f"the campaign {campaign.name!r} needs a template that is missing: {error}"
        raise TemplateBroken(message) from error


def options_of(campaign: Campaign) -> Options:
    """Return the campaign's options under its template.

    Raises:
        TemplateBroken: The template no longer accepts what it accepted at the start.
    """
    template = _installed(campaign)
    try:
        options: Options = template.options_model.model_validate(campaign.options)
    except ValidationError as error:
        message = (
            f"{template.key} {template.version} refuses the options of the campaign "
            f"{campaign.name!r}, which began with {campaign.template_version}"
        )
        raise TemplateBroken(message) from error
    return options


def guidelines_of(session: Session, campaign: Campaign, *, version: int | None = None) -> str:
    """Return the text of one version of the guidelines, the present one by default."""
    wanted = campaign.guideline_version if version is None else version
    return session.scalars(
        select(Guideline.text).filter_by(campaign_id=campaign.id, version=wanted)
    ).one()
