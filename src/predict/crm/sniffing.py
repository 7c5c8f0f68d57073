"""How a text file is divided: the delimiter that alone makes sense of it, and its header."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from predict.crm.records import Record, hint, records
from predict.crm.texttable import FILE, RECORD
from predict.errors import InputError

#: Delimiters that are tried, with their names in messages.
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_SAMPLE = 1000
# The delimiter that makes all records as wide as the header, else most of them, else half; the
# other records are ragged. One of the steps must be reached by one delimiter alone.
_SHARES = (1.0, 0.9, 0.5)


@dataclass(frozen=True)
class Division:
    """How a text file is divided into columns.

    Parameters
    ----------
    delimiter : str
        One character.
    columns : tuple of str
        The header's names, outer blanks stripped.
    header_line : int
        Line on which the header stands, from 1.
    """

    delimiter: str
    columns: tuple[str, ...]
    header_line: int


@dataclass(frozen=True)
class _Reading:
    delimiter: str
    header: Record
    share: float
    usual: int

    @property
    def width(self) -> int:
        return len(self.header.fields)

    def told(self) -> str:
        shown = " | ".join(self.header.fields[:4])
        return f"by {DELIMITERS[self.delimiter]} into {self.width} columns ({shown})"


def divide(path: Path, *, name: str, declared: str | None = None) -> Division:
    r"""Find a file's delimiter by reading its first records with each, and return its header.

    Parameters
    ----------
    path : Path
        Plain UTF-8 text.
    name : str
        How errors name the file.
    declared : str, optional
        The delimiter; nothing is guessed then. ``"tab"`` and ``"\t"`` are the same.

    Raises
    ------
    InputError
        No record at all, two delimiters that read the file equally well, a name missing or twice
        in the header.
    """
    declared = declared or _hinted(path)
    if declared is not None:
        delimiter = "\t" if declared.lower() in ("tab", r"\t") else declared
        if len(delimiter) != 1:
            raise InputError("a delimiter is one character", where=name, got=repr(declared))
        header = next(records(path, delimiter, name=name), None)
    else:
        reading = _sniffed(path, name)
        delimiter, header = reading.delimiter, reading.header
    if header is None or header.problem:
        what = "the header cannot be divided into names" if header else "the file is empty"
        raise InputError(what, where=name, do="export it again")
    return Division(delimiter, checked_header(header.fields, name), header.line)


def _hinted(path: Path) -> str | None:
    with path.open(encoding="utf-8-sig") as text:
        return hint([text.readline(16).strip('"\r\n')])


def checked_header(fields: Sequence[object], name: str) -> tuple[str, ...]:
    """Return column names without outer blanks, or say which are missing or stand there twice.

    Names that differ in upper and lower case only count as the same: databases think so too.

    Raises
    ------
    InputError
        An empty name, the same name twice, or one that bookkeeping needs.

    Examples
    --------
    >>> checked_header(["Id ", " Title"], "leads.csv")
    ('Id', 'Title')
    """
    names = tuple("" if f is None else str(f).strip().lstrip("\ufeff").strip() for f in fields)
    empty = [str(i) for i, n in enumerate(names, 1) if not n]
    if empty:
        raise InputError(
            "a column has no name in the header",
            where=name,
            got=f"column {', '.join(empty[:5])} of {len(names)}",
            do="name it, or leave it out of the export",
        )
    taken = [n for n in names if n.casefold() in (FILE, RECORD)]
    if taken:
        raise InputError("a column has a name kept for bookkeeping", where=name, got=taken[0])
    counts = Counter(n.casefold() for n in names)
    twice = [n for n in names if counts[n.casefold()] > 1]
    if twice:
        raise InputError(
            "two columns have the same name",
            where=name,
            got=", ".join(twice[:6]),
            do="rename one of them",
        )
    return names


def _sniffed(path: Path, name: str) -> _Reading:
    readings = [r for d in DELIMITERS if (r := _read_by(path, d, name)) is not None]
    if not readings:
        # No record, or a quotation mark that is never closed: said by whoever reads on.
        header = next(records(path, ",", name=name), None)
        if header is None:
            raise InputError("the file is empty", where=name, do="export it again")
        raise InputError(
            "the header cannot be divided into names",
            where=f"{name}, line {header.line}",
            got=header.problem,
            do="export the file again, or declare the delimiter",
        )
    wide = [r for r in readings if r.width > 1]
    if not any(r.share for r in wide):
        for broken in wide:  # an unclosed quotation mark: reading on says where
            deque(records(path, broken.delimiter, name=name), maxlen=0)
        return _single(readings, name)
    best = next(
        (found for share in _SHARES if (found := [r for r in wide if r.share >= share])), []
    )
    if len(best) == 1:
        return best[0]
    if best:
        raise InputError(
            "the file can be divided in two ways",
            where=name,
            got=" or ".join(r.told() for r in best[:2]),
            do=f'declare delimiter = "{best[0].delimiter}" or "{best[1].delimiter}"',
        )
    closest = max(wide, key=lambda r: (r.share, r.width))
    raise InputError(
        "the records are not as wide as the header, whatever the delimiter",
        where=name,
        got=f"{closest.share:.0%} of the first records if divided {closest.told()}",
        do="remove title rows above the header, or declare the delimiter",
    )


def _single(readings: list[_Reading], name: str) -> _Reading:
    """Return the reading of a single column, unless the records below its name are wider."""
    for reading in readings:
        if reading.usual > 1:
            raise InputError(
                "the header has one name, the records below it have more",
                where=name,
                got=f"{reading.usual} fields if divided by {DELIMITERS[reading.delimiter]}",
                do="remove title rows above the header, or declare the delimiter",
            )
    return max(readings, key=lambda r: r.share)


def _read_by(path: Path, delimiter: str, name: str) -> _Reading | None:
    """Return what the first records look like, or None where the header cannot be divided."""
    sample: list[Record] = []
    closed = True
    try:
        for record in islice(records(path, delimiter, name=name), _SAMPLE):
            sample.append(record)
    except InputError:
        closed = False
    if not sample or sample[0].problem:
        return None
    width = len(sample[0].fields)
    widths = Counter(len(r.fields) for r in sample[1:])
    usual, times = min(widths.items(), key=lambda w: (-w[1], w[0]), default=(width, 0))
    share = (1 + widths[width]) / len(sample) if closed else 0.0
    return _Reading(delimiter, sample[0], share, usual if times > len(sample) / 2 else 0)
