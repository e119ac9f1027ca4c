"""Preference pairs as TRL's unpaired preference: the chosen response good, the rejected one bad.

A pair says which of two is better, not that one is good: KTO trained on such rows learns from the
comparison what it would learn from two thumbs, as its authors did with the pairs they had.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pydantic import Field

from workbench.contracts.exporter import Converted, Exporter
from workbench.contracts.message_columns import booleans, integers
from workbench.contracts.records import RecordKind
from workbench.contracts.row_selection import ProvenanceOptions, carrying
from workbench.contracts.training_text import (
    FormOptions,
    answers_alone,
    leave_out_unsayable,
    prompts_alone,
    text_field,
)


class TrlUnpairedFromPairsOptions(ProvenanceOptions, FormOptions):
    carries = ("margin",)

    margin: bool = Field(
        default=False, description="A column with the mean strength of the preference."
    )


def _schema(options: TrlUnpairedFromPairsOptions) -> pa.Schema:
    texts = [text_field(name, options.form) for name in ("prompt", "completion")]
    label = pa.field("label", pa.bool_(), nullable=False)
    return carrying([*texts, label], RecordKind.PREFERENCE, options)


def _convert(batch: pa.RecordBatch, options: TrlUnpairedFromPairsOptions) -> Converted:
    sayable = leave_out_unsayable(batch, options.form)
    n_pairs = len(sayable.rows)
    pair = integers(np.repeat(np.arange(n_pairs), 2))
    # Every chosen response comes before every rejected one until they are taken in turn.
    both = pa.concat_arrays([sayable.rows.column(name) for name in ("chosen", "rejected")])
    in_turn = integers(np.arange(2 * n_pairs).reshape(2, n_pairs).T.ravel())
    columns = [
        prompts_alone(sayable.rows.column("prompt"), options).take(pair),
        answers_alone(both.take(in_turn), options),
        booleans(np.arange(2 * n_pairs) % 2 == 0),
    ]
    return sayable.converted(columns, _schema(options), each=pair)


EXPORTER = Exporter(
    key="trl_unpaired_from_pairs",
    version="1",
    title="TRL unpaired preference from pairs",
    summary="each preference pair as two rows for KTO and BCO: the chosen one good, the other bad",
    record=RecordKind.PREFERENCE,
    options=TrlUnpairedFromPairsOptions,
    schema=_schema,
    convert=_convert,
)
