"""TRL's stepwise supervision: `prompt`, `completions` and one boolean label per step.

The trainer puts its own separator between steps, so none is added here.
"""

from __future__ import annotations

from workbench.contracts.exporter import Exporter
from workbench.contracts.records import RecordKind
from workbench.contracts.step_labels import StepwiseOptions, convert_stepwise, stepwise_schema

EXPORTER = Exporter(
    key="trl_stepwise",
    version="1",
    title="TRL stepwise supervision",
    summary="prompt, completions and a boolean label per step, for process reward models",
    record=RecordKind.STEPWISE_SUPERVISION,
    options=StepwiseOptions,
    schema=stepwise_schema,
    convert=convert_stepwise,
)
