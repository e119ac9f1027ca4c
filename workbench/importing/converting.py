"""Rows of a published format on their way to rows of items and judgments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_jsonable_python
from sqlalchemy import select

from workbench.contracts.faults import shown
from workbench.contracts.importer import (
    AnyImporter,
    Imported,
    ImportedJudgment,
    ImportOptions,
    NotCarried,
)
from workbench.database.session import Database
from workbench.errors import BadRow, JudgmentInvalid
from workbench.importing.judgment_rows import parse_judgment
from workbench.importing.pipeline import Target
from workbench.importing.rows import Row, RowRejected, find_unstorable, plain, read_as
from workbench.models import Annotator, AnnotatorKind, Item


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a row says, as rows that can be imported."""

    item: Mapping[str, Any] | None
    judgments: Sequence[Mapping[str, Any]]
    left_behind: Sequence[BadRow]


class RowConverter:
    """Converts rows and holds what they say against the campaign that they are for."""

    def __init__(
        self, database: Database, target: Target, importer: AnyImporter, options: ImportOptions
    ) -> None:
        self.importer = importer
        self._database, self._target, self._options = database, target, options
        self._kinds: dict[str, AnnotatorKind] = {}

    def convert(self, rows: Sequence[Row]) -> Iterator[tuple[Row, Said | RowRejected]]:
        """Return what each row says, or what is wrong with it."""
        read = [(row, self._read(row)) for row in rows]
        wanted = {
            said.external_id for _, said in read if isinstance(said, Imported) and said.item is None
        }
        contents = self._find_contents(wanted) if wanted else {}
        self._learn_kinds(said for _, said in read if isinstance(said, Imported))
        for row, said in read:
            if isinstance(said, RowRejected):
                yield row, said
                continue
            try:
                yield row, self._fit(row.line, said, contents)
            except RowRejected as rejection:
                yield row, rejection

    def _read(self, row: Row) -> Imported | RowRejected:
        if row.fault is not None:
            return RowRejected([row.fault])
        fields = row.fields or {}
        fault = find_unstorable(fields, row.line)
        if fault is not None:
            return RowRejected([fault])
        known = self.importer.row.model_fields
        given = {name: value if name in known else plain(value) for name, value in fields.items()}
        try:
            said: Imported = self.importer.convert(
                read_as(self.importer.row, given, line=row.line), self._options
            )
        except RowRejected as rejection:
            return rejection
        except NotCarried as refusal:
            return RowRejected([_at(row.line, refusal.row)])
        return said

    def _find_contents(self, external_ids: set[str]) -> dict[str, Any]:
        model = self._target.template.item_model
        with self._database.read() as session:
            rows = session.execute(
                select(Item.external_id, Item.content).where(
                    Item.campaign_id == self._target.id, Item.external_id.in_(external_ids)
                )
            )
            return {external_id: model.model_validate(content) for external_id, content in rows}

    def _learn_kinds(self, imported: Iterable[Imported]) -> None:
        """Find out which of the annotators are there already, and as what."""
        names = {judgment.annotator for said in imported for judgment in said.judgments}
        unknown = names - self._kinds.keys()
        if not unknown:
            return
        with self._database.read() as session:
            rows = session.execute(
                select(Annotator.name, Annotator.kind).where(
                    Annotator.organization_id == self._target.organization_id,
                    Annotator.name.in_(unknown),
                )
            )
            self._kinds |= dict(rows.all())

    def _fit(self, line: int, said: Imported, contents: Mapping[str, Any]) -> Said:
        if said.item is None:
            content = contents.get(said.external_id)
            if content is None:
                raise RowRejected(
                    [
                        BadRow(
                            line=line,
                            field="external_id",
                            problem=f"{shown(said.external_id)} is no item of this campaign",
                            expected="the external_id of an imported item",
                        )
                    ]
                )
            item = None
        else:
            content = read_as(self._target.template.item_model, said.item, line=line, prefix="item")
            item = {
                "external_id": said.external_id,
                **said.item,
                "metadata": to_jsonable_python(said.metadata),
            }
        faults: list[BadRow] = []
        judgments = []
        for place, judgment in enumerate(said.judgments):
            try:
                judgments.append(self._judgment(line, said.external_id, judgment, content))
            except RowRejected as rejection:
                faults += [_under(f"judgments[{place}]", fault) for fault in rejection.faults]
        if faults:
            raise RowRejected(faults)
        behind = [_at(line, row) for row in said.left_behind]
        return Said(item=item, judgments=judgments, left_behind=behind)

    def _judgment(
        self, line: int, external_id: str, judgment: ImportedJudgment, content: Any
    ) -> Mapping[str, Any]:
        template, options = self._target.template, self._target.options
        kind = AnnotatorKind(judgment.kind)
        known = self._kinds.setdefault(judgment.annotator, kind)
        if known is not kind:
            problem = f"is {shown(judgment.annotator)}, who is a {known} and no {kind}"
            row = BadRow(line=line, field="annotator", problem=problem, expected="another name")
            raise RowRejected([row])
        fields: dict[str, Any] = {
            "external_id": external_id,
            "annotator": judgment.annotator,
            "annotator_kind": str(judgment.kind),
            "seconds": judgment.seconds,
        }
        if judgment.created_at is not None:
            fields["created_at"] = judgment.created_at.isoformat()
        try:
            if judgment.result is None:
                fields["value"] = judgment.value
            else:
                order = tuple(range(template.candidates(content)))
                decoded = template.decode(judgment.result, content, order, options)
                fields["value"] = decoded.model_dump(mode="json")
            parsed = parse_judgment(Row(line, None, fields=fields), template.judgment_model)
            value = template.judgment_model.model_validate_json(parsed.body)
            template.check(value, content, options)
        except JudgmentInvalid as invalid:
            rows = invalid.rows or (
                BadRow(field="", problem=invalid.message, expected="a judgment that fits its item"),
            )
            raise RowRejected([_under("value", _at(line, row)) for row in rows]) from None
        return fields


def _at(line: int, row: BadRow) -> BadRow:
    return BadRow(line=line, field=row.field, problem=row.problem, expected=row.expected)


def _under(prefix: str, row: BadRow) -> BadRow:
    field = f"{prefix}.{row.field}" if row.field else prefix
    return BadRow(line=row.line, field=field, problem=row.problem, expected=row.expected)
