"""Conversations written as one text in which marks begin the turns, and what such a text cannot say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from workbench.contracts.message_columns import find_disorder, split_system, transcripts
from workbench.contracts.records import Message

SYSTEM_MESSAGE = "system_message"
MARK_IN_TEXT = "turn_mark_in_text"


@dataclass(frozen=True, kw_only=True)
class TurnMarks:
    """How a format writes turns into one text.

    Attributes:
        user, assistant: What stands before a turn of theirs.
        is_first_marked: Whether the user's mark stands before the first turn, too.
        pattern: What is read back as the beginning of a turn, as a regular expression.
    """

    user: str
    assistant: str
    is_first_marked: bool
    pattern: str

    def find_faults(self, prompts: pa.ListArray) -> dict[str, pa.BooleanArray]:
        """Tell, by reason, which prompts such a text cannot say so that they can be read back."""
        systems, _ = split_system(prompts)
        texts = transcripts(prompts, before={"user": "\0", "assistant": "\0"}, after={})
        return {
            SYSTEM_MESSAGE: pc.is_valid(systems),
            **find_disorder(prompts),
            MARK_IN_TEXT: self.is_in(texts),
        }

    def is_in(self, texts: pa.StringArray) -> pa.BooleanArray:
        """Tell which texts hold something that would be read as the beginning of a turn."""
        return pc.match_substring_regex(texts, self.pattern)

    def joined(self, prompts: pa.ListArray) -> pa.StringArray:
        """Return conversations that begin with the user as one text each."""
        marks: Mapping[str, str] = {"user": self.user, "assistant": self.assistant}
        texts = transcripts(prompts, before=marks, after={})
        if self.is_first_marked:
            return texts
        return pc.utf8_slice_codeunits(texts, len(self.user))

    def read(self, text: str) -> list[Message] | None:
        """Return the turns of a text that begins as the format does; None if it does not.

        Marks are read as they are written, and those of a format that is sloppy with the space
        after them without it.
        """
        whole = text if self.is_first_marked else self.user + text
        parts = re.split(
            f"({'|'.join(re.escape(mark.rstrip(' ')) for mark in self._roles)})", whole
        )
        if parts[0] or len(parts) == 1:
            return None
        marks = {
            mark.rstrip(" "): (role, len(mark) - len(mark.rstrip(" ")))
            for mark, role in self._roles.items()
        }
        turns = []
        for mark, content in zip(parts[1::2], parts[2::2], strict=True):
            role, spaces = marks[mark]
            turns.append(Message(role=role, content=content.removeprefix(" " * spaces)))
        return turns

    @property
    def _roles(self) -> Mapping[str, str]:
        return {self.user: "user", self.assistant: "assistant"}


HELPSTEER = TurnMarks(
    user="\n<extra_id_1>User\n",
    assistant="\n<extra_id_1>Assistant\n",
    is_first_marked=False,
    pattern="<extra_id_1>(User|Assistant)",
)
HUMAN_ASSISTANT = TurnMarks(
    user="\n\nHuman: ",
    assistant="\n\nAssistant: ",
    is_first_marked=True,
    pattern="\n\n(Human|Assistant):",
)
