"""The records of a delimited text file as Python's own reader sees them, with their lines."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from predict.crm.rejects import Reject
from predict.errors import InputError

#: Characters in one field beyond which a quotation mark was surely never closed.
LONGEST_FIELD = 16_000_000


@dataclass(frozen=True)
class Record:
    """One record of a file; the header is number 0.

    Parameters
    ----------
    number : int
        Position among the records that are not blank.
    line : int
        Line of the file on which it starts, from 1.
    fields : tuple of str
        Empty where the record cannot be split.
    problem : str or None
        Why it cannot be split.
    """

    number: int
    line: int
    fields: tuple[str, ...]
    problem: str | None = None


def records(path: Path, delimiter: str, *, name: str) -> Iterator[Record]:
    """Yield the records of a UTF-8 file, header first; blank lines are none.

    Parameters
    ----------
    path : Path
        Plain UTF-8 text, with or without a byte order mark.
    delimiter : str
        One character. Quotation marks are ``"``, doubled inside a quoted value.
    name : str
        How errors name the file.

    Raises
    ------
    InputError
        The file ends inside a quoted value.
    """
    with path.open(encoding="utf-8-sig", newline="") as text, _long_fields():
        last = [""]
        reader = csv.reader(
            _remembered(text, last), delimiter=delimiter, strict=True, skipinitialspace=True
        )
        number, line = 0, 1
        while True:
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                # The reader says so only in words: at the end of the file, or of patience.
                if "end of data" in str(error) or "field limit" in str(error):
                    raise InputError(
                        "a quotation mark is never closed, or the file is cut off",
                        where=f"{name}, line {line}",
                        do='export the file again; inside quoted values " is written ""',
                    ) from None
                yield Record(number, line, (), "quotation marks inside a value are not doubled")
            else:
                if len(fields) < 2 and not last[0].strip():  # "" alone is a record, a blank no
                    line = reader.line_num + 1
                    continue
                yield Record(number, line, tuple(fields))
            number += 1
            line = reader.line_num + 1


def rewrite(
    path: Path, delimiter: str, columns: int, target: Path, *, name: str
) -> tuple[Reject, ...]:
    """Write the records that have the header's number of fields, and return the others.

    The clean file holds no header; its first field is the record's number, from 1.

    Returns
    -------
    tuple of Reject
        Records that are ragged, without their text, which may be personal.
    """
    rejects = []
    with target.open("w", encoding="utf-8", newline="") as clean:
        writer = csv.writer(clean, lineterminator="\r\n")
        for record in records(path, delimiter, name=name):
            if record.number == 0:
                continue
            fields = record.fields
            while len(fields) > columns and not fields[-1]:
                fields = fields[:-1]  # a delimiter too many at the end says nothing
            if record.problem is None and len(fields) == columns:
                writer.writerow((record.number, *fields))
                continue
            rule = record.problem or f"{len(fields)} fields where the header has {columns}"
            rejects.append(Reject(name, record.number, "", "", rule, record.line))
    return tuple(rejects)


def lines_of(path: Path, delimiter: str, numbers: Iterable[int], *, name: str) -> dict[int, int]:
    """Return the line on which each of the records starts."""
    wanted = set(numbers)
    last = max(wanted, default=0)
    found: dict[int, int] = {}
    for record in records(path, delimiter, name=name):
        if record.number in wanted:
            found[record.number] = record.line
        if record.number >= last:
            break
    return found


def _remembered(lines: Iterable[str], last: list[str]) -> Iterator[str]:
    """Yield lines, the one just taken kept in ``last``."""
    for line in lines:
        last[0] = line
        yield line


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let the reader take long fields; the limit is global to the process, so it is put back."""
    before = csv.field_size_limit(LONGEST_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(before)
