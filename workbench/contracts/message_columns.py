"""Conversations as Arrow columns: what exporters do to whole columns of messages at once.

A column of conversations is a `ListArray` of `{role, content}` as `record_schemas.MESSAGES` has it,
and may be a slice; no function here loops over rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from workbench.contracts.record_schemas import MESSAGE

SYSTEM_NOT_FIRST = "system_message_not_first"
ROLES_OUT_OF_ORDER = "roles_out_of_order"
SEVERAL_TURNS = "several_turns"

_LIST_OFFSET = np.int32


def is_one_user_message(prompts: pa.ListArray) -> pa.BooleanArray:
    """Tell which conversations are a single message of the user."""
    is_one = pc.equal(pc.list_value_length(prompts), 1)
    return pc.and_(is_one, _begins_with(prompts, "user"))


def only_contents(prompts: pa.ListArray) -> pa.StringArray:
    """Return the text of conversations that have one message each."""
    return pc.struct_field(prompts.flatten(), "content")


def find_disorder(prompts: pa.ListArray) -> dict[str, pa.BooleanArray]:
    """Tell, by reason, which conversations a chat template would refuse as a prompt.

    Right is: at most one system message, at the beginning; then user and assistant in turn; the
    user's message last.
    """
    roles = pc.struct_field(prompts.flatten(), "role")
    starts, lengths = _starts_and_lengths(prompts)
    row = np.repeat(np.arange(len(prompts)), lengths)
    has_system = _bits(_begins_with(prompts, "system"))
    turn = np.arange(len(roles)) - starts[row] - has_system[row]
    is_system = _has_role(roles, "system")
    expected = np.where(turn % 2 == 0, _has_role(roles, "user"), _has_role(roles, "assistant"))
    late_system = _any_of_row(row, is_system & (turn >= 0), len(prompts))
    unexpected = _any_of_row(row, ~expected & (turn >= 0), len(prompts))
    ends_with_user = (lengths - has_system) % 2 == 1
    return {
        SYSTEM_NOT_FIRST: booleans(late_system),
        ROLES_OUT_OF_ORDER: booleans(unexpected | ~ends_with_user),
    }


def find_several_turns(prompts: pa.ListArray) -> dict[str, pa.BooleanArray]:
    """Tell, by reason, which are not one message of the user with at most a system prompt before."""
    _, turns = split_system(prompts)
    return {**find_disorder(prompts), SEVERAL_TURNS: pc.invert(is_one_user_message(turns))}


def split_system(prompts: pa.ListArray) -> tuple[pa.StringArray, pa.ListArray]:
    """Return the system prompts, null where there is none, and the conversations without them."""
    begins = _begins_with(prompts, "system")
    contents = pc.struct_field(_first_messages(prompts), "content")
    systems = pc.if_else(begins, contents, pa.scalar(None, pa.string()))
    starts, lengths = _starts_and_lengths(prompts)
    has_system = _bits(begins)
    stays = np.ones(int(lengths.sum()), dtype=np.bool_)
    stays[starts[has_system]] = False
    return systems, lists_of(prompts.flatten().filter(booleans(stays)), lengths - has_system)


def assistant_messages(answers: pa.StringArray) -> pa.StructArray:
    """Return each answer as a message of the assistant."""
    role = b"assistant"
    offsets = np.arange(len(answers) + 1, dtype=_LIST_OFFSET) * len(role)
    roles = pa.StringArray.from_buffers(
        len(answers), pa.py_buffer(offsets), pa.py_buffer(role * len(answers))
    )
    return pa.StructArray.from_arrays([roles, answers], fields=list(MESSAGE))


def alone(messages: pa.StructArray) -> pa.ListArray:
    """Return conversations of one message each."""
    return lists_of(messages, np.ones(len(messages), dtype=np.int64))


def appended(prompts: pa.ListArray, answers: pa.StructArray) -> pa.ListArray:
    """Return each conversation with one more message after it."""
    messages = prompts.flatten()
    _, lengths = _starts_and_lengths(prompts)
    ends = np.cumsum(lengths + 1)
    order = np.empty(len(messages) + len(answers), dtype=np.int64)
    is_answer = np.zeros(len(order), dtype=np.bool_)
    is_answer[ends - 1] = True
    order[is_answer] = len(messages) + np.arange(len(answers))
    order[~is_answer] = np.arange(len(messages))
    both = pa.concat_arrays([messages, answers])
    return lists_of(both.take(integers(order)), lengths + 1)


def with_roles(
    messages: pa.StructArray, names: Mapping[str, str], fields: Sequence[pa.Field]
) -> pa.StructArray:
    """Return messages whose roles go by other names, as structs of those two fields."""
    roles, contents = messages.flatten()
    renamed = _marks(roles, names)
    return pa.StructArray.from_arrays([renamed, contents], fields=list(fields))


def transcripts(
    prompts: pa.ListArray, *, before: Mapping[str, str], after: Mapping[str, str]
) -> pa.StringArray:
    """Return each conversation as one text: its contents between the marks of their roles.

    Args:
        before: What stands before a content, by role; nothing for a role that it does not name.
        after: What stands after one.
    """
    roles, contents = prompts.flatten().flatten()
    texts = pc.binary_join_element_wise(_marks(roles, before), contents, _marks(roles, after), "")
    return pc.binary_join(like(prompts, texts), "")


def like(lists: pa.ListArray, values: pa.Array) -> pa.ListArray:
    """Return as many values in as many lists."""
    _, lengths = _starts_and_lengths(lists)
    return lists_of(values, lengths)


def lists_of(values: pa.Array, lengths: NDArray[np.int64]) -> pa.ListArray:
    """Return the values cut into lists of these lengths."""
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(_LIST_OFFSET)
    return pa.ListArray.from_arrays(integers(offsets), values)


def integers(values: NDArray[Any]) -> pa.Array:
    """Return an array over numpy's own memory.

    `pa.array` and `pa.scalar` would load pandas to ask what they are given, which takes a second.
    """
    kind = pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values)])


def numbers(values: pa.Array) -> NDArray[Any]:
    """Return numpy's view of numbers without a null among them; pandas again is why."""
    kind = np.dtype(values.type.to_pandas_dtype())
    view: NDArray[Any] = np.frombuffer(values.buffers()[1] or b"", dtype=kind)
    return view[values.offset : values.offset + len(values)]


