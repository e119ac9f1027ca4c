"""Fill the demo organization through the use cases that real work goes through."""

from __future__ import annotations

import random
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from workbench.aggregation.refresh import refresh_campaign
from workbench.assignment.queue import Lease, claim_next
from workbench.campaigns.campaign import create_campaign
from workbench.cli.demo.content import DemoItem, SimulatedExpert, load_experts, load_items
from workbench.cli.demo.simulation import grade_solution, judge_comparison, seconds_on
from workbench.clock import Clock, FixedClock
from workbench.database.session import Database
from workbench.importing.items import import_items
from workbench.judging.submission import submit_judgment
from workbench.models import AnnotatorKind, Item, Position, Role
from workbench.people.annotators import ensure_annotator
from workbench.people.members import add_member, create_person
from workbench.people.organizations import create_organization
from workbench.releases.freeze import freeze_release
from workbench.releases.snapshot import Filters
from workbench.settings import Settings

ORGANIZATION = "Demo Lab"
ACTOR = "demo"
OVERLAP = 5
SEED = 20260501
WORK_BEGAN = timedelta(days=9)
LEASE = timedelta(hours=2)

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class DemoSignIn:
    role: Role
    name: str
    email: str
    password: str


@dataclass(frozen=True, kw_only=True)
class DemoCampaign:
    name: str
    content: str
    template_key: str
    options: Mapping[str, Any]


CAMPAIGNS = (
    DemoCampaign(
        name="Helpful and correct",
        content="comparisons",
        template_key="pairwise_preference",
        options={},
    ),
    DemoCampaign(
        name="Reasoning, step by step",
        content="solutions",
        template_key="step_grading",
        options={"stop_at_first_error": True, "show_reference": True},
    ),
)

_PEOPLE = (
    (Role.ADMIN, "Ada Admin"),
    (Role.QA_LEAD, "Quinn Lead"),
    (Role.ENGINEER, "Eli Engineer"),
    (Role.EXPERT, "Erin Expert"),
)


def fill_demo(
    database: Database, settings: Settings, *, clock: Clock, progress: Progress
) -> list[DemoSignIn]:
    """Add the demo organization with people, campaigns, simulated judgments and a release."""
    sign_ins = [
        DemoSignIn(
            role=role,
            name=name,
            email=f"{role.value.replace('_', '-')}@demo.example",
            password=secrets.token_urlsafe(9),
        )
        for role, name in _PEOPLE
    ]
    progress("people")
    organization_id = _add_people(database, sign_ins, clock.now())
    experts = _add_experts(database, organization_id, clock.now())
    for number, demo in enumerate(CAMPAIGNS):
        progress(demo.name)
        items = load_items(demo.content)
        campaign_id = _add_campaign(database, organization_id, demo, clock)
        _import(database, campaign_id, items, clock)
        work_clock = FixedClock(clock.now() - WORK_BEGAN)
        work = _Work(database, campaign_id, {item.external_id: item for item in items}, work_clock)
        work.judge_all(experts, random.Random(SEED + number), demo.options)  # noqa: S311
        progress(f"{demo.name}: agreement and a first release")
        refresh_campaign(database, campaign_id=campaign_id, clock=clock)
        freeze_release(
            database,
            settings,
            campaign_id=campaign_id,
            name="v1",
            filters=Filters(min_judgments=2),
            actor=ACTOR,
            clock=clock,
        )
    return sign_ins


def _add_people(database: Database, sign_ins: list[DemoSignIn], now: datetime) -> int:
    with database.write() as session:
        organization = create_organization(session, name=ORGANIZATION, now=now)
        for sign_in in sign_ins:
            person = create_person(
                session,
                email=sign_in.email,
                name=sign_in.name,
                password=sign_in.password,
                now=now,
            )
            add_member(
                session,
                organization_id=organization.id,
                person_id=person.id,
                role=sign_in.role,
                now=now,
                actor=ACTOR,
            )
        return organization.id


