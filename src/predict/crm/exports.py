"""Which files an export consists of: folders, newest matches, zip entries, and their dates."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from predict.errors import InputError, nearest
from predict.findings import Finding
from predict.publish import file_digest

#: Suffixes of files that hold text, with or without ``.gz`` or ``.zst`` behind them.
TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".tab")
PARQUET_SUFFIXES = (".parquet", ".pq")
SHEET_SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
PACKED_SUFFIXES = (".gz", ".zst")
_MEMBER = "::"

Place = str | os.PathLike[str]

# A date, and a time of day behind it, that stand free of other digits: 2026-07-01, 20260701_0930.
_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])"
    r"(?:[T _-]?([01]\d|2[0-3])[-:.h_]?([0-5]\d)(?:[-:.m_]?([0-5]\d))?)?(?!\d)"
)


@dataclass(frozen=True)
class ExportFile:
    """One file, or one entry of a zip, that an export consists of.

    Parameters
    ----------
    name : str
        How messages, rejects and the column ``_file`` name it: relative to the definition's folder.
    path : Path or None
        The file on disk; None for data frames and query results, which have none.
    member : str or None
        Entry of the zip at ``path``.
    dated : datetime or None
        When it was made, by its name, its folder's name or its zip entry; naive, as written there.
        Never the time stamp of the file itself, which copying changes.
    """

    name: str
    path: Path | None = None
    member: str | None = None
    dated: datetime | None = None

    @cached_property
    def sha256(self) -> str | None:
        """SHA-256 of the bytes on disk (of the whole zip for an entry), computed when asked for."""
        return None if self.path is None else file_digest(self.path)

    @property
    def size(self) -> int | None:
        """Bytes on disk."""
        return None if self.path is None else self.path.stat().st_size

    @property
    def kind(self) -> str:
        """``"text"``, ``"parquet"`` or ``"sheet"``, by the name's suffix; unknown ones are text."""
        suffix = Path(self.member or self.name).suffix.lower()
        if suffix in PARQUET_SUFFIXES:
            return "parquet"
        return "sheet" if suffix in SHEET_SUFFIXES else "text"


def date_in(name: str) -> datetime | None:
    """Return the last date (and time) that a file or folder name contains.

    Examples
    --------
    >>> date_in("Lead_2026-07-01.csv")
    datetime.datetime(2026, 7, 1, 0, 0)
    >>> date_in("20260701_0930")
    datetime.datetime(2026, 7, 1, 9, 30)
    >>> date_in("Lead_17202607019.csv") is None
    True
    """
    found = None
    for match in _DATE.finditer(name):
        year, _, month, day, hour, minute, second = match.groups()
        try:
            found = datetime(
                int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0)
            )
        except ValueError:  # 31 June is no date
            continue
    return found


def find_files(
    path: Place | Sequence[Place], folder: Path
) -> tuple[tuple[ExportFile, ...], tuple[Finding, ...]]:
    """Return the files that a ``path`` of the definition stands for.

    Parameters
    ----------
    path : path or sequence of paths
        A file; a folder (all tables in it, one below the other); a pattern such as
        ``exports/*/Lead.csv`` (the newest match, by the date in its path, else by name; Parquet
        files without dates are parts of one table); ``exports.zip::Lead.csv``, an entry of a zip,
        or a zip with one table in it. A list is read one below the other.
    folder : Path
        Where relative paths start.

    Raises
    ------
    InputError
        Nothing is found, or more than one file is equally new.
    """
    files: list[ExportFile] = []
    findings: list[Finding] = []
    for one in [path] if isinstance(path, str | os.PathLike) else path:
        place, _, member = os.fspath(one).partition(_MEMBER)
        chosen, found = _on_disk(place, folder)
        findings += found
        for target in chosen:
            files += _entries(target, member or None, folder)
    return tuple(files), tuple(findings)


def earliest_date(files: Sequence[ExportFile]) -> datetime | None:
    """Return the earliest date of the files that carry one, as the whole export is no newer."""
    return min((f.dated for f in files if f.dated is not None), default=None)


def named(files: Sequence[ExportFile]) -> str:
    """Return how messages name a table of these files.

    Examples
    --------
    >>> named([ExportFile("a.csv"), ExportFile("b.csv"), ExportFile("c.csv")])
    'a.csv and 2 more'
    """
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return f"{files[0].name}{more}"


def _on_disk(place: str, folder: Path) -> tuple[list[Path], list[Finding]]:
    target = folder / Path(place).expanduser()
    if target.is_dir():
        inside = [p for p in walk(target) if is_table(p)]
        if not inside:
            raise InputError("the folder holds no table", where=str(target), do="export into it")
        return inside, []
    if target.is_file():
        return [target], []
    if not any(sign in place for sign in "*?["):
        near = nearest(target.name, [p.name for p in _siblings(target)])
        raise InputError(
            "the file does not exist",
            where=str(target),
            do=f"is it {near}?" if near else "put the export there, or correct the path",
        )
    parts = target.parts
    first = next(i for i, part in enumerate(parts) if any(sign in part for sign in "*?["))
    root = Path(*parts[:first])
    matches = sorted(root.glob("/".join(parts[first:])), key=lambda p: _natural(p.as_posix()))
    matches = [p for p in matches if not p.name.startswith(".")]
    if not matches:
        raise InputError(
            "no file matches the pattern",
            where=place,
            got=f"nothing below {root}",
            do="put the export there, or correct the pattern",
        )
    return _newest(matches, place, root)