def booleans(values: NDArray[np.bool_]) -> pa.BooleanArray:
    """Return numpy's booleans as Arrow's, without pandas."""
    bits = np.packbits(values, bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, pa.py_buffer(bits)])


def _starts_and_lengths(lists: pa.ListArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    lengths = numbers(pc.list_value_length(lists)).astype(np.int64)
    return np.cumsum(lengths) - lengths, lengths


def _first_messages(prompts: pa.ListArray) -> pa.StructArray:
    # `list_element` refuses a list that is too short.
    return pc.list_slice(prompts, 0, 1, return_fixed_size_list=True).flatten()


def _begins_with(prompts: pa.ListArray, role: str) -> pa.BooleanArray:
    roles = pc.struct_field(_first_messages(prompts), "role")
    return pc.fill_null(pc.equal(roles, role), fill_value=False)


def _has_role(roles: pa.StringArray, role: str) -> NDArray[np.bool_]:
    return _bits(pc.fill_null(pc.equal(roles, role), fill_value=False))


def _bits(values: pa.BooleanArray) -> NDArray[np.bool_]:
    return numbers(values.cast(pa.int8())).astype(np.bool_)


def _any_of_row(
    row: NDArray[np.int64], marked: NDArray[np.bool_], n_rows: int
) -> NDArray[np.bool_]:
    return np.bincount(row[marked], minlength=n_rows) > 0


def _marks(roles: pa.StringArray, marks: Mapping[str, str]) -> pa.Array:
    if not marks:
        return pa.repeat(pa.scalar("", pa.string()), len(roles))
    is_role = pc.make_struct(*(pc.equal(roles, role) for role in marks))
    return pc.case_when(is_role, *marks.values(), "")
