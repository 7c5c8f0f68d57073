"""Troubles: what can be wrong with a list, as told to people who work with spreadsheets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

SAVE = (
    "Save it in Excel with File, Save as, “CSV UTF-8 (comma delimited)”, or as an Excel workbook "
    "with one sheet."
)
DROP = "Drop the corrected file into the inbox again."
_TOP = (
    "Make the first row of the sheet the names of the columns: no title, logo or empty row above "
    "it, and no totals below the last lead."
)


@dataclass(frozen=True)
class Trouble:
    """One thing that can be wrong.

    Parameters
    ----------
    what : str
        Pattern of the sentence that the reading of a list says.
    title, meaning : str
        What is wrong, and what that means.
    steps : tuple of str
        What to do about it.
    names_columns : bool
        Whether it helps to name the columns that are read.
    parts : str
        What divides what was seen into lines; "" leaves it in one, None leaves it out.
    """

    what: str
    title: str
    meaning: str
    steps: tuple[str, ...]
    names_columns: bool = False
    parts: str | None = ""

    def shown(self, got: str) -> Iterable[str]:
        """Return what was seen, line by line, in a reader's words."""
        if self.parts is None:
            return []
        plainly = re.sub(r"\brecords?\b", lambda m: m[0].replace("record", "row"), got)
        return plainly.split(self.parts) if self.parts else [plainly]


NO_ROWS = Trouble(
    "has a header and no rows",
    "The list holds column names and nobody below them",
    "There was no lead to score.",
    ("Check that the export was not filtered down to nothing.", "Export the list again.", DROP),
)
PROTECTED = Trouble(
    "password",
    "The file is protected by a password",
    "It cannot be opened without it, so nothing was read.",
    (
        "Open the file in Excel with its password.",
        "Take the password away: File, Info, Protect Workbook, Encrypt with Password, and empty "
        "the box.",
        "Save the file.",
        DROP,
    ),
)
OTHERWISE = Trouble(
    "",
    "The list could not be read",
    "Nothing of it was scored.",
    (
        "Open the list in Excel and look whether every lead is one row and every column has a "
        "name.",
        SAVE,
        DROP,
        "If it comes back again, show this page to whoever looks after the software.",
    ),
    parts=None,
)
OLD_SHEET = Trouble(
    "",
    "The file is in an old Excel or LibreOffice format that could not be read",
    "It is damaged, or something else was saved under the name of a workbook, as some programs do.",
    (
        "Open it in Excel or LibreOffice and look whether all rows are there.",
        "Save it with File, Save as, “Excel workbook (.xlsx)”.",
        DROP,
    ),
    parts=None,
)


def names_below(row: int) -> Trouble:
    """Return the trouble with a list whose columns are named in a later row.

    Examples
    --------
    >>> names_below(3).title
    'The names of the columns stand in row 3, not in the first row'
    """
    above = "the row" if row == 2 else "the rows"
    return Trouble(
        "",
        f"The names of the columns stand in row {row}, not in the first row",
        "What stands above them was taken for the names, so nothing could be read.",
        (
            f"Open the list in Excel and delete {above} above row {row}: the names of the columns "
            "must be the first row.",
            SAVE,
            DROP,
        ),
        parts=None,
    )


