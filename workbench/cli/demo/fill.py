"""Fill the demo organization through the use cases that real work goes through."""

from __future__ import annotations

import random
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from workbench.aggregation.refresh import refresh_campaign
from workbench.assignment.queue import Lease, claim_next
from workbench.campaigns.campaign import create_campaign
from workbench.cli.demo.content import DemoItem, SimulatedExpert, load_experts, load_items
from workbench.cli.demo.examples import example_items, judge_example, shared_options
from workbench.cli.demo.simulation import grade_solution, judge_comparison, seconds_on
from workbench.clock import Clock, FixedClock
from workbench.contracts.registry import task_templates
from workbench.contracts.task_template import RawResult
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


Judge = Callable[[SimulatedExpert, DemoItem, Lease, random.Random], RawResult]
"""How an expert answers the task of a lease, in the editor's form."""


@dataclass(frozen=True, kw_only=True)
class DemoCampaign:
    name: str
    template_key: str
    options: Mapping[str, Any]
    items: Sequence[DemoItem]
    judge: Judge


def campaigns() -> Iterator[DemoCampaign]:
    """Yield two with content of their own, then one of every other task type there is."""
    yield DemoCampaign(
        name="Helpful and correct",
        template_key="pairwise_preference",
        options={},
        items=load_items("comparisons"),
        judge=_compare,
    )
    yield DemoCampaign(
        name="Reasoning, step by step",
        template_key="step_grading",
        options={"stop_at_first_error": True, "show_reference": True},
        items=load_items("solutions"),
        judge=_grade,
    )
    for key, template in task_templates().items():
        if template.examples and key not in {"pairwise_preference", "step_grading"}:
            yield DemoCampaign(
                name=template.title,
                template_key=key,
                options=shared_options(template),
                items=example_items(template),
                judge=judge_example,
            )


def _compare(
    expert: SimulatedExpert, item: DemoItem, lease: Lease, chance: random.Random
) -> RawResult:
    return _encoded(judge_comparison(expert, item, lease.presentation, chance), lease)


def _grade(
    expert: SimulatedExpert, item: DemoItem, lease: Lease, chance: random.Random
) -> RawResult:
    return _encoded(grade_solution(expert, item, chance, stop_at_first_error=True), lease)


def _encoded(value: Mapping[str, Any], lease: Lease) -> RawResult:
    template, options = lease.task.template, lease.task.options
    judgment = template.judgment_model.model_validate(value)
    return template.encode(judgment, lease.item, lease.presentation, options)


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
    for number, demo in enumerate(campaigns()):
        progress(demo.name)
        campaign_id = _add_campaign(database, organization_id, demo, clock)
        _import(database, campaign_id, demo.items, clock)
        work_clock = FixedClock(clock.now() - WORK_BEGAN)
        work = _Work(database, campaign_id, demo, work_clock)
        work.judge_all(experts, random.Random(SEED + number))  # noqa: S311
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


def _import(database: Database, campaign_id: int, items: Sequence[DemoItem], clock: Clock) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "items.jsonl"
        path.write_bytes(b"".join(to_json(item.row) + b"\n" for item in items))
        import_items(database, campaign_id=campaign_id, path=path, actor=ACTOR, clock=clock)


class _Work:
    """The simulated experts at work on one campaign, by a clock of their own."""

    def __init__(
        self, database: Database, campaign_id: int, demo: DemoCampaign, clock: FixedClock
    ) -> None:
        self._database = database
        self._campaign_id = campaign_id
        self._items = {item.external_id: item for item in demo.items}
        self._judge = demo.judge
        self._clock = clock

    def judge_all(self, experts: list[tuple[int, SimulatedExpert]], chance: random.Random) -> None:
        """Let each expert work in turns until most items are judged, and leave some to a visitor."""
        for expert_id, expert in self._turns(experts, chance):
            lease = self._claim(expert_id)
            if lease is None:
                continue
            result = self._judge(expert, self._item(lease), lease, chance)
            seconds = seconds_on(expert, chance)
            self._clock.advance(timedelta(seconds=seconds))
            self._submit(expert_id, lease, result, seconds)

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

    def _submit(self, expert_id: int, lease: Lease, result: RawResult, seconds: float) -> None:
        with self._database.write() as session:
            submit_judgment(
                session,
                assignment=lease.assignment,
                expert_id=expert_id,
                actor=ACTOR,
                token=lease.token,
                result=result,
                active_seconds=seconds * 0.9,
                now=self._clock.now(),
                lease_for=LEASE,
            )
