"""Workbook: a scored list to work with, a sheet per rep, where what came of each lead is ticked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from predict.report.cards import Card
from predict.scoring import figures
from predict.scoring.words import safe_text

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

#: What may have become of a lead, as a rep says it.
DISPOSITIONS = (
    "accepted",
    "rejected: wrong fit",
    "rejected: no need",
    "rejected: no budget",
    "rejected: no authority",
    "rejected: wrong time",
    "rejected: bad data",
    "rejected: duplicate",
    "nurture",
    "won",
)
#: Sheets of reps; the leads of further ones share the last sheet.
MOST_SHEETS = 60
NOBODY, OTHERS, ABOUT = "No owner", "Other owners", "About"
_LONGEST = 31  # letters of a sheet's name
_BAD = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
#: Rows below the last lead in which the drop-down works too, for leads that a rep adds.
_SPARE = 50

Kind = Literal["text", "number", "percent"]


@dataclass(frozen=True)
class Column:
    """One column of the sheets.

    Parameters
    ----------
    header : str
        As printed.
    width : float
        In letters.
    kind : {"text", "number", "percent"}
        How its cells are written.
    means : str
        What the sheet that explains says of it.
    """

    header: str
    width: float
    kind: Kind
    means: str


COLUMNS = (
    Column("Grade", 7, "text", "A to D, the best first; see the limits above."),
    Column("Name", 24, "text", "Who it is; the firm or the id where no name is given."),
    Column("Title and firm", 32, "text", "As the list has them."),
    Column("Where", 18, "text", "Town and country."),
    Column("Chance", 9, "percent", "How likely the lead is to get there in the agreed time."),
    Column("In words", 16, "text", "The same, as one would say it."),
    Column("Score", 7, "number", "0 to 100: better than so many of 100 past leads."),
    Column("Fit", 5, "text", "Who the lead is, A to D: a quarter of past leads each."),
    Column("Engagement", 11, "text", "What the lead did, 1 to 4: a quarter of past leads each."),
    Column("Came", 16, "text", "How long ago the lead came."),
    Column("Scored higher because", 60, "text", "What raised the chance most, the most first."),
    Column("Scored lower because", 40, "text", "What lowered it most."),
    Column("E-mail", 26, "text", "As the list has it."),
    Column("Phone", 18, "text", "As the list has it."),
    Column("Careful", 34, "text", "Whether the lead may be contacted, and what to know first."),
    Column("To find out", 24, "text", "What is agreed as a must and not known yet."),
    Column("Owner", 18, "text", "Whose lead it is."),
    Column("Lead", 20, "text", "The id in the CRM or the list."),
    Column("Row", 7, "number", "The row of the list, from 0."),
    Column("Disposition", 22, "text", "For you: what came of it. Choose from the list."),
    Column("Remark", 40, "text", "For you: anything worth knowing."),
)
_DISPOSITION, _CHANCE = (
    next(i for i, c in enumerate(COLUMNS) if c.header == header)
    for header in ("Disposition", "Chance")
)


@dataclass(frozen=True)
class Entry:
    """A lead of the workbook.

    Parameters
    ----------
    card : Card
        What is shown of it.
    lead_id, owner : str
        Its id; whose lead it is, "" where nobody's.
    fit, engagement : str
        The two-way grade, "" where there is none.
    """

    card: Card
    lead_id: str
    owner: str
    fit: str = ""
    engagement: str = ""


def write_workbook(
    path: Path,
    entries: Sequence[Entry],
    *,
    heading: str,
    known_on: datetime,
    told: Sequence[str] = (),
    run: str = "",
) -> None:
    """Write the leads of a list into a workbook, a sheet per owner, best grades first.

    Every text is written as text: no cell is ever a formula, a link or a number that was an id.

    Parameters
    ----------
    path : Path
        File to write.
    entries : sequence of Entry
        Leads, in the order in which they are to be worked.
    heading : str
        What the list is.
    known_on : datetime
        The moment everything was known (naive UTC); the only date in the file.
    told : sequence of str
        Sentences for the sheet that explains: limits of the grades, what the list is worth.
    run : str
        Key of the run in the ledger, by which dispositions find their way back.
    """
    from xlsxwriter import Workbook

    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "in_memory": True,
    }
    with Workbook(str(path), options) as book:
        book.set_properties({"title": safe_text(heading, limit=120), "created": known_on})
        formats = _formats(book)
        names = _sheet_names(entries)
        for owner, name in names.items():
            theirs = [e for e in entries if (e.owner if e.owner in names else OTHERS) == owner]
            _sheet(book.add_worksheet(name), theirs, formats)
        _about(book.add_worksheet(ABOUT), heading, known_on, told, run, formats)


def _formats(book: Workbook) -> dict[str, Format]:
    return {
        "head": book.add_format(
            {"bold": True, "bg_color": "#1f3a5f", "font_color": "#ffffff", "valign": "vcenter"}
        ),
        "text": book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"}),
        "number": book.add_format({"num_format": "0", "valign": "top"}),
        "percent": book.add_format({"num_format": "0.0%", "valign": "top"}),
        "yours": book.add_format({"num_format": "@", "bg_color": "#fff7e0", "valign": "top"}),
        "title": book.add_format({"bold": True, "font_size": 14}),
    }


def _sheet(sheet: Worksheet, entries: Sequence[Entry], formats: dict[str, Format]) -> None:
    for place, column in enumerate(COLUMNS):
        sheet.set_column(place, place, column.width)
        sheet.write_string(0, place, column.header, formats["head"])
    for line, entry in enumerate(entries, start=1):
        for place, (column, value) in enumerate(zip(COLUMNS, _cells(entry), strict=True)):
            form = formats["yours" if place >= _DISPOSITION else column.kind]
            if column.kind == "text":
                if value or place >= _DISPOSITION:
                    sheet.write_string(line, place, str(value), form)
            else:
                sheet.write_number(line, place, float(value), form)
    last = len(entries)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(last, 1), len(COLUMNS) - 1)
    sheet.data_validation(
        1,
        _DISPOSITION,
        last + _SPARE,
        _DISPOSITION,
        {
            "validate": "list",
            "source": list(DISPOSITIONS),
            "input_title": "What came of it?",
            "input_message": "Choose one; say more in the remark.",
            "error_title": "Not in the list",
            "error_message": "Choose one of the list; say more in the remark.",
        },
    )
    if last:
        bars = {"type": "data_bar", "bar_color": "#7fb0e0", "bar_solid": True, "min_type": "num"}
        bars |= {"min_value": 0, "max_type": "num", "max_value": 1}
        sheet.conditional_format(1, _CHANCE, last, _CHANCE, bars)
    sheet.set_landscape()
    sheet.repeat_rows(0)
    sheet.fit_to_pages(1, 0)


def _cells(entry: Entry) -> Iterator[Any]:
    card = entry.card
    yield card.grade
    yield card.name
    yield card.line
    yield card.place
    yield card.probability
    yield card.chance
    yield round(card.score)
    yield entry.fit
    yield entry.engagement
    yield card.came
    yield _listed(card.higher)
    yield _listed(card.lower)
    yield next((c.text for c in card.contacts if "@" in c.text), "")
    yield next((c.text for c in card.contacts if "@" not in c.text), "")
    yield "; ".join(mark.rstrip(".") for mark in card.marks)
    yield "; ".join([*(f"fails: {said}" for said in card.failed), *card.unknown])
    yield safe_text(entry.owner, limit=80)
    yield entry.lead_id
    yield card.row
    yield ""
    yield ""


def _listed(points: Iterable[Any]) -> str:
    lines = [f"{p.fact}. {p.evidence}." if p.evidence else f"{p.fact}." for p in points]
    return "\n".join(lines)


def _about(
    sheet: Worksheet,
    heading: str,
    known_on: datetime,
    told: Sequence[str],
    run: str,
    formats: dict[str, Format],
) -> None:
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 100)
    sheet.write_string(0, 0, safe_text(heading, limit=120), formats["title"])
    lines = [("Known on", figures.day(known_on)), *(("", said) for said in told)]
    lines += [(column.header, column.means) for column in COLUMNS]
    lines += [("Run", run)] if run else []
    for line, (name, means) in enumerate(lines, start=2):
        sheet.write_string(line, 0, name, formats["text"])
        sheet.write_string(line, 1, means, formats["text"])


def _sheet_names(entries: Sequence[Entry]) -> dict[str, str]:
    """Return owner → name of the sheet, those with most leads first; nobody's leads last."""
    counts: dict[str, int] = {}
    for entry in entries:
        counts[entry.owner] = counts.get(entry.owner, 0) + 1
    owners = sorted((o for o in counts if o), key=lambda o: (-counts[o], o))
    chosen = owners if len(owners) <= MOST_SHEETS else owners[: MOST_SHEETS - 1]
    wanted = {owner: owner for owner in chosen}
    if "" in counts or not entries:
        wanted[""] = NOBODY
    if len(chosen) < len(owners):
        wanted[OTHERS] = OTHERS
    taken, names = {ABOUT.lower(), "history"}, {}
    for owner, name in wanted.items():
        names[owner] = _free_name(name, taken)
        taken.add(names[owner].lower())
    return names


def _free_name(owner: str, taken: set[str]) -> str:
    plain = _BAD.sub(" ", safe_text(owner, limit=80)).strip("' ") or "Owner"
    name, number = plain[:_LONGEST].strip("' "), 2
    while name.lower() in taken:
        ending = f" {number}"
        name, number = plain[: _LONGEST - len(ending)].strip("' ") + ending, number + 1
    return name
