"""Inbox: every list dropped into a folder is scored; what cannot be read comes back with a note."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.errors import InputError, PredictError, RefusedError
from predict.home import Home
from predict.jobs.importing import vendor_of
from predict.jobs.repeats import SAME_AS, earlier, publish_repeat
from predict.jobs.scoring import KEPT, Office, Order, Progress
from predict.publish import (
    file_digest,
    json_digest,
    locked,
    publish_file,
    publishing,
    read_json,
    verify,
)

if TYPE_CHECKING:
    from predict.scoring.lists import MatchedList

#: Folders of the inbox: results, lists that came back, and tickets of what is being worked on.
DONE, TO_FIX, TICKETS = "done", "to_fix", ".inbox"
#: Files that are no lists: still on their way, or left by programs.
_UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".download", ".filepart")
_LEFT_BY_PROGRAMS = ("thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class Result:
    """What came of one list.

    Parameters
    ----------
    name : str
        The file that was dropped.
    folder : Path
        Where its result or its note is, with the file itself in ``original/``.
    told : str
        What its rows are, by number; "" where it came back.
    note : str or None
        What is wrong with it, where it came back.
    remarks : tuple of str
        What to know first of how its columns were read.
    same_as : Path or None
        Folder of the first result, where the same file was scored before and was not again.
    """

    name: str
    folder: Path
    told: str = ""
    note: str | None = None
    remarks: tuple[str, ...] = ()
    same_as: Path | None = None


@dataclass(frozen=True)
class Inbox:
    """What a run over an inbox did.

    Parameters
    ----------
    results : tuple of Result
        One per list, by name.
    busy : bool
        Whether another run was at work, so that nothing was done.
    """

    results: tuple[Result, ...] = field(default=())
    busy: bool = False

    @property
    def came_back(self) -> int:
        """How many lists came back with a note."""
        return sum(result.note is not None for result in self.results)


def empty_inbox(
    folder: Path,
    definition: Path,
    home: Home,
    *,
    as_of: datetime,
    vendor: str | None = None,
    data: Path | None = None,
    progress: Progress | None = None,
) -> Inbox:
    """Score every list that lies in a folder.

    A list becomes ``done/NAME-DATE/``: page, table, import files, and the list itself in
    ``original/``; it is then taken out of the inbox. One that cannot be read becomes
    ``to_fix/NAME-DATE/``, with a page that says what to do. A file that was scored before, byte by
    byte, is not scored again: its folder names the first result. A second run finds nothing to do.
    Killed anywhere, the next run finishes what was begun, as of the moment it was begun; a list
    leaves the inbox only when its result is complete. One run works on a folder at a time.

    Parameters
    ----------
    folder : Path
        The inbox; files beginning with ``.``, ``~`` or ``_`` and its sub-folders are no lists.
    definition : Path
        Definition file.
    home : Home
        Registry and ledger.
    as_of : datetime
        The moment to look, exclusive; naive UTC.
    vendor : {"salesforce", "hubspot"} or None
        Whose import files are written; None goes by the ids of the leads.
    data : Path, optional
        Folder that relative paths of the definition start from.
    progress : callable, optional
        Called with (rows done, rows, what).

    Raises
    ------
    InputError
        The folder does not exist, or the export of the definition cannot be read: then no list
        is to blame, and all stay where they are.
    RefusedError
        No model is in use.
    """
    if not folder.is_dir():
        raise InputError("there is no such folder", where=str(folder), do="make it, or check it")
    with _alone(folder) as alone:
        if not alone:
            return Inbox(busy=True)
        lists = waiting(folder)
        if not lists:
            return Inbox()
        office = Office.open(definition, home, data=data)
        try:
            desk = _Desk(folder, office, as_of, vendor, progress)
            return Inbox(tuple(r for path in lists if (r := desk.take(path)) is not None))
        finally:
            office.close()


def waiting(folder: Path) -> list[Path]:
    """Return the lists that lie in an inbox, by name."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_file()
        and not path.name.startswith((".", "~", "_"))
        and path.suffix.lower() not in _UNFINISHED
        and path.name.lower() not in _LEFT_BY_PROGRAMS
    )


