"""Imports: scored leads as files that Salesforce or HubSpot take back, and how to undo it."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from predict.report.importfields import (
    FIELDS,
    STANDARD,
    Vendor,
    fitted,
    salesforce_id,
    standard_value,
    told,
)

if TYPE_CHECKING:
    import pandas as pd

LEADS, CONTACTS = "salesforce_update_leads.csv", "salesforce_update_contacts.csv"
INSERT, HUBSPOT = "salesforce_insert.csv", "hubspot_import.csv"
LEFT_OUT, CUSTOM, HOW = "not_imported.csv", "custom_fields.csv", "how_to_import.txt"
#: Data Loader takes a byte order mark for a part of the first header; HubSpot's users open the
#: file in Excel, which without one takes it for a local encoding.
_ENCODING = {"salesforce": "utf-8", "hubspot": "utf-8-sig"}
_PREFIXES = {"00Q": LEADS, "003": CONTACTS}


class ImportFiles:
    """Writes the import files of one list, chunk by chunk; every row is in one file.

    Known people are updated: their id and what was found of them, nothing else, so that no value
    of the list overwrites one of the CRM. Strangers are inserted with what the list says of them.
    Rows without a score, and those that the vendor would refuse, stand in ``not_imported.csv``
    with the reason.

    Parameters
    ----------
    folder : Path
        Staging folder.
    vendor : {"salesforce", "hubspot"}
        Whose rules hold.
    meanings : mapping of str to str
        Header of the list → what it means; see `predict.scoring.synonyms`.

    Attributes
    ----------
    counts : Counter
        Rows by file.
    whys : Counter
        Rows in none of them, by reason; without the names of owners.
    """

    def __init__(self, folder: Path, vendor: Vendor, meanings: Mapping[str, str]) -> None:
        self.folder, self.vendor = folder, vendor
        self.counts: Counter[str] = Counter()
        self.whys: Counter[str] = Counter()
        self._headers: dict[str, str] = {}
        for header, meaning in meanings.items():
            if meaning in STANDARD or meaning == "full_name":
                self._headers.setdefault(meaning, header)
        self._streams: list[Any] = []
        self._writers: dict[str, Any] = {}

    def __enter__(self) -> ImportFiles:
        ours = [field.name(self.vendor) for field in FIELDS]
        if self.vendor == "salesforce":
            self._open(LEADS, ["Id", *ours])
            self._open(CONTACTS, ["Id", *ours])
            self._open(INSERT, [*(STANDARD[m][0] for m in self._passed()), *ours])
        else:
            self._open(HUBSPOT, ["Record ID", *(STANDARD[m][2] for m in self._passed()), *ours])
        self._open(LEFT_OUT, ["row", "why"])
        write_custom_fields(self.folder / CUSTOM, self.vendor)
        (self.folder / HOW).write_text(_HOW[self.vendor], encoding="utf-8", newline="\r\n")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for stream in self._streams:
            stream.close()

    def write(
        self, inputs: pd.DataFrame, scores: pd.DataFrame, reasons: pd.DataFrame, ids: pd.Series
    ) -> None:
        """Append some rows of the list.

        Parameters
        ----------
        inputs : pandas.DataFrame of shape (n, n_headers)
            The columns of the list, as text.
        scores, reasons : pandas.DataFrame
            Of the same rows, in the same order; reasons by ``row``.
        ids : Series of shape (n,)
            Id of the person in the CRM, None where it knows nobody.
        """
        by_row: dict[int, dict[str, list[str]]] = {}
        named = (reasons[c].tolist() for c in ("row", "direction", "sentence"))
        for row, direction, sentence in zip(*named, strict=True):
            by_row.setdefault(row, {}).setdefault(direction, []).append(str(sentence))
        given = inputs.to_dict("list")
        for i, (lead, known) in enumerate(zip(_records(scores), ids, strict=True)):
            if lead["status"] != "scored":
                self._left(lead["row"], str(lead["status_reason"]))
                continue
            ours = told(lead, by_row.get(lead["row"], {}), self.vendor)
            values = [ours[field.key] for field in FIELDS]
            if isinstance(known, str):
                self._update(lead["row"], known, values)
            else:
                theirs = {m: standard_value(m, given[h][i]) for m, h in self._standard()}
                if "full_name" in self._headers and not theirs.get("last_name"):
                    theirs["last_name"] = fitted(given[self._headers["full_name"]][i], 80)
                self._insert(lead["row"], theirs, values)

    def _update(self, row: int, known: str, values: Sequence[str]) -> None:
        if self.vendor == "hubspot":
            if not known.isdigit():
                self._left(row, "its id is none of HubSpot")
                return
            self._line(HUBSPOT, [known, *("" for _ in self._passed()), *values])
            return
        found = salesforce_id(known)
        file = _PREFIXES.get(found[:3]) if found else None
        if file is None or found is None:
            self._left(row, "its id is not that of a lead or contact of Salesforce")
        else:
            self._line(file, [found, *values])

    def _insert(self, row: int, theirs: Mapping[str, str], values: Sequence[str]) -> None:
        passed = [theirs.get(meaning, "") for meaning in self._passed()]
        if self.vendor == "hubspot":
            if not theirs.get("email"):
                self._left(row, "without an id or an e-mail address HubSpot cannot tell who it is")
            else:
                self._line(HUBSPOT, ["", *passed, *values])
            return
        lacking = [w for m, w in (("last_name", "last name"), ("company", "company"))
                   if not theirs.get(m)]  # fmt: skip
        if lacking:
            self._left(row, f"Salesforce takes no lead without a {' and a '.join(lacking)}")
        else:
            self._line(INSERT, [*passed, *values])

    def _standard(self) -> list[tuple[str, str]]:
        return [(m, h) for m, h in self._headers.items() if m in STANDARD]

    def _passed(self) -> list[str]:
        """Return the meanings that are passed on, in the order of the columns."""
        at = 0 if self.vendor == "salesforce" else 2
        there = {m for m, _ in self._standard()}
        there |= {"last_name"} if "full_name" in self._headers else set()
        there |= {"last_name", "company"} if self.vendor == "salesforce" else {"email"}
        return [m for m, names in STANDARD.items() if m in there and names[at]]

    def _left(self, row: int, why: str) -> None:
        self._line(LEFT_OUT, [str(row), why])
        self.whys[why.split(", owner: ", maxsplit=1)[0]] += 1

    def _open(self, name: str, columns: Sequence[str]) -> None:
        encoding = _ENCODING[self.vendor]
        stream = (self.folder / name).open("w", encoding=encoding, newline="")
        self._streams.append(stream)
        self._writers[name] = csv.writer(stream, lineterminator="\r\n")
        self._writers[name].writerow(columns)
        self.counts[name] = 0

    def _line(self, name: str, values: Sequence[str]) -> None:
        self._writers[name].writerow(values)
        self.counts[name] += 1


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def write_custom_fields(path: Path, vendor: Vendor) -> None:
    """Write the list of fields to create once, before the first import."""
    objects = "Lead; Contact" if vendor == "salesforce" else "Contact"
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow(["object", "label", "API name", "type", "length", "values", "holds"])
        for field in FIELDS:
            api = field.salesforce if vendor == "salesforce" else field.hubspot
            kind = field.salesforce_type if vendor == "salesforce" else field.hubspot_type
            row = [objects, field.label, api, kind, field.length, field.values, field.holds]
            writer.writerow(row)


_HOW: Mapping[str, str] = {
    "salesforce": """\
