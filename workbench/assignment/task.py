"""What a campaign's tasks have in common, parsed once in a process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from workbench.campaigns.pinning import options_of, template_of
from workbench.contracts.task_template import (
    AnyTemplate,
    ItemModel,
    JudgmentModel,
    Options,
    RawResult,
)
from workbench.identifiers import hash_content
from workbench.models import Campaign

_MOST_REMEMBERED = 512


@dataclass(frozen=True, slots=True)
class Task:
    """A campaign's template under its options; `config_key` changes when the label config does."""

    template: AnyTemplate
    options: Options
    label_config: str
    config_key: str

    def read_item(self, content: str) -> ItemModel:
        """Return an item from its stored JSON."""
        item: ItemModel = self.template.item_model.model_validate_json(content)
        return item

    def show(self, item: ItemModel, presentation: tuple[int, ...]) -> dict[str, Any]:
        """Return what the expert's browser may see of an item."""
        return self.template.show(item, presentation, self.options)

    def read_result(
        self, result: RawResult, item: ItemModel, presentation: tuple[int, ...]
    ) -> JudgmentModel:
        """Return the judgment in an editor's result.

        Raises:
            JudgmentInvalid: It is incomplete, or does not fit the item.
        """
        judgment: JudgmentModel = self.template.decode(result, item, presentation, self.options)
        self.template.check(judgment, item, self.options)
        return judgment


_tasks: dict[tuple[str, str], Task] = {}


def task_of(session: Session, *, campaign_id: int, public_id: str, options: str) -> Task:
    """Return the task of a campaign whose stored options are `options`.

    A campaign is pinned to its template and options, and its public id is drawn at random, so what
    was parsed for them once stays right for the life of the process.
    """
    key = (public_id, options)
    task = _tasks.get(key)
    if task is None:
        campaign = session.get_one(Campaign, campaign_id)
        template = template_of(campaign)
        pinned = options_of(campaign)
        label_config = template.label_config(pinned)
        task = Task(template, pinned, label_config, hash_content(label_config)[:16])
        if len(_tasks) >= _MOST_REMEMBERED:
            _tasks.clear()
        _tasks[key] = task
    return task
