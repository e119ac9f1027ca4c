"""`workbench campaign`: create campaigns, see how far they are, pause and close them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli.environment import (
    ACTOR,
    CampaignReference,
    Environment,
    InOrganization,
    find_campaign,
    open_environment,
)
from workbench.cli.measure import MethodName
from workbench.cli.output import AsJson, answer, table
from workbench.errors import BadRequest, NotFound

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import RenderableType
    from sqlalchemy.orm import Session

    from workbench.contracts.records import RecordKind
    from workbench.follow_ups.issue import Issued
    from workbench.models import CampaignStatus, Organization

app = typer.Typer(help="Runs of annotation.", no_args_is_help=True)


@app.command("create")
def create(
    name: Annotated[str, typer.Option(help="A name of its own within the organization.")],
    organization: Annotated[
        str, typer.Option(metavar="O", help="Name or id of the organization it belongs to.")
    ],
    template: Annotated[
        str, typer.Option(help="The task type: pairwise_preference, step_grading, …")
    ],
    overlap: Annotated[int, typer.Option(metavar="K", help="Judgments wanted per item.")] = 1,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="An option of the task type; may be repeated."),
    ] = None,
    create_organization: Annotated[
        bool, typer.Option("--create-organization", help="Add the organization if it is new.")
    ] = False,
    guidelines: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Markdown; the task type's own unless given."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create a campaign, open for work."""
    from workbench.campaigns.campaign import create_campaign
    from workbench.campaigns.queries import summarize_campaign

    options = split_options(option or [])
    text = None if guidelines is None else _read_text(guidelines)
    with open_environment() as environment, environment.database.write() as session:
        now = environment.clock.now()
        owner = _organization(session, organization, create=create_organization, now=now)
        made = create_campaign(
            session,
            organization_id=owner.id,
            name=name,
            template_key=template,
            overlap=overlap,
            options=options,
            guidelines=text,
            now=now,
            actor=ACTOR,
        )
        summary = summarize_campaign(session, made)
    answer(
        summary.as_document(),
        f"Created the campaign {summary.name} ({summary.public_id}) of {summary.organization_name}:"
        f" {summary.template_key}, {summary.overlap} judgments wanted per item.",
        as_json=as_json,
    )


@app.command("follow")
def follow(
    source: CampaignReference,
    name: Annotated[str, typer.Option(help="A name of its own within the organization.")],
    template: Annotated[
        str, typer.Option(help="The task type: critique_and_edit, step_grading, …")
    ],
    overlap: Annotated[int, typer.Option(metavar="K", help="Judgments wanted per item.")] = 1,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="An option of the task type; may be repeated."),
    ] = None,
    guidelines: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Markdown; the task type's own unless given."),
    ] = None,
    record: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="The records that items are made from: preference, response, …; "
            "the first that both task types know unless given.",
        ),
    ] = None,
    method: Annotated[
        MethodName, typer.Option("--consensus", help="How votes become a consensus.")
    ] = "majority",
    min_judgments: Annotated[
        int | None,
        typer.Option(help="Judgments an item needs; all that CAMPAIGN wants unless given."),
    ] = None,
    min_confidence: Annotated[
        float, typer.Option(help="Confidence that its consensus needs, from 0 to 1.")
    ] = 0.0,
    min_margin: Annotated[
        float | None, typer.Option(help="Margin that its consensus needs, in scale points.")
    ] = None,
    only_others: Annotated[
        bool,
        typer.Option("--only-others", help="Give items to none who judged what they come from."),
    ] = False,
    organization: InOrganization = None,
    as_json: AsJson = False,
) -> None:
    """Make a second task from what CAMPAIGN settles: edit the winner, grade its steps.

    What is settled already is issued at once, the rest by the worker as it is settled.
    """
    from workbench.contracts.task_template import ConsensusMethod
    from workbench.follow_ups.follow import Following, follow_campaign
    from workbench.follow_ups.queries import find_followed

    options = split_options(option or [])
    text = None if guidelines is None else _read_text(guidelines)
    following = Following(
        record=None if record is None else _record_kind(record),
        method=ConsensusMethod(method),
        min_judgments=min_judgments,
        min_confidence=min_confidence,
        min_margin=min_margin,
        only_others=only_others,
    )
    with open_environment() as environment:
        with environment.database.write() as session:
            made = follow_campaign(
                session,
                source=find_campaign(session, source, organization),
                name=name,
                template_key=template,
                overlap=overlap,
                options=options,
                guidelines=text,
                following=following,
                now=environment.clock.now(),
                actor=ACTOR,
            )
        issued = _issue(environment, made.id)
        with environment.database.read() as session:
            view = find_followed(session, made)
    if view is None:
        raise RuntimeError
    answer(
        {**view.as_document(), **_issued_document(issued)},
        f"{view.campaign_name} ({view.campaign}) follows {view.source_name}: its items come from "
        f"{view.record} records by {view.consensus}, from {view.min_judgments} judgments on. "
        f"{_issued_sentence(issued)}",
        as_json=as_json,
    )


