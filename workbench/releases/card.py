"""The card of a release: what it is, how it came about and how far to trust it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from workbench.contracts.task_template import ConsensusMethod, Statistic


def explain_method(method: ConsensusMethod) -> str:
    match method:
        case ConsensusMethod.MAJORITY:
            return (
                "The answer with most votes wins; confidence is its share of the votes. "
                "Equal top votes are no consensus."
            )
        case ConsensusMethod.MEAN:
            return (
                "The mean of the graded answers decides, by its sign; a mean of zero is a tie. "
                "Confidence is the share of votes that point the same way."
            )
        case ConsensusMethod.DAWID_SKENE:
            return (
                "Dawid and Skene's model estimates every annotator's error rates together with "
                "the true answers, from vote shares and without smoothing; confidence is the "
                "posterior probability. Equal top posteriors are no consensus."
            )
        case _:
            assert_never(method)


def render_card(manifest: Mapping[str, Any], *, summary: str) -> bytes:
    """Return the card in Markdown, from the manifest alone."""
    sections = [
        f"# {manifest['campaign']['name']} / {manifest['name']}",
        _simulated(manifest),
        summary,
        _origin(manifest),
        _contents(manifest),
        _consensus(manifest),
        _prompts(manifest["prompts"]),
        render_agreement(manifest["agreement"], manifest["coefficients"]),
        _USE,
    ]
    return "\n\n".join(section.strip() for section in sections if section).encode() + b"\n"


_USE = """\
## Intended use and licence

Training and evaluating reward and preference models on the tasks described in the guidelines. The
judgments are of the guidelines' criteria and of nothing else.

Licence: not stated; the organization that collected the data decides.
"""


def _simulated(manifest: Mapping[str, Any]) -> str:
    if not manifest["simulated"]:
        return ""
    counts = manifest["counts"]
    return f"""\
> **Simulated.** {counts["simulated"]:,} of {counts["judgments"]:,} judgments were made by a program
> for demonstration. Do not train on them.
"""


def _origin(manifest: Mapping[str, Any]) -> str:
    campaign, counts = manifest["campaign"], manifest["counts"]
    template = campaign["template"]
    return f"""\
- Release: `{manifest["id"]}`, frozen {manifest["created_at"]}
- Organization: {campaign["organization"]["name"]}
- Task: {template["title"]} (`{template["key"]}`), options: {_pairs(campaign["options"])}
- Judgments by template version: {_pairs(counts["template_versions"])}
- Judgments by guideline version: {_pairs(counts["guideline_versions"])} (`guidelines.md`)
- Made with: {_pairs(manifest["tool"])}
"""


def _contents(manifest: Mapping[str, Any]) -> str:
    counts = manifest["counts"]
    files = [
        f"| {name} | {_number(entry['rows'])} | {entry['bytes']:,} |"
        for name, entry in manifest["files"].items()
    ]
    return f"""\
## What is in it

{counts["items"]:,} items, {counts["current"]:,} current judgments ({counts["judgments"]:,} with
superseded ones) by {counts["people"]} people and {counts["models"]} models. People are under
pseudonyms drawn for this release alone.

| file | rows | bytes |
|---|---:|---:|
{_lines(files)}
"""


def _consensus(manifest: Mapping[str, Any]) -> str:
    consensus, filters = manifest["consensus"], manifest["filters"]
    steps = [
        f"| {step['step']} | {step['in']:,} | {step['out']:,} | {_pairs(step['left_out'])} |"
        for step in manifest["steps"]
    ]
    return f"""\
## Consensus

Method: `{consensus["method"]}`. {consensus["explanation"]} Judgments by models take no part.

Filters: at least {filters["min_judgments"]} judgments, confidence at least
{filters["min_confidence"]:g}, ties {"dropped" if filters["drop_ties"] else "kept"}.
{_excluded(filters.get("exclude"))}Items go through the steps in this order:

| step | in | out | left out |
|---|---:|---:|---|
{_lines(steps)}

Only a settled preference becomes a training pair: ties, and items where neither response is
acceptable, never do.
"""


def _prompts(prompts: Mapping[str, Any]) -> str:
    return f"""\
## Prompts

{prompts["groups"]:,} groups of prompts, the largest of {prompts["largest"]:,} items. Prompts are in
one group if they are the same, or if their runs of {prompts["words"]} words overlap by
{prompts["threshold"]:g} or more (Jaccard, found by MinHash in {prompts["bands"]} bands of
{prompts["rows"]}; what a system message says does not count). A group is never in two splits.
"""


def _excluded(excluded: Mapping[str, Any] | None) -> str:
    if excluded is None:
        return ""
    return (
        f"Prompts that are in `{excluded['file']}` ({excluded['prompts']:,} prompts, SHA-256 "
        f"`{excluded['sha256']}`), and those nearly like one of them, are left out.\n"
    )


_STATISTICS: Mapping[str, str] = {
    Statistic.QUADRATIC_KAPPA: "κ with quadratic weights, pooled over pairs of annotators (Conger)",
    Statistic.GWET_AC1: "Gwet's AC1",
}


def render_agreement(
    measures: Sequence[Mapping[str, Any]], coefficients: Sequence[Mapping[str, Any]]
) -> str:
    """Return the card's section on agreement."""
    fields = [
        f"| {one['field']} | {one['level']} | {one['unit']} | {_coefficient(one, 'alpha')} | "
        f"{_interval(one['interval'])} | {_percent(one['percent_agreement'])} | "
        f"{one['n_units']:,} | {one['n_judgments']:,} |"
        for one in measures
    ]
    others = [
        f"| {one['field']} | {_STATISTICS.get(also['statistic'], also['statistic'])} | "
        f"{_coefficient(also, 'value')} | {_interval(also['interval'])} | {one['n_units']:,} |"
        for one in measures
        for also in one["also"]
    ] + [
        f"| {one['field']} | mean over items: {one['title']} | {_coefficient(one, 'mean')} | "
        f"{_interval(one['interval'])} | {one['n_items']:,} |"
        for one in coefficients
    ]
    sections = [_FIELDS + _lines(fields)] if fields else []
    sections += [_OTHERS + _lines(others)] if others else []
    return "\n\n".join(["## Agreement", *(sections or [_NOTHING_MEASURED])])


_FIELDS = """\
Over all current judgments by people, before the filters. α is Krippendorff's, with a 95 % bootstrap
interval over items.

| field | level | unit | α | interval | agreement | units | judgments |
|---|---|---|---:|---|---:|---:|---:|
"""
_OTHERS = """\
Other coefficients, of the same judgments and with intervals of the same kind.

| field | coefficient | value | interval | units |
|---|---|---:|---|---:|
"""
_NOTHING_MEASURED = """\
Not measured: each answer to this task stands on its own, with nothing in it to agree on."""


def _coefficient(measured: Mapping[str, Any], name: str) -> str:
    value = measured[name]
    return f"undefined ({measured['reason']})" if value is None else f"{value:.3f}"


def _interval(interval: Sequence[float] | None) -> str:
    return "none" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"


def _percent(share: float | None) -> str:
    return "undefined" if share is None else f"{share:.1%}"


def _number(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _pairs(counts: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in counts.items()) or "none"


def _lines(rows: Sequence[str]) -> str:
    return "\n".join(rows)
