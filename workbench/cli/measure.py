"""`workbench agreement` and `workbench consensus`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from workbench.cli.environment import (
    CampaignReference,
    InOrganization,
    find_campaign,
    open_environment,
)
from workbench.cli.output import AsJson, answer, console, table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from workbench.aggregation.consensus import SettledItem

# The methods by name, and not the enum: reading the contracts would slow every command's start.
MethodName = Literal["majority", "mean", "dawid_skene"]
IncludeModels = Annotated[
    bool, typer.Option("--include-models", help="Count judgments by models too.")
]


def agreement(
    campaign: CampaignReference,
    organization: InOrganization = None,
    include_models: IncludeModels = False,
    as_json: AsJson = False,
) -> None:
    """Measure how far the annotators of a campaign agree, field by field."""
    from workbench.agreement.measure import measure_agreement

    with open_environment() as environment, environment.database.read() as session:
        found = find_campaign(session, campaign, organization)
        measured = measure_agreement(
            session, campaign_id=found.id, include_models=include_models
        ).as_document()
    answer(measured, lambda: _agreement_table(measured), as_json=as_json)


def consensus(
    campaign: CampaignReference,
    method: Annotated[
        MethodName, typer.Option("--method", help="How votes become a consensus.")
    ] = "majority",
    organization: InOrganization = None,
    include_models: IncludeModels = False,
    as_json: AsJson = False,
) -> None:
    """Infer the consensus on every item of a campaign, in import order."""
    from workbench.aggregation.consensus import infer_consensus
    from workbench.contracts.task_template import ConsensusMethod

    with open_environment() as environment, environment.database.read() as session:
        found = find_campaign(session, campaign, organization)
        inferred = infer_consensus(
            session,
            campaign_id=found.id,
            method=ConsensusMethod(method),
            include_models=include_models,
        )
        items = _begun(inferred.items)
        if as_json:
            head = {"campaign": found.public_id, "method": method, "fits": inferred.fits}
            _print_items(head, items)
            return
        console().print(_consensus_table(items))


# What is reported besides α, as the table names it.
_ALSO = {"quadratic_kappa": "quadratic κ", "gwet_ac1": "AC1"}


def _agreement_table(measured: Mapping[str, Any]) -> RenderableType:
    return table(
        ("field", "coefficient", "value", "95 %", "agree", "units", "judgments"),
        chain.from_iterable(
            [
                *map(_field_rows, measured["measures"]),
                *map(_coefficient_rows, measured["coefficients"]),
            ]
        ),
    )


def _field_rows(measure: Mapping[str, Any]) -> Iterator[Sequence[object]]:
    agree = measure["percent_agreement"]
    yield (
        measure["field"],
        "α",
        _number(measure["alpha"]),
        _interval(measure),
        None if agree is None else f"{agree:.1%}",
        f"{measure['n_units']:,} {measure['unit']}",
        f"{measure['n_judgments']:,} by {measure['n_annotators']:,}",
    )
    for one in measure["also"]:
        name = _ALSO.get(one["statistic"], one["statistic"])
        yield (measure["field"], name, _number(one["value"]), _interval(one), None, None, None)


def _coefficient_rows(one: Mapping[str, Any]) -> Iterator[Sequence[object]]:
    units = f"{one['n_items']:,} item"
    yield (one["field"], "mean", _number(one["mean"]), _interval(one), None, units, None)


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def _interval(measured: Mapping[str, Any]) -> str:
    interval = measured["interval"]
    if interval is None:
        return (measured["reason"] or measured["interval_reason"] or "").replace("_", " ")
    return f"{interval[0]:.3f} to {interval[1]:.3f}"


def _consensus_table(items: Iterable[SettledItem]) -> RenderableType:
    from pydantic_core import to_json

    counts = Counter(
        (to_json(item.settlement.value).decode(), item.settlement.reason) for item in items
    )
    rows = ((value, reason, count) for (value, reason), count in counts.most_common())
    return table(("consensus", "reason", "items"), rows)


def _begun(items: Iterator[SettledItem]) -> Iterator[SettledItem]:
    """Take the first item now, so that a refusal comes before anything is printed."""
    return chain([item for item in [next(items, None)] if item is not None], items)


def _print_items(head: Mapping[str, Any], items: Iterable[SettledItem]) -> None:
    """Print one document whose items are written as they are inferred."""
    from pydantic_core import to_json

    typer.echo(to_json(head)[:-1] + b',"items":[', nl=False)
    separator = b""
    for item in items:
        typer.echo(separator + to_json(item.as_document(), inf_nan_mode="null"), nl=False)
        separator = b",\n"
    typer.echo(b"]}")