How these files go into Salesforce

Once: create the fields of custom_fields.csv on Lead and on Contact (Setup, Object Manager).

1. salesforce_update_leads.csv: Data Loader, Update, Lead. Match on Id.
2. salesforce_update_contacts.csv: the same for Contact, where it holds rows.
3. salesforce_insert.csv: people whom Salesforce does not know. Look through them, then Insert,
   Lead. If they should be looked for once more, match on Email and choose
   "add new and update existing".

Updates change only the fields of custom_fields.csv. Tick "Insert null values" in the settings of
Data Loader, or a reason that no longer holds stays where it was.
not_imported.csv names every row that is in none of these files, and why.
undo_....csv, where there is one, holds the values before: load it the same way to take all back.
""",
    "hubspot": """\
How this file goes into HubSpot

Once: create the properties of custom_fields.csv for contacts (Settings, Properties).

hubspot_import.csv: Contacts, Import, one file, one object. Rows with a Record ID update the contact
with that id; rows without are found by their e-mail address, or become new contacts. Columns go
to the properties of the same name. Times are UTC.

Known contacts change only in the properties of custom_fields.csv: their other cells are empty, and
an empty cell changes nothing in HubSpot. So a third reason may stay from an earlier time where
there are only two now; clear the properties "Predict reason" and "Predict risk" first
to avoid that.
not_imported.csv names every row that is not in the file, and why.
undo_....csv, where there is one, holds the values before: import it the same way to take all back.
""",
}