@dataclass(frozen=True)
class _Desk:
    """Takes one list after the other."""

    folder: Path
    office: Office
    as_of: datetime
    vendor: str | None
    progress: Progress | None

    def take(self, path: Path) -> Result | None:
        """Score one list, or write the note on it; None where it was gone or still changing."""
        try:
            digest = file_digest(path)
        except FileNotFoundError:
            return None  # somebody took it back
        ticket = self.folder / TICKETS / f"{json_digest([digest, path.name])[:24]}.json"
        began = ticket.exists()
        if not began:
            held = {"as_of": self.as_of.isoformat(), "name": self._free_name(path)}
            publish_file(ticket, json.dumps(held, sort_keys=True).encode())
        begun = read_json(ticket)
        name, as_of = str(begun["name"]), datetime.fromisoformat(str(begun["as_of"]))
        result = _finished(self.folder, path.name, name) if began else None
        if result is None:
            result = self._made(path, digest, name, as_of)
        if file_digest(path) != digest:
            # It grew while it was read: what was made of it stands for its first part only.
            shutil.rmtree(result.folder)
            ticket.unlink()
            return None
        path.unlink()
        ticket.unlink()
        return result

    def _made(self, path: Path, digest: str, name: str, as_of: datetime) -> Result:
        to = self.folder / DONE / name
        first = earlier(to.parent, digest, vendor_of(self.office.crm, self.vendor))
        if first is not None:
            told = publish_repeat(to, path, digest, first, as_of)
            return Result(path.name, to, told, same_as=first)
        order = Order(to, as_of, path, None, "all", self.vendor, keep=True)
        try:
            matched = self.office.match(order)
            _has_rows(path, matched)
        except (InputError, RefusedError) as error:
            return self._returned(path, name, as_of, error)
        done = self.office.score(order, matched=matched, progress=self.progress)
        return Result(path.name, to, str(done.manifest["told"]), remarks=_remarks(done.manifest))

    def _returned(self, path: Path, name: str, as_of: datetime, error: PredictError) -> Result:
        """Publish the note on a list, with the list."""
        from predict.report.notes import column_names, note_on
        from predict.scoring.headers import targets_of

        note = note_on(path, error, column_names(targets_of(self.office.crm).values()))
        inputs = json_digest([file_digest(path), as_of.isoformat()])
        to = self.folder / TO_FIX / name
        extra = {"list": path.name, "note": note.title, "as_of": as_of.isoformat()}
        with publishing(to, inputs, extra) as staging:
            note.write(staging)
            (staging / KEPT).mkdir()
            shutil.copyfile(path, staging / KEPT / path.name)
        return Result(path.name, to, note=note.title)

    def _free_name(self, path: Path) -> str:
        """Return a name that no result has, and none that is being worked on."""
        plain = re.sub(r"[^\w.-]+", "-", path.name.split(".")[0]).strip("-.") or "list"
        wanted = f"{plain[:80]}-{self.as_of:%Y-%m-%d}"
        tickets = self.folder / TICKETS
        begun = {str(read_json(t)["name"]) for t in tickets.glob("*.json")}
        taken = begun | {
            p.name for part in (DONE, TO_FIX) for p in (self.folder / part).glob(f"{wanted}*")
        }
        names = (wanted if i == 1 else f"{wanted}-{i}" for i in range(1, len(taken) + 2))
        return next(name for name in names if name not in taken)


def _finished(folder: Path, dropped: str, name: str) -> Result | None:
    """Return the result of a list that an earlier run published and was killed behind."""
    for part in (DONE, TO_FIX):
        if (folder / part / name).is_dir():
            manifest = verify(folder / part / name)
            note = manifest.get("note")
            told = str(manifest.get("told", ""))
            first = manifest.get(SAME_AS)
            return Result(
                dropped,
                folder / part / name,
                told,
                None if note is None else str(note),
                _remarks(manifest),
                None if first is None else folder / DONE / str(first),
            )
    return None


def _remarks(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(map(str, manifest.get("remarks", ())))


def _has_rows(path: Path, matched: MatchedList) -> None:
    if int(matched.grid.count().execute()) == 0:
        raise InputError("the list has a header and no rows", where=path.name)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Yield whether no other run is at work on the folder; hold it where that is so."""
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(locked(folder / TICKETS / "lock", timeout=0))
        except PredictError:
            yield False
            return
        yield True
