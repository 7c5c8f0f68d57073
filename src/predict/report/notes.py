"""Notes: one page that tells whoever dropped a list what to fix, in their words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.crm.profile import FROM_MAIL
from predict.report.otherfiles import old_sheet, other_file
from predict.report.titlerows import row_of_names
from predict.report.troubles import OTHERWISE, PROTECTED, SAVE, TROUBLES, Trouble, names_below
from predict.scoring.words import humanised, safe_text

if TYPE_CHECKING:
    import pandas as pd

    from predict.errors import PredictError

PAGE, TEXT = "what_to_fix.html", "what_to_fix.txt"
_TEMPLATE = Path(__file__).parent / "templates" / "note.html"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_MOST_LINES = 20
#: What a reader calls a column, by its meaning.
LABELS = {
    "email": "E-mail",
    "job_title": "Job title",
    "industry": "Industry",
    "employees": "Employees",
    "country": "Country",
    "source": "Source",
    "campaign": "Campaign",
    "list": "List or event",
    "created_at": "Date the lead came in",
    "lead_id": "Lead id (of the CRM)",
    "company": "Company",
}


@dataclass(frozen=True)
class Note:
    """What a reader is told of a list that could not be scored, or not as a whole.

    Parameters
    ----------
    name : str
        The list.
    title : str
        What is wrong, in one line.
    meaning : str
        What that means for the list.
    steps : tuple of str
        What to do, in order.
    found : tuple of str
        What was seen, such as the columns of the list.
    columns : tuple of str
        Columns that are read, where naming them helps.
    detail : str
        For whoever looks after the software.
    """

    name: str
    title: str
    meaning: str
    steps: tuple[str, ...]
    found: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    detail: str = ""

    def text(self) -> str:
        """Return the note as plain text."""
        parts = [f"{self.name}\n{self.title}\n\n{self.meaning}\n"]
        if self.found:
            parts.append("Seen in the list:\n" + "".join(f"  {line}\n" for line in self.found))
        steps = "".join(f"  {i}. {step}\n" for i, step in enumerate(self.steps, 1))
        parts.append(f"What to do:\n{steps}")
        if self.columns:
            parts.append(f"Columns that are read, in English or German:\n  {self._columns}\n")
        if self.detail:
            parts.append(f"For whoever looks after the software: {self.detail}\n")
        return "\n".join(parts)

    def html(self) -> str:
        """Return the note as one self-contained page."""
        from jinja2 import Environment, StrictUndefined

        environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
        template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
        # “E-mail” is not to be broken at its hyphen.
        columns = self._columns.replace("-", "\u2011")
        return template.render(note=self, columns=columns)

    @property
    def _columns(self) -> str:
        return ", ".join(self.columns)

    def write(self, folder: Path) -> None:
        """Write the note as page and text into a folder."""
        (folder / PAGE).write_text(self.html(), encoding="utf-8", newline="\n")
        (folder / TEXT).write_text(self.text(), encoding="utf-8-sig", newline="\r\n")


def note_on(path: Path, error: PredictError, columns: Sequence[str] = ()) -> Note:
    """Return the note on a list that cannot be read.

    Parameters
    ----------
    path : Path
        The list.
    error : PredictError
        What reading it said.
    columns : sequence of str
        Columns that are read; named where none was recognised.
    """
    trouble = _trouble(path, error, columns)
    got = "" if error.got is None else str(error.got)
    found = tuple(safe_text(part, limit=200) for part in trouble.shown(got)) if got else ()
    column = re.search(r", column (.+)$", error.where or "")
    if column and found:
        found = (f"Column “{safe_text(column[1])}”: {found[0]}", *found[1:])
    return Note(
        name=safe_text(path.name, limit=120),
        title=trouble.title,
        meaning=trouble.meaning,
        steps=trouble.steps,
        found=found,
        columns=tuple(columns) if trouble.names_columns else (),
        detail=safe_text(f"{error.what}; {error.where or path.name}", limit=240),
    )


def note_on_rows(name: str, rejects: pd.DataFrame, rows: int) -> Note:
    """Return the note on rows and values of a scored list that could not be read.

    Parameters
    ----------
    name : str
        The list.
    rejects : pandas.DataFrame
        As in ``rejects.csv``; personal values are hidden in it.
    rows : int
        Rows that could not be read at all.
    """
    whole = f"{rows:,} row{'' if rows == 1 else 's'} could not be read and {_are(rows)} not scored"
    values = int((rejects["column"] != "").sum())
    single = f"{values:,} value{'' if values == 1 else 's'} could not be read and {_are(values)} "
    said = [whole] if rows else []
    said += [single + "taken as not known"] if values else []
    lines = list(_lines(rejects))
    return Note(
        name=safe_text(name, limit=120),
        title="The list was scored, but not all of it could be read",
        meaning=f"{'; '.join(said)}. Everything else was scored.",
        steps=(
            "Correct the places named above; leave a cell empty where nothing is known.",
            SAVE,
            "Drop the list again if the corrections matter; nothing else has to be done.",
        ),
        found=(*lines[:_MOST_LINES], *([f"and {len(lines) - _MOST_LINES:,} more, see rejects.csv"]
                                       if len(lines) > _MOST_LINES else [])),
    )  # fmt: skip


def column_names(targets: Iterable[Any]) -> list[str]:
    """Return what a reader calls the columns that a list may bring."""
    # Names and firms are read whatever the CRM holds: pages and import files show them.
    named = [LABELS["email"], "Name", LABELS["company"]]
    for target in targets:
        label = next((LABELS[m] for m in sorted(target.meanings) if m in LABELS), None)
        if target.kind not in ("personal", "key") and target.name not in FROM_MAIL:
            named.append(label or humanised(target.name))
    return list(dict.fromkeys(named))


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _lines(rejects: pd.DataFrame) -> Iterable[str]:
    for reject in rejects.to_dict("records"):
        line = reject["line"]
        known = not isinstance(line, float) and line is not None and str(line) != "<NA>"
        place = f"line {line}" if known else f"row {reject['record']} below the header"
        if not reject["column"]:
            yield f"{place}: {safe_text(reject['rule'], limit=120)}"
        else:
            value = safe_text(reject["value"], limit=60)
            column = safe_text(reject["column"])
            yield f"{place}, column “{column}”: “{value}” is not {reject['rule']}"


def _trouble(path: Path, error: PredictError, columns: Sequence[str]) -> Trouble:
    with path.open("rb") as stream:
        head = stream.read(16)
        old = head.startswith(_OLD_OFFICE)
        protected = old and _ENCRYPTED in head + stream.read(1 << 20)
    if protected:
        return PROTECTED
    kind = other_file(path.suffix, head)
    if kind is not None:
        return kind
    if re.search("workbook cannot be read", error.what):
        kind = old_sheet(path.suffix, head)
        if kind is not None:
            return kind
    row = row_of_names(path, columns)
    if row is not None:
        return names_below(row)
    for trouble in TROUBLES:
        if re.search(trouble.what, error.what):
            return trouble
    return OTHERWISE