def _add_experts(
    database: Database, organization_id: int, now: datetime
) -> list[tuple[int, SimulatedExpert]]:
    """Simulated experts are annotators without a sign-in."""
    experts = load_experts()
    with database.write() as session:
        return [
            (
                ensure_annotator(
                    session,
                    organization_id=organization_id,
                    name=expert.name,
                    kind=AnnotatorKind.PERSON,
                    now=now,
                    simulated=True,
                ).id,
                expert,
            )
            for expert in experts
        ]


def _add_campaign(
    database: Database, organization_id: int, demo: DemoCampaign, clock: Clock
) -> int:
    with database.write() as session:
        return create_campaign(
            session,
            organization_id=organization_id,
            name=demo.name,
            template_key=demo.template_key,
            overlap=OVERLAP,
            options=demo.options,
            simulated=True,
            now=clock.now(),
            actor=ACTOR,
        ).id


def _import(database: Database, campaign_id: int, items: list[DemoItem], clock: Clock) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "items.jsonl"
        path.write_bytes(b"".join(to_json(item.row) + b"\n" for item in items))
        import_items(database, campaign_id=campaign_id, path=path, actor=ACTOR, clock=clock)


class _Work:
    """The simulated experts at work on one campaign, by a clock of their own."""

    def __init__(
        self,
        database: Database,
        campaign_id: int,
        items: Mapping[str, DemoItem],
        clock: FixedClock,
    ) -> None:
        self._database = database
        self._campaign_id = campaign_id
        self._items = items
        self._clock = clock

    def judge_all(
        self,
        experts: list[tuple[int, SimulatedExpert]],
        chance: random.Random,
        options: Mapping[str, Any],
    ) -> None:
        """Let each expert work in turns until most items are judged, and leave some to a visitor."""
        stop = bool(options.get("stop_at_first_error"))
        for turn in self._turns(experts, chance):
            expert_id, expert = turn
            lease = self._claim(expert_id)
            if lease is None:
                continue
            item = self._item(lease)
            if len(lease.presentation) > 1:
                value = judge_comparison(expert, item, lease.presentation, chance)
            else:
                value = grade_solution(expert, item, chance, stop_at_first_error=stop)
            seconds = seconds_on(expert, chance)
            self._clock.advance(timedelta(seconds=seconds))
            self._submit(expert_id, lease, value, seconds)

    def _turns(
        self, experts: list[tuple[int, SimulatedExpert]], chance: random.Random
    ) -> Iterator[tuple[int, SimulatedExpert]]:
        """Everyone judges about two thirds of the items, in sittings on different days."""
        sittings = [expert for expert in experts for _ in range(3)]
        chance.shuffle(sittings)
        per_sitting = round(len(self._items) * 0.23)
        for sitting in sittings:
            for _ in range(per_sitting):
                yield sitting
            self._clock.advance(timedelta(hours=chance.uniform(5, 9)))

    def _claim(self, expert_id: int) -> Lease | None:
        with self._database.write() as session:
            return claim_next(
                session,
                campaign_id=self._campaign_id,
                expert_id=expert_id,
                position=Position.CURRENT,
                now=self._clock.now(),
                lease_for=LEASE,
            )

    def _item(self, lease: Lease) -> DemoItem:
        with self._database.read() as session:
            return self._items[session.get_one(Item, lease.item_id).external_id]

    def _submit(
        self, expert_id: int, lease: Lease, value: Mapping[str, Any], seconds: float
    ) -> None:
        template, options = lease.task.template, lease.task.options
        judgment = template.judgment_model.model_validate(value)
        with self._database.write() as session:
            submit_judgment(
                session,
                assignment=lease.assignment,
                expert_id=expert_id,
                actor=ACTOR,
                token=lease.token,
                result=template.encode(judgment, lease.item, lease.presentation, options),
                active_seconds=seconds * 0.9,
                now=self._clock.now(),
                lease_for=LEASE,
            )
