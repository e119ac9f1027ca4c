"""What annotators graded of solutions, step by step, as Arrow columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from workbench.contracts.message_columns import booleans, integers, lists_of, numbers

_BAD = -1


@dataclass(frozen=True, kw_only=True)
class GradedSteps:
    """The graded steps of one judgment after another.

    Attributes:
        lengths: How many steps each judgment has.
        texts: The step as the solution has it.
        ratings: Its grade, null where the annotator was unsure.
        is_last: Whether it is the last one of its judgment.
    """

    lengths: NDArray[np.int64]
    texts: pa.StringArray
    ratings: pa.Int8Array
    is_last: pa.BooleanArray

    def listed(self, values: pa.Array) -> pa.ListArray:
        """Return values of the steps as a list for each judgment."""
        return lists_of(values, self.lengths)

    def notes(self, notes: pa.ListArray) -> pa.StringArray:
        """Return what a column of `{step, text}` lists says of each step, null where nothing."""
        written = notes.flatten()
        judgment = numbers(pc.list_parent_indices(notes))
        step = numbers(pc.struct_field(written, "step")).astype(np.int64)
        is_here = step < self.lengths[judgment]
        starts = np.cumsum(self.lengths) - self.lengths
        place_of_step = np.full(len(self.texts), -1, dtype=np.int64)
        place_of_step[(starts[judgment] + step)[is_here]] = np.flatnonzero(is_here)
        wanted = integers(place_of_step)
        places = pc.if_else(pc.greater_equal(wanted, 0), wanted, pa.scalar(None, pa.int64()))
        return pc.struct_field(written, "text").take(places)


def graded_steps(
    steps: pa.ListArray,
    solution: NDArray[np.int64],
    ratings: pa.ListArray,
    *,
    after_first_error: bool,
) -> GradedSteps:
    """Return the steps that were graded.

    Args:
        steps: The steps of each solution.
        solution: The index of the solution that each judgment is of.
        ratings: The grades of each judgment, from the first step on; no more than it has steps.
        after_first_error: Whether the steps after a judgment's first bad one are among them.
    """
    grades = ratings.flatten()
    judgment = numbers(pc.list_parent_indices(ratings))
    lengths = _lengths(ratings)
    starts = np.cumsum(lengths) - lengths
    step = np.arange(len(grades)) - starts[judgment]
    if not after_first_error:
        is_bad = numbers(pc.indices_nonzero(pc.equal(grades, _BAD)))
        ends = lengths.copy()
        np.minimum.at(ends, judgment[is_bad], step[is_bad] + 1)
        is_within = step < ends[judgment]
        grades, judgment, step = (
            grades.filter(booleans(is_within)),
            judgment[is_within],
            step[is_within],
        )
        lengths = ends
    first_step = np.cumsum(_lengths(steps)) - _lengths(steps)
    return GradedSteps(
        lengths=lengths,
        texts=steps.flatten().take(integers(first_step[solution[judgment]] + step)),
        ratings=grades,
        is_last=booleans(step == lengths[judgment] - 1),
    )


def find_excess(steps: pa.ListArray, judgments: pa.ListArray) -> pa.BooleanArray:
    """Tell which solutions have a judgment that grades more steps than there are."""
    given = numbers(pc.list_parent_indices(judgments))
    graded = _lengths(pc.struct_field(judgments.flatten(), "ratings"))
    most = np.zeros(len(steps), dtype=np.int64)
    np.maximum.at(most, given, graded)
    return booleans(most > _lengths(steps))


def _lengths(lists: pa.ListArray) -> NDArray[np.int64]:
    return numbers(pc.list_value_length(lists)).astype(np.int64)
