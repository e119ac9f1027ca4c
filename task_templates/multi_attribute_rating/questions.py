"""The labeling configuration of a campaign: one question for each attribute it chose."""

from __future__ import annotations

from functools import lru_cache
from html import escape

from task_templates.multi_attribute_rating.options import RatingOptions
from workbench.contracts.fields import code_words
from workbench.contracts.label_config import with_attributes
from workbench.contracts.template_folder import TemplateFolder

_FOLDER = TemplateFolder(__file__)
_PLACE = "<!-- a question for each attribute of the campaign -->"
_QUESTION = """
<View className="wb-question wb-scale{keyed}">
  <Header value="{title}" size="5"/>
  {note}
  <Choices name="{name}" toName="response_{{{{idx}}}}" choice="single-radio" showInline="true"
           required="true">{choices}</Choices>
</View>"""
_NOTE = '<View className="wb-note"><Header value="{text}" size="5"/></View>'


def control_of(attribute: str) -> str:
    return f"rating_{{{{idx}}}}_{attribute}"


@lru_cache(maxsize=64)
def label_config(options: RatingOptions) -> str:
    questions = "".join(_question(attribute, options) for attribute in options.names)
    xml = _FOLDER.label_config.replace(_PLACE, questions)
    if options.require_rationale:
        return with_attributes(xml, "rationale", required="true")
    return xml


def _question(attribute: str, options: RatingOptions) -> str:
    keys = _keys(options.points)
    choices = "".join(
        f'<Choice alias="{point}" value="{point}" hotkey="{key}"/>'
        for point, key in zip(options.points, keys, strict=True)
    )
    described = options.described[attribute]
    return _QUESTION.format(
        title=escape(code_words(attribute)),
        note=_NOTE.format(text=escape(described)) if described else "",
        name=control_of(attribute),
        choices=choices,
        keyed=" wb-keyed" if keys == [str(point) for point in options.points] else "",
    )


def _keys(points: tuple[int, ...]) -> list[str]:
    """The digit itself where every point is one; else 1 to 9 in order and 0 for the tenth."""
    if points[0] >= 0 and points[-1] <= 9:
        return [str(point) for point in points]
    return [str(number % 10) for number in range(1, len(points) + 1)]