def _newest(matches: list[Path], pattern: str, root: Path) -> tuple[list[Path], list[Finding]]:
    """Return the newest match; several only where they are Parquet parts of one table."""
    dates = {p: _path_date(p.relative_to(root).parts) for p in matches}
    known = [d for d in dates.values() if d is not None]
    parts = all(p.suffix.lower() in PARQUET_SUFFIXES for p in matches)
    if known:
        chosen = [p for p in matches if dates[p] == max(known)]
    else:
        chosen = matches if parts else matches[-1:]
    if len(chosen) > 1 and not parts:
        raise InputError(
            "several files match the pattern and are equally new",
            where=pattern,
            got=", ".join(p.relative_to(root).as_posix() for p in chosen[:3]),
            do="make the pattern match one, or list the files to be read one below the other",
        )
    if chosen[0].is_dir():
        return _on_disk(str(chosen[0]), chosen[0].parent)
    if len(matches) == len(chosen):
        return chosen, []
    sentence = f"{len(matches)} files match {pattern}; the newest, {chosen[-1].name}, is read."
    if known:
        sentence = f"{sentence[:-1]} (dated {max(known):%Y-%m-%d})."
    return chosen, [
        Finding("newest-export", "note", pattern, sentence, {"matches": float(len(matches))})
    ]


def _entries(target: Path, member: str | None, folder: Path) -> list[ExportFile]:
    """Return the file itself, or its entry where it is a zip."""
    shown = _shown(target, folder)
    below = target.is_relative_to(folder)
    dated = _path_date(target.relative_to(folder).parts if below else target.parts[-2:])
    if target.suffix.lower() != ".zip":
        if member is not None:
            raise InputError("only a zip has entries", where=shown, got=member)
        return [ExportFile(shown, target, None, dated)]
    try:
        with zipfile.ZipFile(target) as archive:
            entries = {i.filename: i for i in archive.infolist() if not i.is_dir()}
    except zipfile.BadZipFile as error:
        raise InputError("the zip is damaged", where=shown, do="export it again") from error
    tables = [n for n in entries if is_table(Path(n)) and not n.startswith("__MACOSX/")]
    if member is None and len(tables) != 1:
        raise InputError(
            "the zip holds several tables" if tables else "the zip holds no table",
            where=shown,
            got=", ".join(sorted(tables)[:5]) or None,
            do=f'name one, as in "{target.name}{_MEMBER}{tables[0] if tables else "Lead.csv"}"',
        )
    names = tables if member is None else [n for n in entries if n == member]
    names = names or [n for n in entries if Path(n).name == member]
    if len(names) != 1:
        near = nearest(str(member), entries)
        raise InputError(
            "the zip has several such entries" if names else "the zip has no such entry",
            where=shown,
            got=member,
            do=f"is it {near}?" if near else "name one of: " + ", ".join(sorted(tables)[:5]),
        )
    info = entries[names[0]]
    stamp = datetime(*info.date_time) if info.date_time[0] > 1980 else None
    dated = date_in(names[0]) or dated or stamp
    return [ExportFile(f"{shown}{_MEMBER}{names[0]}", target, names[0], dated)]


def _path_date(parts: Sequence[str]) -> datetime | None:
    """Return the date nearest to the end of a path."""
    return next((d for part in reversed(parts) if (d := date_in(part)) is not None), None)


def _shown(target: Path, folder: Path) -> str:
    return (target.relative_to(folder) if target.is_relative_to(folder) else target).as_posix()


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a sorting key by which part 10 follows part 9."""
    return [(int(t), "") if t.isdigit() else (-1, t) for t in re.split(r"(\d+)", name)]


def is_table(path: Path) -> bool:
    """Tell by its suffix whether a file can be read as a table."""
    suffixes = [s.lower() for s in path.suffixes]
    if suffixes and suffixes[-1] in PACKED_SUFFIXES:
        suffixes = suffixes[:-1]
    return bool(suffixes) and suffixes[-1] in TEXT_SUFFIXES + PARQUET_SUFFIXES + SHEET_SUFFIXES


def walk(folder: Path) -> Iterator[Path]:
    """Yield files below a folder in reading order; hidden and ``_SUCCESS``-like ones left out."""
    for path in sorted(folder.rglob("*"), key=lambda p: _natural(p.as_posix())):
        inner = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith((".", "_")) for part in inner):
            yield path


def _siblings(target: Path) -> list[Path]:
    return sorted(target.parent.iterdir()) if target.parent.is_dir() else []
