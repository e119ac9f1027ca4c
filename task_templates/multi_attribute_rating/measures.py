"""Agreement on ratings: each attribute is a measure of its own, each response a unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from workbench.contracts.fields import code_words
from workbench.contracts.task_template import Category, Level, Measure, Statistic

if TYPE_CHECKING:
    from task_templates.multi_attribute_rating.options import RatingOptions
    from task_templates.multi_attribute_rating.template import Judgment


def measures(options: RatingOptions) -> Sequence[Measure]:
    return tuple(
        Measure(
            field=attribute,
            title=code_words(attribute),
            level=Level.ORDINAL,
            unit="item × response",
            categories=options.points,
            values=partial(_values, attribute),
            voted=True,
            word=str,
            also=(Statistic.QUADRATIC_KAPPA,),
        )
        for attribute in options.names
    )


def _values(attribute: str, judgment: Judgment) -> Mapping[str, Category]:
    return {
        str(index): given[attribute]
        for index, given in enumerate(judgment.ratings)
        if attribute in given
    }
