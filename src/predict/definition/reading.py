"""Reading: TOML text → sections, with every complaint at its key path and line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import ValidationError
from tomlkit.exceptions import ParseError, TOMLKitError

from predict.definition.complaints import Complaint, KeyPath, dotted
from predict.definition.places import lines
from predict.definition.section import S
from predict.definition.sentences import complaints_of
from predict.errors import DefinitionError


def text_of(path: Path) -> str:
    """Return the text of a definition file.

    Raises
    ------
    DefinitionError
        Where the file is absent or not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        others = sorted(p.name for p in path.parent.glob("*.toml"))
        raise DefinitionError(
            "there is no such definition",
            where=str(path),
            do=f"beside it are: {', '.join(others)}" if others else "predict init drafts one",
        ) from None
    except IsADirectoryError:
        raise DefinitionError(
            "the definition is a folder", where=str(path), do="name the .toml file in it"
        ) from None
    except UnicodeDecodeError as error:
        raise DefinitionError(
            "the definition is not UTF-8",
            where=f"{path}, byte {error.start}",
            do="save it as UTF-8 in your editor",
        ) from None


def parse(text: str, top: type[S], *, name: str) -> S:
    """Return the section that a TOML text describes.

    Parameters
    ----------
    text : str
        TOML.
    top : type of Section
        What the text describes: `Definition`.
    name : str
        What errors call the text: its path.

    Raises
    ------
    DefinitionError
        With every complaint that can be found in one pass, in the order of the file.

    Examples
    --------
    >>> from predict.definition.agreement import Money
    >>> parse("value_of_win = 12000", Money, name="money.toml").value_of_win
    12000.0
    >>> parse("value_of_wins = 12000", Money, name="money.toml")
    Traceback (most recent call last):
    ...
    predict.errors.DefinitionError: unknown key
      where: money.toml, line 1: value_of_wins
      do:    did you mean value_of_win?
    """
    values = _values(text, name)
    try:
        return top.model_validate(values, by_alias=True, by_name=False)
    except ValidationError as error:
        found = complaints_of(error, top)
    # Raised out here, so that pydantic's error, which quotes the input, is not chained to it.
    raise refusal(found, lines(text), name)


def refusal(
    complaints: list[Complaint], places: Mapping[KeyPath, int], name: str
) -> DefinitionError:
    """Return one error that says all complaints, in the order of the file."""
    ordered = sorted(((_line(c.path, places), c) for c in complaints), key=lambda pair: pair[0])
    if len(ordered) == 1:
        line, only = ordered[0]
        where = ": ".join(part for part in (_at(name, line), dotted(only.path)) if part)
        return DefinitionError(only.what, where=where, got=only.got, do=only.do)
    said = "\n".join(f"  {_at('', line)}{': ' if line else ''}{c}" for line, c in ordered)
    return DefinitionError(f"{len(ordered)} things must be put right\n{said}", where=name)


def _values(text: str, name: str) -> dict[str, Any]:
    try:
        return tomlkit.parse(text).unwrap()
    except TOMLKitError as error:
        line = error.line if isinstance(error, ParseError) else 0
        said = str(error).split(" at line ")[0].rstrip(".")
        raise DefinitionError(
            "the text is not TOML",
            where=_at(name, line),
            got=f"{said[:1].lower()}{said[1:]}",
            do="texts stand in quotes, and each key and section once",
        ) from None


def _line(path: KeyPath, places: Mapping[KeyPath, int]) -> int:
    """Return the line of a key path, or of the nearest section around it; 0 for the whole file."""
    while path and path not in places:
        path = path[:-1]
    return places.get(path, 0)


def _at(name: str, line: int) -> str:
    return ", ".join(part for part in (name, f"line {line}" if line else "") if part)
