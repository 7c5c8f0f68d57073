"""Importing: which vendor's import files a scored list gets, and what the CRM held before."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.crm.reader import Reader
from predict.crm.sources import read_text
from predict.crm.texttable import as_text
from predict.report.importfields import FIELDS, Vendor, checked, salesforce_id
from predict.scoring.synonyms import plain

if TYPE_CHECKING:
    from predict.crm.tables import Crm
    from predict.report.imports import ImportFiles
    from predict.scoring.lists import MatchedList

#: Rows of the file of previous values that are held at once.
_AT_ONCE = 50_000
_HUBSPOT_ID = plain("Record ID")


def vendor_of(crm: Crm, asked: str | None) -> Vendor | None:
    """Return whose import files to write: as asked, as the definition says, or as the ids look.

    Ids of 15 or 18 characters that begin as Salesforce's leads and contacts do are Salesforce's;
    numbers under HubSpot's own header are HubSpot's; others are nobody's, and no file is written.

    Raises
    ------
    InputError
        No such vendor.
    """
    if asked is not None:
        return checked(asked)
    if crm.definition.ids == "salesforce":
        return "salesforce"
    ids = crm.leads.lead_id
    told = crm.leads.aggregate(
        leads=ids.count(),
        salesforce=ids.re_search(r"^(00Q|003)[A-Za-z0-9]{12}([A-Za-z0-9]{3})?$").sum(),
        numbers=ids.re_search(r"^\d+$").sum(),
    ).to_pandas()
    leads = int(told["leads"][0])
    if leads and int(told["salesforce"][0]) == leads:
        return "salesforce"
    is_hubspot = plain(crm.definition.leads.lead_id) == _HUBSPOT_ID
    return "hubspot" if leads and is_hubspot and int(told["numbers"][0]) == leads else None


@contextlib.contextmanager
def importing(
    folder: Path, vendor: Vendor | None, matched: MatchedList
) -> Iterator[ImportFiles | None]:
    """Yield what writes the import files of a list, or None where no vendor takes them."""
    if vendor is None:
        yield None
        return
    from predict.report.imports import ImportFiles

    with ImportFiles(folder, vendor, matched.headers.meanings) as files:
        yield files


def imported(
    crm: Crm,
    folder: Path,
    vendor: Vendor | None,
    matched: MatchedList,
    files: ImportFiles | None,
) -> dict[str, Any]:
    """Write the previous values, and return what the manifest says of the import files.

    Returns
    -------
    dict
        ``vendor``, ``rows`` by file (they add up to the rows of the list), ``left_out``
        (those in none, by reason), ``undo`` (rows of the
        file of previous values; None where the export holds none of our fields).
    """
    if vendor is None or files is None:
        return {}
    return {
        "vendor": vendor,
        "rows": dict(files.counts),
        "left_out": dict(sorted(files.whys.items())),
        "undo": write_undo(crm, folder / f"undo_{vendor}.csv", vendor, matched),
    }


def write_undo(crm: Crm, path: Path, vendor: Vendor, matched: MatchedList) -> int | None:
    """Write the values that the export holds in our fields, of the leads that are updated.

    Returns
    -------
    int or None
        Rows written; None, and no file, where the export holds none of the fields.
    """
    spec = crm.definition.leads
    text = read_text(crm.workspace, spec, folder=crm.definition.folder)
    by_name = {plain(c): c for c in text.columns}
    held = {}
    for field in FIELDS:
        spelled = (field.salesforce, field.hubspot, field.label)
        column = next((by_name[n] for n in map(plain, spelled) if n in by_name), None)
        if column is not None:
            held[field.name(vendor)] = column
    if not held:
        return None
    chosen = {f"c{i}": as_text(text.table[c]) for i, c in enumerate(held.values())}
    raw = text.table.select("_file", "_record", **chosen)
    ids = Reader(crm.workspace, crm.definition).parse(text, {spec.lead_id: "id"}).table
    joined = ids.left_join(raw, ["_file", "_record"])
    before = joined.select(*chosen, before_id=joined[spec.lead_id])
    grid = matched.grid.filter((matched.grid.status == "scored") & matched.grid.lead_no.notnull())
    rows = grid.inner_join(before, grid.lead_id == before.before_id)
    rows = rows.select("row", "lead_id", *chosen).distinct(on="row", keep="first")
    rows = crm.workspace.materialise(rows, "undo", order_by=["row"])
    written = 0
    encoding = "utf-8" if vendor == "salesforce" else "utf-8-sig"
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow(["Id" if vendor == "salesforce" else "Record ID", *held])
        for start in range(0, int(rows.count().execute()), _AT_ONCE):
            part = rows.order_by("row").limit(_AT_ONCE, offset=start).to_pandas()
            for row in part.fillna("").astype(str).to_dict("records"):
                known = salesforce_id(row["lead_id"]) if vendor == "salesforce" else row["lead_id"]
                if known:
                    writer.writerow([known, *(row[c] for c in chosen)])
                    written += 1
    return written