@app.command("issue")
def issue(
    campaign: CampaignReference, organization: InOrganization = None, as_json: AsJson = False
) -> None:
    """Issue now what the campaign it follows has settled; the worker does it by itself."""
    from workbench.models import FollowUp

    with open_environment() as environment:
        with environment.database.read() as session:
            found = find_campaign(session, campaign, organization)
            if session.get(FollowUp, found.id) is None:
                message = (
                    f"the campaign {found.name!r} follows no other; "
                    "workbench campaign follow makes one that does"
                )
                raise BadRequest(message)
        issued = _issue(environment, found.id)
    answer(_issued_document(issued), _issued_sentence(issued), as_json=as_json)


def _issue(environment: Environment, campaign_id: int) -> Issued:
    from workbench.aggregation.refresh import refresh_campaign
    from workbench.follow_ups.issue import issue_follow_ups
    from workbench.models import FollowUp

    database, clock = environment.database, environment.clock
    with database.read() as session:
        source_id = session.get_one(FollowUp, campaign_id).source_id
    refresh_campaign(database, campaign_id=source_id, clock=clock)
    return issue_follow_ups(database, campaign_id=campaign_id, clock=clock, actor=ACTOR)


def _issued_document(issued: Issued) -> dict[str, Any]:
    return {"added": issued.added, "withdrawn": issued.withdrawn, "dealt_with": issued.outcomes}


def _issued_sentence(issued: Issued) -> str:
    told = f"{issued.added} items issued, {issued.withdrawn} taken back"
    others = {name: n for name, n in sorted(issued.outcomes.items()) if name != "issued"}
    waiting = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in others.items())
    return f"{told}; not issued: {waiting}." if waiting else f"{told}."


def _record_kind(text: str) -> RecordKind:
    from workbench.contracts.records import RecordKind

    try:
        return RecordKind(text)
    except ValueError:
        message = f"{text!r} is not one of {', '.join(RecordKind)}"
        raise typer.BadParameter(message, param_hint="--record") from None


def split_options(given: Sequence[str]) -> dict[str, str]:
    """Read `key=value` options; the same key twice is a slip, not a list."""
    options: dict[str, str] = {}
    for one in given:
        key, equals, value = one.partition("=")
        if not equals or not key.strip():
            message = f"{one!r} is not KEY=VALUE"
            raise typer.BadParameter(message, param_hint="--option")
        if key.strip() in options:
            message = f"{key.strip()!r} is given twice"
            raise typer.BadParameter(message, param_hint="--option")
        options[key.strip()] = value
    return options


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        message = f"{path} is not UTF-8"
        raise BadRequest(message) from error
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise BadRequest(message) from error


def _organization(session: Session, reference: str, *, create: bool, now: datetime) -> Organization:
    from workbench.people.organizations import create_organization, get_organization

    try:
        return get_organization(session, reference=reference)
    except NotFound as error:
        if create:
            return create_organization(session, name=reference, now=now)
        message = f"{error.message}; --create-organization adds it"
        raise NotFound(message) from None


