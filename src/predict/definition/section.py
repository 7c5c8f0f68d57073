"""The base of all sections of a definition, and the kinds of values that they hold."""

from __future__ import annotations

import math
import typing
from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, model_validator

from predict.definition.complaints import KeyPath


class Aside:
    """Marks a key that no model depends on: where a file lies, how something is worded.

    Such keys stay out of the digest. The mark stands where the key is declared, so that whoever
    adds a key decides there; see `predict.definition.digest` for the reasons.
    """


ASIDE = Aside()


def _moment(value: object) -> object:
    if value == "from-name" or isinstance(value, date):
        return value
    raise ValueError('must be "from-name", a day or a moment (without quotes: 2024-03-01)')


def _day(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError("must be a day (without quotes: 2024-03-01)")


def _limit(value: object) -> object:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(value, date) or (number and math.isfinite(value)):  # type: ignore[arg-type]
        return value
    raise ValueError("must be a number or a day, without quotes")


def _scalar(value: object) -> object:
    if isinstance(value, str) or (isinstance(value, int | float) and math.isfinite(value)):
        return value
    raise ValueError("must be a text, a number, true or false")


#: A name that is not empty: a column, a stage, a file.
Text = Annotated[str, Field(strict=True, min_length=1)]
Texts = tuple[Text, ...]
#: A duration in days; parts of a day are allowed.
Days = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
#: An amount of money or a count, not negative.
Amount = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(strict=True, ge=0, le=1)]
Flag = Annotated[bool, Field(strict=True)]
#: A day without time.
Day = Annotated[date, PlainValidator(_day)]
#: When a table was exported: by its file name, at the end of a day, or at a moment.
Moment = Annotated[Literal["from-name"] | date | datetime, PlainValidator(_moment)]
#: A limit of a criterion.
Limit = Annotated[float | date, PlainValidator(_limit)]
#: What a criterion compares with.
Scalar = Annotated[str | bool | int | float, PlainValidator(_scalar)]


class Section(BaseModel):
    """A section of the definition: its keys are fixed, its values do not change once read.

    Keys that Python reserves have another name in code (``class`` is ``cls``, ``in`` is ``in_``);
    files use the TOML name only, Python code may use either.

    Attributes
    ----------
    shorthand : str or None
        The key that a lone text stands for: ``Title = "fixed"`` says ``{ class = "fixed" }``.
    refused : dict of str to str
        Keys that somebody may well write and that are refused for a reason, with the reason.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    shorthand: ClassVar[str | None] = None
    refused: ClassVar[dict[str, str]] = {}

    @model_validator(mode="before")
    @classmethod
    def _spell_out(cls, value: object) -> object:
        if cls.shorthand is not None and isinstance(value, str):
            return {cls.shorthand: value}
        return value

    @classmethod
    def attributes(cls) -> dict[str, str]:
        """Return TOML key → attribute name, in the order of declaration.

        Examples
        --------
        >>> from predict.definition.columns import Column
        >>> Column.attributes()["class"]
        'cls'
        """
        return {field.alias or name: name for name, field in cls.model_fields.items()}

    def told(self, *, aside: bool = True) -> dict[str, Any]:
        """Return TOML key → value of what says something: not empty, not at its default.

        Parameters
        ----------
        aside : bool
            Whether keys marked `ASIDE` are among them.

        Examples
        --------
        >>> from predict.definition.columns import Column
        >>> Column(cls="fixed", words="job title").told(aside=False)
        {'class': 'fixed'}
        """
        said = {}
        for key, name in self.attributes().items():
            field, value = type(self).model_fields[name], getattr(self, name)
            if value in (None, (), {}) or value == field.get_default():
                continue
            if aside or ASIDE not in field.metadata:
                said[key] = value
        return said


S = TypeVar("S", bound=Section)


def section_at(top: type[Section], path: KeyPath) -> type[Section] | None:
    """Return the kind of section that a key path leads to, or None where it leads to no section.

    Examples
    --------
    >>> from predict.definition.schema import Definition
    >>> section_at(Definition, ("events", "web")).__name__
    'EventTable'
    >>> section_at(Definition, ("leads", "path")) is None
    True
    """
    found, steps = top, list(path)
    while steps:
        name = found.attributes().get(str(steps.pop(0)))
        inner = None if name is None else _inner(found, name)
        if inner is None:
            return None
        found, named = inner
        if named and not steps:
            return None
        steps = steps[named:]
    return found


def outline(top: type[Section], path: KeyPath = ()) -> Iterator[tuple[KeyPath, type[Section]]]:
    """Yield every section a definition can have, with its header; ``…`` stands for a free name.

    Examples
    --------
    >>> from predict.definition.schema import Definition
    >>> [path for path, _ in outline(Definition)][:4]
    [(), ('conversion',), ('snapshots',), ('leads',)]
    """
    yield path, top
    for key, name in top.attributes().items():
        inner = _inner(top, name)
        if inner is not None:
            yield from outline(inner[0], (*path, key, *["…"] * inner[1]))


def _inner(section: type[Section], name: str) -> tuple[type[Section], int] | None:
    """Return the section that a field holds, and how many free names lie between (0 or 1)."""
    annotation = section.model_fields[name].annotation
    parts = typing.get_args(annotation) or (annotation,)
    sections = [p for p in parts if isinstance(p, type) and issubclass(p, Section)]
    if not sections:
        return None
    return sections[0], int(typing.get_origin(annotation) is dict)
