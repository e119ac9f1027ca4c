"""The rows of a release: items, judgments under pseudonyms, consensus and training records."""

from __future__ import annotations

import hmac
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Text, select, type_coerce
from sqlalchemy.orm import Session

from workbench.aggregation.consensus import NO_JUDGMENTS, SettledItem, infer_by_methods
from workbench.agreement.reliability import Reliability
from workbench.campaigns.pinning import options_of
from workbench.contracts.images import find_images
from workbench.contracts.record_schemas import (
    CONSENSUS_SCHEMA,
    IMAGES,
    ITEM_SCHEMA,
    record_schema,
)
from workbench.contracts.records import (
    Given,
    GivenResult,
    LabelStudioTask,
    RecordKind,
    record_kind,
)
from workbench.contracts.rendering import undrawn
from workbench.contracts.task_template import AnyTemplate, ConsensusMethod
from workbench.identifiers import Prefix, canonical_json
from workbench.models import Annotator, AnnotatorKind, Campaign, Item, Judgment
from workbench.releases.files import GroupedParquet, WrittenFile
from workbench.releases.prompts import Prompts, hash_prompt

ITEMS, JUDGMENTS, CONSENSUS, LEFT_OUT = (
    "items.parquet",
    "judgments.parquet",
    "consensus.parquet",
    "left_out.parquet",
)
TIE = "tie"
SETTLED = "settled"

_FILES_OF_EVERY_RELEASE = {
    RecordKind.ITEM: ITEMS,
    RecordKind.CONSENSUS: CONSENSUS,
    RecordKind.JUDGMENT: JUDGMENTS,
}


