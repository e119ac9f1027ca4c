"""Axolotl's `stepwise_supervised`: the columns of TRL's stepwise supervision.

The trainer puts its own separator after each step, so none is added here.
"""

from __future__ import annotations

from workbench.contracts.exporter import Exporter
from workbench.contracts.records import RecordKind
from workbench.contracts.step_labels import StepwiseOptions, convert_stepwise, stepwise_schema

EXPORTER = Exporter(
    key="axolotl_stepwise",
    version="1",
    title="Axolotl stepwise supervision",
    summary="type stepwise_supervised: prompt, completions and a boolean label per step",
    record=RecordKind.STEPWISE_SUPERVISION,
    options=StepwiseOptions,
    schema=stepwise_schema,
    convert=convert_stepwise,
)
