"""What changed between two releases, as a person reads it on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.cli.output import table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from workbench.releases.diff import ReleaseDiff


def difference(found: ReleaseDiff) -> RenderableType:
    from rich.console import Group

    consensus = found.consensus
    return Group(
        f"From {found.before} to {found.after}, joined by {found.joined_by}",
        table(("setting", "before", "after"), found.settings) if found.settings else "",
        table(("count", "before", "after"), found.counts),
        table(
            ("consensus on items", "n"),
            [
                ("added", consensus.added),
                ("removed", consensus.removed),
                ("relabelled", consensus.relabelled),
                *((f"  {was} to {now}", n) for was, now, n in consensus.outcomes),
                ("unchanged", consensus.unchanged),
            ],
        ),
        table(
            ("rows", "before", "after", "added", "removed", "relabelled", "rescored"),
            [
                (
                    *(one.record, one.rows_before, one.rows_after),
                    *(one.added, one.removed, one.relabelled, one.rescored),
                )
                for one in found.records
            ],
        ),
        table(
            ("agreement", "α before", "α after", "judgments before", "after"),
            [
                (
                    one.field,
                    _alpha(one.alpha_before, one.interval_before),
                    _alpha(one.alpha_after, one.interval_after),
                    one.judgments_before,
                    one.judgments_after,
                )
                for one in found.agreement
            ],
        ),
        found.note,
    )


def _alpha(alpha: float | None, interval: Sequence[float] | None) -> str:
    if alpha is None:
        return "undefined"
    if interval is None:
        return f"{alpha:.3f}"
    return f"{alpha:.3f} ({interval[0]:.3f} to {interval[1]:.3f})"