def records_file(kind: RecordKind) -> str:
    return _FILES_OF_EVERY_RELEASE.get(kind, f"records_{kind}.parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What an item needs for its consensus to be released."""

    min_judgments: int = 1
    min_confidence: float = 0.0
    drop_ties: bool = False


@dataclass(slots=True)
class Step:
    """One filter: how many items came in, and how many it left out for what reason."""

    name: str
    left_out: Counter[str] = field(default_factory=Counter)
    n_in: int = 0
    rows: int | None = None

    def as_document(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "step": self.name,
            "in": self.n_in,
            "out": self.n_in - self.left_out.total(),
            "left_out": dict(sorted(self.left_out.items())),
        }
        return document if self.rows is None else document | {"rows": self.rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a release holds; `judgments` counts superseded ones too, `current` does not."""

    items: int
    judgments: int
    current: int
    simulated: int
    people: int
    models: int
    template_versions: Mapping[str, int]
    guideline_versions: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    files: Sequence[WrittenFile]
    steps: Sequence[Step]
    counts: Counts


@dataclass(frozen=True, slots=True)
class _Giver:
    """An annotator as the release names it."""

    name: str
    kind: AnnotatorKind
    is_simulated: bool


class SnapshotWriter:
    """Writes the Parquet files of one release from one reading of the database."""

    def __init__(
        self,
        session: Session,
        campaign: Campaign,
        template: AnyTemplate,
        *,
        method: ConsensusMethod,
        filters: Filters,
        prompts: Prompts,
        folder: Path,
    ) -> None:
        self._session, self._campaign, self._template = session, campaign, template
        self._method, self._filters, self._prompts = method, filters, prompts
        self._givers = _givers(session, campaign)
        self._secret = secrets.token_bytes(32)
        self._gave = set[int]()
        self.images = set[str]()
        self._judgments = Counter[str]()
        self._template_versions, self._guideline_versions = Counter[str](), Counter[str]()
        self._options = options_of(campaign)
        self._kinds = [
            kind for kind in template.record_kinds if kind not in _FILES_OF_EVERY_RELEASE
        ]
        guard = () if prompts.excluded is None else ("contamination",)
        self._steps = {
            name: Step(name) for name in (*guard, "judgments", "consensus", "confidence", "ties")
        } | {f"records_{kind}": Step(f"records_{kind}", rows=0) for kind in self._kinds}
        self._files = {
            name: GroupedParquet(folder / name, schema)
            for name, schema in {
                ITEMS: ITEM_SCHEMA,
                JUDGMENTS: record_schema(RecordKind.JUDGMENT),
                CONSENSUS: CONSENSUS_SCHEMA,
                LEFT_OUT: CONSENSUS_SCHEMA,
                **{
                    records_file(kind): record_schema(kind)
                    for kind in (*self._kinds, RecordKind.LABEL_STUDIO_TASK)
                },
            }.items()
        }

    def write(self, reliability: Reliability) -> Iterator[int]:
        """Write everything and yield how many items are done."""
        done = 0
        for batch in infer_by_methods(
            self._session,
            campaign_id=self._campaign.id,
            methods=[self._method],
            reliability=reliability,
        ):
            self._write_batch(batch[self._method])
            done += len(batch[self._method])
            yield done

    def finish(self) -> Snapshot:
        given = [self._givers[id_] for id_ in self._gave]
        return Snapshot(
            files=[file.finish() for file in self._files.values()],
            steps=list(self._steps.values()),
            counts=Counts(
                items=next(iter(self._steps.values())).n_in,
                judgments=self._judgments["all"],
                current=self._judgments["current"],
                simulated=self._judgments["simulated"],
                people=sum(giver.kind is AnnotatorKind.PERSON for giver in given),
                models=sum(giver.kind is AnnotatorKind.MODEL for giver in given),
                template_versions=dict(sorted(self._template_versions.items())),
                guideline_versions=dict(sorted(self._guideline_versions.items())),
            ),
        )

    def close(self) -> None:
        """Close the files of a release that came to nothing."""
        for file in self._files.values():
            file.abandon()

    def _write_batch(self, items: Sequence[SettledItem]) -> None:
        prompt_hashes = {
            item.id: hash_prompt(self._template.prompt_text(item.content)) for item in items
        }
        images = {
            item.id: [image.sha256 or "" for _, image in find_images(item.content)]
            for item in items
        }
        self.images.update(*images.values())
        simulated, given = self._write_judgments(items)
        self._write_items(items, prompt_hashes, simulated)
        rows: dict[str, list[dict[str, Any]]] = {name: [] for name in self._files}
        for item in items:
            outcome = self._outcome(item)
            row = _consensus_row(item, outcome, simulated=item.id in simulated)
            reason = self._reason_to_leave_out(item, outcome)
            if reason is not None:
                rows[LEFT_OUT].append(row | {"reason": reason})
                continue
            rows[CONSENSUS].append(row)
            provenance = {
                "item_id": item.public_id,
                "external_id": item.external_id,
                "prompt_hash": prompt_hashes[item.id],
                "split_group": self._prompts.group_of(item.id),
                "method": str(self._method),
                "confidence": item.settlement.confidence,
                "disagreement": item.disagreement,
                "n_judgments": item.n_judgments,
                "simulated": item.id in simulated,
                IMAGES: images[item.id],
            }
            for name, records in self._records(item, outcome, given[item.id]).items():
                rows[name] += [record | provenance for record in records]
        for name, added in rows.items():
            self._files[name].add(added)

    def _outcome(self, item: SettledItem) -> str | None:
        if item.settlement.value is None:
            return None
        outcome = self._template.outcome
        return SETTLED if outcome is None else outcome(item.settlement.value)

    def _reason_to_leave_out(self, item: SettledItem, outcome: str | None) -> str | None:
        """Take the item through the filters, each of which counts what it leaves out."""
        reasons = {
            "contamination": self._prompts.contamination_of(item.id),
            "judgments": self._lacks_judgments(item),
            "consensus": None if outcome is not None else item.settlement.reason or "no_consensus",
            "confidence": self._lacks_confidence(item),
            "ties": TIE if self._filters.drop_ties and outcome == TIE else None,
        }
        for name, step in self._steps.items():
            if name not in reasons:
                continue
            step.n_in += 1
            if (reason := reasons[name]) is not None:
                step.left_out[reason] += 1
                return reason
        return None

    def _lacks_judgments(self, item: SettledItem) -> str | None:
        if item.n_judgments == 0:
            return NO_JUDGMENTS
        return "below_min_judgments" if item.n_judgments < self._filters.min_judgments else None

    def _lacks_confidence(self, item: SettledItem) -> str | None:
        confidence = item.settlement.confidence or 0.0
        # A posterior of 0.9 may be stored as 0.8999…; it is not below a limit of 0.9.
        is_below = confidence < self._filters.min_confidence - 1e-9
        return "below_min_confidence" if is_below else None

    def _records(
        self, item: SettledItem, outcome: str | None, given: Sequence[Given]
    ) -> dict[str, list[dict[str, Any]]]:
        rows: dict[str, list[dict[str, Any]]] = {records_file(kind): [] for kind in self._kinds}
        rows[records_file(RecordKind.LABEL_STUDIO_TASK)] = [asdict(self._task(item, given))]
        for record in self._template.records(item.content, item.settlement, given):
            rows[records_file(record_kind(record))].append(asdict(record))
        for kind in self._kinds:
            step = self._steps[f"records_{kind}"]
            added = len(rows[records_file(kind)])
            step.n_in += 1
            step.rows = (step.rows or 0) + added
            if not added:
                step.left_out[self._unrecorded(item, outcome)] += 1
        return rows

    def _task(self, item: SettledItem, given: Sequence[Given]) -> LabelStudioTask:
        order = tuple(range(self._template.candidates(item.content)))
        with undrawn():
            data = self._template.show(item.content, order, self._options)
        return LabelStudioTask(
            data=canonical_json(data).decode(),
            annotations=[
                GivenResult(
                    annotator=one.annotator,
                    result=canonical_json(
                        self._template.encode(one.value, item.content, order, self._options)
                    ).decode(),
                    created_at=one.created_at,
                    seconds=one.seconds,
                )
                for one in given
            ],
        )

    def _unrecorded(self, item: SettledItem, outcome: str | None) -> str:
        reason = self._template.unrecorded
        if reason is not None:
            return reason(item.content, item.settlement.value)
        return outcome or SETTLED

    def _write_items(
        self,
        items: Sequence[SettledItem],
        prompt_hashes: Mapping[int, str],
        simulated: frozenset[int],
    ) -> None:
        read = self._session.execute(
            select(
                Item.id,
                Item.public_id,
                Item.external_id,
                type_coerce(Item.content, Text),
                type_coerce(Item.item_metadata, Text),
                Item.content_hash,
                Item.created_at,
            )
            .where(Item.id.in_([item.id for item in items]))
            .order_by(Item.id)
        )
        self._files[ITEMS].add(
            [
                {
                    "item_id": public_id,
                    "external_id": external_id,
                    "content": content,
                    "metadata": metadata,
                    "content_hash": content_hash,
                    "prompt_hash": prompt_hashes[id_],
                    "split_group": self._prompts.group_of(id_),
                    "created_at": created_at,
                    "simulated": id_ in simulated,
                }
                for id_, public_id, external_id, content, metadata, content_hash, created_at in read
            ]
        )

    def _write_judgments(
        self, items: Sequence[SettledItem]
    ) -> tuple[frozenset[int], Mapping[int, Sequence[Given]]]:
        """Write the items' judgments.

        Returns:
            The items with a simulated one, and the judgments that each was settled by.
        """
        by_id = {item.id: item for item in items}
        read = self._session.execute(
            select(*_JUDGMENT_COLUMNS)
            .where(Judgment.item_id.in_(list(by_id)))
            .order_by(Judgment.item_id, Judgment.id)
        ).all()
        veiled = {row.id: self._veiled(row.public_id) for row in read}
        superseded = {row.supersedes_id for row in read}
        simulated = set[int]()
        rows = []
        for row in read:
            giver = self._givers[row.annotator_id]
            is_simulated = giver.is_simulated or self._campaign.is_simulated
            is_superseded = row.id in superseded
            if is_simulated:
                simulated.add(row.item_id)
            self._count(row, is_simulated=is_simulated, is_superseded=is_superseded)
            rows.append(
                {
                    "judgment_id": veiled[row.id],
                    "item_id": by_id[row.item_id].public_id,
                    "external_id": by_id[row.item_id].external_id,
                    "annotator": giver.name,
                    "annotator_kind": str(giver.kind),
                    "value": row.value_text,
                    "presentation": row.presentation,
                    "created_at": row.created_at,
                    "seconds": row.seconds,
                    "active_seconds": row.active_seconds,
                    "template_version": row.template_version,
                    "guideline_version": row.guideline_version,
                    "origin": str(row.origin),
                    "surplus": row.is_surplus,
                    "supersedes": veiled.get(row.supersedes_id),
                    "superseded": is_superseded,
                    "simulated": is_simulated,
                }
            )
        self._files[JUDGMENTS].add(rows)
        created_at = {row.id: row.created_at for row in read}
        given = {
            item.id: [
                Given(
                    annotator=self._givers[one.annotator_id].name,
                    value=one.value,
                    created_at=created_at[one.id],
                    seconds=one.seconds if one.active_seconds is None else one.active_seconds,
                )
                for one in item.judgments
            ]
            for item in items
        }
        return frozenset(by_id if self._campaign.is_simulated else simulated), given

    def _veiled(self, public_id: str) -> str:
        """Return an id of this release alone: with the real one pseudonyms could be joined."""
        digest = hmac.digest(self._secret, public_id.encode(), "sha256").hex()
        return f"{Prefix.JUDGMENT}_{digest[:16]}"

    def _count(self, row: Any, *, is_simulated: bool, is_superseded: bool) -> None:
        self._gave.add(row.annotator_id)
        self._judgments.update(
            {"all": 1, "current": not is_superseded, "simulated": int(is_simulated)}
        )
        self._template_versions[row.template_version] += 1
        if row.guideline_version is not None:
            self._guideline_versions[str(row.guideline_version)] += 1


_JUDGMENT_COLUMNS = (
    Judgment.id,
    Judgment.public_id,
    Judgment.item_id,
    Judgment.annotator_id,
    Judgment.supersedes_id,
    type_coerce(Judgment.value, Text).label("value_text"),
    Judgment.presentation,
    Judgment.template_version,
    Judgment.guideline_version,
    Judgment.origin,
    Judgment.is_surplus,
    Judgment.seconds,
    Judgment.active_seconds,
    Judgment.created_at,
)


def _givers(session: Session, campaign: Campaign) -> dict[int, _Giver]:
    """Name the annotators of a release: models by their names, people by numbers drawn anew.

    The order is drawn from the system's randomness and kept nowhere, so that the people of two
    releases cannot be joined by it.
    """
    annotators = list(
        session.scalars(
            select(Annotator).where(
                Annotator.id.in_(
                    select(Judgment.annotator_id).where(Judgment.campaign_id == campaign.id)
                )
            )
        )
    )
    secrets.SystemRandom().shuffle(annotators)
    people = [one.id for one in annotators if one.kind is AnnotatorKind.PERSON]
    width = max(3, len(str(len(people))))
    pseudonyms = {id_: f"annotator-{number:0{width}}" for number, id_ in enumerate(people, 1)}
    return {
        one.id: _Giver(pseudonyms.get(one.id, one.name), one.kind, one.is_simulated)
        for one in annotators
    }


def _consensus_row(item: SettledItem, outcome: str | None, *, simulated: bool) -> dict[str, Any]:
    settlement = item.settlement
    value = settlement.value
    return {
        "item_id": item.public_id,
        "external_id": item.external_id,
        "value": None if value is None else canonical_json(value).decode(),
        "outcome": outcome,
        "reason": settlement.reason,
        "confidence": settlement.confidence,
        "margin": settlement.margin,
        "disagreement": item.disagreement,
        "n_judgments": item.n_judgments,
        "simulated": simulated,
    }
