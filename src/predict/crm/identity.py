"""Identity: whichever id a row carries, find the lead it belongs to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import ibis.expr.types as ir

from predict.crm.ids import EMAIL, HASHED, ID
from predict.crm.reader import Part, Reader
from predict.definition.identities import in_order
from predict.definition.tables import LinkTable
from predict.findings import Finding


@dataclass(frozen=True)
class LinksPart(Part):
    """What leads are called elsewhere.

    Parameters
    ----------
    maps : dict of str to Ibis table
        Per kind of id ``other_id`` → ``lead_no``; ``lead`` is one of them, and holds the ids of
        merged records too.
    """

    maps: dict[str, ir.Table] = field(default_factory=dict)


def read_links(
    reader: Reader, leads: ir.Table, merged: ir.Table, only: Collection[str] | None = None
) -> LinksPart:
    """Read the links, each after those that it starts from.

    One id that stands for several leads resolves to the lead created first, so that no row is
    counted twice.

    Parameters
    ----------
    reader : Reader
        Opens the tables.
    leads : Ibis table
        ``lead_id``, ``lead_no``, ``created_us``.
    merged : Ibis table
        From `predict.crm.merged.read_merged`.
    only : collection of str, optional
        Names of the links to read, with those they start from; all where not given.
    """
    whole = LinksPart(leads)
    own = leads.select(other_id="lead_id", lead_no="lead_no")
    old = merged.inner_join(own, merged.lead_id == own.other_id)
    old = old.select(other_id=merged.other_id, lead_no=own.lead_no)
    links = reader.definition.links
    is_merged = {name: link.kind == "merged" for name, link in links.items()}
    whole.maps["lead"] = own.union(old) if any(is_merged.values()) else own
    wanted = {*links} if only is None else _needed(links, only)
    for name in in_order(links):
        if name in wanted:
            whole.maps[name] = old if is_merged[name] else _read_one(reader, name, leads, whole)
    return whole


def resolve(
    rows: ir.Table, column: str, kinds: Sequence[str], maps: Mapping[str, ir.Table]
) -> ir.Table:
    """Add ``lead_no`` to rows that carry the id of a lead or of something linked to one.

    Rows whose id leads nowhere keep a null ``lead_no``; they are counted, then left out.
    """
    import ibis

    known = [
        maps[kind].select("other_id", "lead_no").mutate(rank=ibis.literal(i))
        for i, kind in enumerate(kinds)
    ]
    every = ibis.union(*known) if len(known) > 1 else known[0]
    if len(known) > 1:
        every = every.group_by("other_id").aggregate(lead_no=every.lead_no.argmin(every["rank"]))
    every = every.select(resolved_id="other_id", lead_no="lead_no")
    return rows.left_join(every, rows[column] == every.resolved_id).drop("resolved_id")


def id_pairs(reader: Reader, name: str, whole: Part, kinds: tuple[str, str]) -> ir.Table:
    """Return the pairs of a link, ``carrier`` and ``other_id``, one row each, in one form.

    Parameters
    ----------
    reader : Reader
        Opens the table.
    name : str
        Of the link.
    whole : Part
        Gets the source, the rejects and what was noticed.
    kinds : tuple of str
        Types of the two columns: ``id`` or ``email``.
    """
    subject, spec = f"links.{name}", reader.definition.links[name]
    text = reader.text(subject, spec, [spec.carrier, spec.other_id])
    columns = dict(zip((spec.carrier, spec.other_id), kinds, strict=True))
    personal = [c for c, kind in columns.items() if kind == EMAIL]
    # Several ids in one cell are taken apart before they are brought into one form.
    types = columns if spec.separator is None else dict.fromkeys(columns, "text")
    parsed = reader.parse(text, types, personal=personal)
    whole.sources[subject] = text
    whole.rejects.append(parsed.rejects)
    whole.findings.extend(parsed.findings)
    rows = parsed.table
    pairs = rows.select(carrier=rows[spec.carrier], other_id=rows[spec.other_id])
    if spec.separator is not None:
        for column, kind in zip(("carrier", "other_id"), kinds, strict=True):
            apart = pairs.mutate(**{column: pairs[column].split(spec.separator)}).unnest(column)
            ids = apart[column].strip().nullif("")
            pairs = apart.mutate(**{column: reader.formed(ids, kind)})
    return pairs.filter(pairs.carrier.notnull() & pairs.other_id.notnull())


def _needed(links: Mapping[str, LinkTable], names: Collection[str]) -> set[str]:
    """Return links with all those that they start from."""
    found, waiting = set(), list(names)
    while waiting:
        name = waiting.pop()
        if name in links and name not in found:
            found.add(name)
            waiting.extend(links[name].kinds)
    return found


def _read_one(reader: Reader, name: str, leads: ir.Table, whole: LinksPart) -> ir.Table:
    """Return ``other_id`` → ``lead_no`` of one link, and tell of ids that stand for several."""
    import ibis

    spec = reader.definition.links[name]
    kinds = (reader.id_type(spec.kinds), EMAIL if spec.kind == "email" else ID)
    pairs = id_pairs(reader, name, whole, kinds)
    found = resolve(pairs, "carrier", spec.kinds, whole.maps)
    found = found.filter(found.lead_no.notnull()).select("other_id", "lead_no").distinct()
    if spec.kind == "email":  # "none" and the like are nobody's address
        found = found.filter(found.other_id.re_search(HASHED))
    found = found.inner_join(leads.select("lead_no", "created_us"), "lead_no")
    order = ibis.window(group_by="other_id", order_by=["created_us", "lead_no"])
    ranked = found.mutate(place=ibis.row_number().over(order))
    staged = reader.workspace.materialise(
        ranked.filter(ranked.place <= 1).select("other_id", "lead_no", "place"), f"links_{name}"
    )
    shared = int(staged.filter(staged.place == 1).count().execute())
    if shared:
        what = "addresses" if spec.kind == "email" else "ids"
        sentence = f"{shared:,} {what} stand for several leads; the lead created first counts."
        found_here = Finding("shared-ids", "note", f"links.{name}", sentence, {"ids": shared})
        whole.findings.append(found_here)
    return staged.filter(staged.place == 0).drop("place")
