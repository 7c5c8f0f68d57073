"""Which tables the files, zips, workbooks and folders hold that somebody handed over."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from predict.crm.exports import SHEET_SUFFIXES, date_in, is_table, walk
from predict.errors import InputError


@dataclass(frozen=True)
class Place:
    """Where one table is, as a definition names it.

    Parameters
    ----------
    path : str
        Relative to the definition's folder where that is possible; ``x.zip::Lead.csv``.
    file : Path
        On disk.
    sheet : str or None
        Sheet of a workbook that has several.
    dated : datetime or None
        The date in the name of the file, of its folder, or of the zip entry.
    stamped : bool
        ``dated`` is the time stamp of a zip entry, as no name holds a date: when the file was
        written, which may be long after it was exported.
    """

    path: str
    file: Path
    sheet: str | None = None
    dated: datetime | None = None
    stamped: bool = False

    @property
    def name(self) -> str:
        """The name of the table for people: file, entry or sheet without folders."""
        last = PurePosixPath(self.path.rpartition("::")[2]).name
        return f"{last}, sheet {self.sheet}" if self.sheet else last

    @property
    def stem(self) -> str:
        """The name without suffixes, or that of the sheet."""
        return self.sheet or self.name.split(".")[0]


def gather(exports: Sequence[str | os.PathLike[str]], folder: Path) -> list[Place]:
    """Return every table in files, zips, workbooks and folders, each once.

    Parameters
    ----------
    exports : sequence of path
        What was handed over.
    folder : Path
        Where the definition will stand: paths become relative to it.

    Raises
    ------
    InputError
        One of them does not exist, or nothing among them is a table.
    """
    found: dict[tuple[Path, str, str | None], Place] = {}
    for export in exports:
        target = Path(export).expanduser()
        if not target.exists():
            raise InputError("there is no such file or folder", where=str(export), do="correct it")
        inside = list(_below(target)) if target.is_dir() else [target]
        for file in inside:
            for place in _in_file(file, folder):
                entry = place.path.partition("::")[2]
                found.setdefault((place.file, entry, place.sheet), place)
    if not found:
        raise InputError(
            "none of these is a table",
            where=", ".join(str(e) for e in exports),
            do="hand over CSV, XLSX or Parquet files, a zip or a folder of them",
        )
    return list(found.values())


def _below(folder: Path) -> Iterator[Path]:
    for path in walk(folder):
        if is_table(path) or path.suffix.lower() == ".zip":
            yield path


def _in_file(given: Path, folder: Path) -> Iterator[Place]:
    file, shown = given.resolve(), _shown(given, folder)
    dated = date_in(given.name) or date_in(file.parent.name)
    if file.suffix.lower() == ".zip":
        yield from _in_zip(file, shown, dated)
    elif file.suffix.lower() in SHEET_SUFFIXES:
        for sheet in _sheets(file):
            yield Place(shown, file, sheet, dated)
    else:
        yield Place(shown, file, None, dated)


def _shown(given: Path, folder: Path) -> str:
    """Return the path from the folder to the file: as given, where links do not lead it astray."""
    real, base = given.resolve(), folder.resolve()
    straight = os.path.relpath(real, base)
    kept = os.path.relpath(given, folder)
    climbs = [p.count("..") for p in (Path(kept).parts, Path(straight).parts)]
    same = climbs[0] <= climbs[1] and (base / kept).resolve() == real
    return Path(kept if same else straight).as_posix()


def _in_zip(file: Path, shown: str, dated: datetime | None) -> Iterator[Place]:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = [i for i in archive.infolist() if not i.is_dir()]
    except (zipfile.BadZipFile, OSError):  # said by who reads it, as of any other file
        yield Place(shown, file, None, dated)
        return
    for entry in sorted(entries, key=lambda e: e.filename):
        if is_table(Path(entry.filename)) and not entry.filename.startswith("__MACOSX/"):
            stamp = datetime(*entry.date_time) if entry.date_time[0] > 1980 else None
            named = date_in(entry.filename) or dated
            where = f"{shown}::{entry.filename}"
            yield Place(where, file, None, named or stamp, named is None and stamp is not None)


def _sheets(file: Path) -> list[str | None]:
    """Return the sheets of a workbook that hold anything; None alone where there is one.

    What is wrong with a workbook that cannot be opened is said by who reads it.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(file))
        names = list(book.sheet_names)
        if len(names) < 2:
            return [None]
        return [n for n in names if book.get_sheet_by_name(n).start is not None]
    except (CalamineError, OSError):
        return [None]
