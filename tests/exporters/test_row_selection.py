"""What an export leaves out, and what its rows carry along."""

from __future__ import annotations

import pyarrow as pa

from tests.exporter_batches import CARRIED, batch_of, preference, rows_of
from workbench.contracts.registry import exporters, get_exporter
from workbench.contracts.row_selection import ProvenanceOptions, leave_out


def marks(*values: bool | None) -> pa.BooleanArray:
    return pa.array(values, pa.bool_())


def test_a_row_is_counted_by_its_first_fault_alone() -> None:
    batch = batch_of(get_exporter("trl_preference"), [preference(c, "a", "b") for c in "vwxyz"])
    selection = leave_out(
        batch,
        {
            "one": marks(True, True, False, False, None),
            "two": marks(False, True, True, False, False),
        },
    )
    assert selection.left_out == {"one": 2, "two": 1}
    assert selection.kept is not None
    assert selection.kept.to_pylist() == [False, False, False, True, True]
    assert len(selection.rows) == 2


def test_a_batch_without_a_fault_is_kept_as_it_is() -> None:
    batch = batch_of(get_exporter("trl_preference"), [preference("x", "a", "b")])
    selection = leave_out(batch, {"one": marks(False)})
    assert selection.rows is batch
    assert (selection.left_out, selection.kept) == ({}, None)


def test_no_row_tells_where_it_comes_from_unless_it_is_asked_to() -> None:
    for exporter in exporters().values():
        if issubclass(exporter.options, ProvenanceOptions):
            assert not set(exporter.schema(exporter.options()).names) & set(CARRIED), exporter.key


def test_provenance_goes_along_with_the_rows_that_are_kept() -> None:
    talk = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
    records = [preference(talk, "a", "b"), preference("x", "c", "d", confidence=None)]
    (row,) = rows_of(
        get_exporter("trl_preference"), records, form="standard", provenance=True, soft_label=True
    )
    assert row == {
        "prompt": "x",
        "chosen": "c",
        "rejected": "d",
        "margin": 1.5,
        "soft_label": 0.75,
        **CARRIED,
        "confidence": None,
    }