@app.command("list")
def list_all(
    organization: InOrganization = None,
    status: Annotated[
        str | None, typer.Option(metavar="open|paused|closed", help="Only those.")
    ] = None,
    page: Annotated[int, typer.Option(min=1, help="Which page.")] = 1,
    page_size: Annotated[int, typer.Option(min=1, max=200, help="Campaigns on a page.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List campaigns, the newest first, with how far they are."""
    from workbench.campaigns.queries import list_campaigns
    from workbench.people.organizations import get_organization

    wanted = None if status is None else _status(status)
    with open_environment() as environment, environment.database.read() as session:
        within = None
        if organization is not None:
            within = get_organization(session, reference=organization).id
        found = list_campaigns(
            session, organization_id=within, status=wanted, page=page, page_size=page_size
        )
    answer(
        {
            "campaigns": [campaign.as_document() for campaign in found.rows],
            "page": found.number,
            "pages": found.pages,
            "total": found.total,
        },
        lambda: table(
            (
                "campaign",
                "organization",
                "task type",
                "status",
                "items",
                "finished",
                "judgments",
                "id",
            ),
            (
                (
                    campaign.name,
                    campaign.organization_name,
                    campaign.template_key,
                    campaign.status,
                    campaign.items,
                    campaign.finished_items,
                    campaign.judgments,
                    campaign.public_id,
                )
                for campaign in found.rows
            ),
        ),
        as_json=as_json,
    )


def _status(text: str) -> CampaignStatus:
    from workbench.models import CampaignStatus

    try:
        return CampaignStatus(text)
    except ValueError:
        message = f"{text!r} is not one of {', '.join(CampaignStatus)}"
        raise typer.BadParameter(message, param_hint="--status") from None


@app.command("show")
def show(
    campaign: CampaignReference, organization: InOrganization = None, as_json: AsJson = False
) -> None:
    """Show one campaign: its task type, options, progress and guidelines."""
    from workbench.campaigns.pinning import guidelines_of
    from workbench.campaigns.queries import summarize_campaign

    with open_environment() as environment, environment.database.read() as session:
        found = find_campaign(session, campaign, organization)
        document = summarize_campaign(session, found).as_document()
        document["guidelines"] = guidelines_of(session, found)
    answer(document, lambda: _shown(document), as_json=as_json)


def _shown(document: dict[str, Any]) -> RenderableType:
    flat = {**document, **document["progress"], "organization": document["organization"]["name"]}
    options = (f"{key}={value}" for key, value in document["options"].items())
    flat["options"] = ", ".join(options)
    left_out = {"progress", "guidelines"}
    return table(
        ("", ""), ((key.replace("_", " "), flat[key]) for key in flat if key not in left_out)
    )


@app.command("open")
def open_(
    campaign: CampaignReference, organization: InOrganization = None, as_json: AsJson = False
) -> None:
    """Let experts work on it (again)."""
    _set_status(campaign, organization, "open", as_json=as_json)


@app.command("pause")
def pause(
    campaign: CampaignReference, organization: InOrganization = None, as_json: AsJson = False
) -> None:
    """Give out no more tasks until it is opened again."""
    _set_status(campaign, organization, "paused", as_json=as_json)


@app.command("close")
def close(
    campaign: CampaignReference, organization: InOrganization = None, as_json: AsJson = False
) -> None:
    """End it: no tasks, no imports, no revisions."""
    _set_status(campaign, organization, "closed", as_json=as_json)


def _set_status(reference: str, organization: str | None, wanted: str, *, as_json: bool) -> None:
    from workbench.assignment.lease import release_prefetched
    from workbench.campaigns.campaign import set_status
    from workbench.campaigns.queries import summarize_campaign
    from workbench.models import CampaignStatus

    with open_environment() as environment, environment.database.write() as session:
        now = environment.clock.now()
        campaign = find_campaign(session, reference, organization)
        set_status(session, campaign, CampaignStatus(wanted), now=now, actor=ACTOR)
        if campaign.status is not CampaignStatus.OPEN:
            release_prefetched(session, campaign_id=campaign.id, now=now)
        summary = summarize_campaign(session, campaign)
    answer(
        summary.as_document(),
        f"The campaign {summary.name} ({summary.public_id}) is {summary.status}.",
        as_json=as_json,
    )