#: In this order: the first whose pattern fits is told.
TROUBLES: tuple[Trouble, ...] = (
    NO_ROWS,
    Trouble(
        r"(file|sheet) is empty",
        "The file is empty",
        "There is nothing in it, not even the names of columns.",
        (
            "Look whether the right file was dropped: an export that was cut off leaves an empty "
            "one.",
            "Export the list again.",
            DROP,
        ),
    ),
    Trouble(
        r"first row holds a person",
        "The first row is already a person: the names of the columns are missing",
        "Without names it cannot be told what the columns hold, and the first person would have "
        "been left out.",
        (
            "Open the list in Excel and insert an empty row at the very top.",
            "Write above each column what it holds, for instance “Job title” or “Country”; the "
            "names that are read stand below.",
            SAVE,
            DROP,
        ),
        names_columns=True,
    ),
    Trouble(
        r"names of the columns stand below the first row",
        "The names of the columns do not stand in the first row",
        "What stands above them was taken for the names, so nothing could be read.",
        ("Delete the rows above the names of the columns.", "Save the file.", DROP),
    ),
    Trouble(
        r"no column of the list is one",
        "None of the columns could be recognised",
        "Without a column that says something of the leads, nothing can be scored.",
        (
            _TOP,
            "Name the columns by what they hold, for instance “Job title” or “Country”; the "
            "names that are read stand below.",
            SAVE,
            DROP,
        ),
        names_columns=True,
        parts=", ",
    ),
    Trouble(
        r"several columns of the list are read as",
        "Two columns mean the same thing",
        "It cannot be told which of them is the right one.",
        ("Keep the column that is filled best and delete the other.", "Save the file.", DROP),
    ),
    Trouble(
        r"two columns have the same name",
        "Two columns have the same name",
        "It cannot be told which of them is meant.",
        (
            "Rename one of the columns named above, or delete it (capital and small letters count "
            "as the same).",
            "Save the file.",
            DROP,
        ),
    ),
    Trouble(
        r"a column has no name",
        "A column has no name",
        "The first row must name every column; otherwise the rows may be read under wrong names.",
        (_TOP, "Name the column, or delete it if it is empty.", "Save the file.", DROP),
    ),
    Trouble(
        r"none of the headers that its mapping names",
        "The columns are not those agreed for this list",
        "The agreed names of this list's columns are not in the file.",
        ("Look whether the right file was dropped.", _TOP, DROP),
        parts=", ",
    ),
    Trouble(
        r"(read|sense) with .*(day|month)",
        "The dates can be read in two ways",
        "A date such as 01/02/2026 may be 1 February or 2 January. Rather than guess, nothing was "
        "scored.",
        (
            "In Excel select the column with the dates, then Format cells, Custom, and type "
            "yyyy-mm-dd. The dates then read like 2026-02-01.",
            "If Excel leaves the cells as they are, they are text: use Data, Text to columns, "
            "Date, and choose the order in which they were written.",
            SAVE,
            DROP,
        ),
    ),
    Trouble(
        r"values can be read with|only make sense with",
        "Numbers can be read in two ways",
        "A number such as 1.234 may be one thousand or a little more than one. Rather than guess, "
        "nothing was scored.",
        (
            "Write whole numbers without points and commas: in Excel select the column, Format "
            "cells, Number, no thousands separator.",
            SAVE,
            DROP,
        ),
    ),
    Trouble(
        r"records could not be read, [\d,]+ are allowed",
        "Too many values could not be read",
        "Some columns hold something else than expected, in so many rows that the scores would "
        "not be worth much.",
        (
            "Look at the places named above. Dates are best written like 2026-02-01, numbers "
            "without words or ranges (120, not “51-200” or “about 100”).",
            "Where a column cannot be put right, delete it: the list is then scored without it.",
            SAVE,
            DROP,
        ),
        parts="; ",
    ),
    Trouble(
        r"not as wide as the header|records below it have more|header cannot be divided",
        "The rows do not fit the names of the columns",
        "Most rows have more or fewer cells than there are column names, so that values would "
        "stand in the wrong column.",
        (
            "Open the file in Excel and look whether the columns line up below their names.",
            _TOP,
            "Save it as an Excel workbook with one sheet; commas inside cells then do no harm.",
            DROP,
        ),
        parts=None,
    ),
    Trouble(
        r"can be divided in two ways",
        "It cannot be told where one column ends and the next begins",
        "Commas and semicolons both divide the rows.",
        ("Open the file in Excel.", "Save it as an Excel workbook with one sheet.", DROP),
        parts=None,
    ),
    Trouble(
        r"quotation mark is never closed",
        "The file ends in the middle of a value",
        "A quotation mark is opened and never closed: the file was cut off, or a text holds a "
        "single quotation mark.",
        ("Export the list again, best as an Excel workbook.", DROP),
        parts=None,
    ),
    Trouble(
        r"workbook has several sheets",
        "The workbook has several sheets",
        "It cannot be told which of them is the list.",
        (
            "Delete the other sheets, or copy the list into a workbook of its own.",
            "Save the file.",
            DROP,
        ),
        parts=", ",
    ),
    Trouble(
        r"workbook cannot be read",
        "The Excel file is damaged",
        "It is cut off, or it is no Excel file although it is called one.",
        (
            "Open the file in Excel. If it offers to repair it, look whether all rows are there.",
            "Save it under a new name; if it cannot be opened, ask for the file again.",
            DROP,
        ),
        parts=None,
    ),
    Trouble(
        r"bytes that do not fit|zero bytes",
        "The letters of the file cannot be read",
        "It was saved in an unusual set of letters, or it is no list at all.",
        ("Open the file in Excel and look whether names with ä, ö or é read well.", SAVE, DROP),
        parts=None,
    ),
    Trouble(
        r"^the file is an? .*, not text",
        "The file is not what its name says",
        "By what is in it, it is a file of another kind than its name says.",
        (
            "Give it the right ending: .xlsx for an Excel workbook, .zip for a packed file.",
            "If you do not know what it is, ask for the list as an Excel or CSV file.",
            DROP,
        ),
    ),
    Trouble(
        r"zip cannot be opened",
        "The zip is protected by a password, or packed in an unusual way",
        "It cannot be opened, so nothing was read.",
        ("Pack the list again without a password, or drop the list itself.", DROP),
        parts=None,
    ),
    Trouble(
        r"zip holds (several tables|no table)",
        "The zip does not hold exactly one list",
        "It cannot be told which file in it is the list.",
        ("Unpack the zip.", "Drop the lists themselves into the inbox, each as a file."),
        parts=", ",
    ),
    Trouble(
        r"zip is damaged|packed file is damaged",
        "The packed file is damaged",
        "It was cut off on its way.",
        ("Copy or download the file again.", DROP),
        parts=None,
    ),
)
