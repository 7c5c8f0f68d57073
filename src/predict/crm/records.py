"""The records of a delimited text file as Python's own reader sees them, with their lines."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
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
        Plain UTF-8 text, with or without a byte order mark, or Excel's hint ``sep=;`` above it.
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
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
        number = 0
        while True:
            line = lines.begin()
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
                # The value may have run on over records that are sound: they are read again.
                lines.give_back()
                yield Record(number, line, (), "quotation marks inside a value are not doubled")
            else:
                # "" alone is a record, a blank line is none.
                if (len(fields) < 2 and lines.blank) or (line == 1 and hint(fields, delimiter)):
                    continue
                yield Record(number, line, tuple(fields))
            number += 1


def hint(fields: Sequence[str], delimiter: str = "") -> str | None:
    """Return the delimiter that Excel's first line states, as in ``sep=;``, if it is such a line.

    Parameters
    ----------
    fields : sequence of str
        Of the first record, read with ``delimiter``, by which the hint itself may be divided.

    Examples
    --------
    >>> hint(["sep=;"]), hint(["sep=", ""], ","), hint(["Id", "Name"], ",")
    (';', ',', None)
    """
    said = delimiter.join(fields)
    return said[4] if said[:4].lower() == "sep=" and len(said) == 5 else None


class _Lines:
    """The lines of a file, of which all but the first of the current record can be given back."""

    def __init__(self, text: Iterator[str]) -> None:
        self._text = text
        self._back: deque[str] = deque()
        self._taken: list[str] = []
        self._number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else next(self._text)
        self._taken.append(line)
        self._number += 1
        return line

    def begin(self) -> int:
        """Begin a record, and return the number of the line it begins on."""
        self._taken.clear()
        return self._number + 1

    def give_back(self) -> None:
        """Give back the lines after the first."""
        again = self._taken[1:]
        self._back.extendleft(reversed(again))
        self._number -= len(again)

    @property
    def blank(self) -> bool:
        """Whether the line just taken holds nothing."""
        return not self._taken[-1].strip()


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


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let the reader take long fields; the limit is global to the process, so it is put back."""
    before = csv.field_size_limit(LONGEST_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(before)
