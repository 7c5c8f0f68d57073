"""Merged records: each old id with the lead that is left, at the end of every chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from predict.crm.identity import id_pairs
from predict.crm.ids import ID
from predict.crm.reader import Part, Reader
from predict.errors import InputError
from predict.findings import Finding

if TYPE_CHECKING:
    import ibis.expr.types as ir


def read_merged(reader: Reader) -> Part:
    """Read the links of kind ``merged``, and follow them to the record that is left.

    Returns
    -------
    Part
        ``other_id`` → ``lead_id``, one row per old id; no ``lead_id`` is an ``other_id``. A record
        that was merged into several goes with the first by id.

    Raises
    ------
    InputError
        Records are merged into one another in a circle; it is named.
    """
    import ibis

    schema = ibis.schema({"other_id": "string", "lead_id": "string"})
    whole = Part(reader.workspace.empty("merged", schema))
    names = merging(reader)
    if not names:
        return whole
    read = [id_pairs(reader, name, whole, (ID, ID)) for name in names]
    pairs = ibis.union(*read) if len(read) > 1 else read[0]
    pairs = pairs.filter(pairs.other_id != pairs.carrier)
    one = pairs.group_by("other_id").aggregate(
        lead_id=pairs.carrier.min(), several=pairs.carrier.nunique() > 1
    )
    staged = reader.workspace.materialise(one, "merged_pairs")
    several = int(staged.filter(staged.several).count().execute())
    if several:
        sentence = f"{several:,} records were merged into several; the first by its id counts."
        counts = {"records": several}
        whole.findings.append(
            Finding("merged-twice", "warn", f"links.{names[0]}", sentence, counts)
        )
    table = _followed(reader, staged.drop("several"), ", ".join(f"links.{n}" for n in names))
    return Part(table, whole.findings, whole.rejects, {}, whole.sources)


def merging(reader: Reader) -> list[str]:
    """Return the names of the links that say which records were merged."""
    return [name for name, link in reader.definition.links.items() if link.kind == "merged"]


def fold(reader: Reader, rows: ir.Table, merged: ir.Table) -> tuple[ir.Table, list[Finding], int]:
    """Leave merged records out of the leads.

    Parameters
    ----------
    reader : Reader
        Whose definition names the links.
    rows : Ibis table
        ``lead_id``.
    merged : Ibis table
        From `read_merged`.

    Returns
    -------
    Ibis table, list of Finding, int
        The rows that are left, what is to be told, how many were left out.
    """
    names = merging(reader)
    if not names:
        return rows, [], 0
    left = rows.anti_join(merged, rows.lead_id == merged.other_id)
    gone = rows.inner_join(merged, rows.lead_id == merged.other_id)
    here = gone.select(master=merged.lead_id).semi_join(left, [("master", "lead_id")])
    counts = {"leads": int(gone.count().execute()), "found": int(here.count().execute())}
    n, away = counts["leads"], counts["leads"] - counts["found"]
    if not n:
        return left, [], 0
    sentence = (
        f"{n:,} leads were merged into others; what they did counts for the lead that is left."
    )
    if away:
        sentence += f" Of {away:,} of them that lead is not in this export."
    return left, [Finding("merged-leads", "note", f"links.{names[0]}", sentence, counts)], n


def _followed(reader: Reader, pairs: ir.Table, where: str) -> ir.Table:
    """Return pairs whose second id is the end of the chain that the first is on."""
    steps, reach = pairs, 1
    total = int(pairs.count().execute())
    while True:
        ahead = steps.view()
        joined = steps.left_join(ahead, steps.lead_id == ahead.other_id)
        further = joined.select(
            other_id=steps.other_id,
            lead_id=ahead.lead_id.coalesce(steps.lead_id),
            goes_on=ahead.lead_id.notnull(),
        )
        # Each round doubles how far a pair reaches.
        further = reader.workspace.materialise(further, "merged", order_by=["other_id"])
        going = further.filter(further.goes_on)
        if not int(going.count().execute()):
            return further.drop("goes_on")
        if reach > total:
            raise InputError(
                "records are merged into one another in a circle",
                where=where,
                got=_circle(pairs.semi_join(going, "other_id")),
                do="correct the export: one of them is the record that is left",
            )
        steps, reach = further.drop("goes_on"), reach * 2


def _circle(pairs: ir.Table) -> str:
    """Return one circle, from its smallest id back to it."""
    frame = pairs.to_pandas()
    ahead = dict(zip(frame["other_id"], frame["lead_id"], strict=True))
    path = [min(ahead)]
    while path[-1] not in path[:-1]:
        path.append(ahead[path[-1]])
    circle = path[path.index(path[-1]) : -1]
    first = circle.index(min(circle))
    turned = [*circle[first:], *circle[:first], circle[first]]
    return " → ".join(turned if len(turned) <= 8 else [*turned[:7], "…", turned[-1]])
