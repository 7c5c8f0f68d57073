"""Identity: whichever id a row carries, find the lead it belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import ibis.expr.types as ir

from predict.crm.reader import Part, Reader
from predict.findings import Finding


@dataclass(frozen=True)
class LinksPart(Part):
    """What leads are called elsewhere.

    Parameters
    ----------
    maps : dict of str to Ibis table
        Per kind of id ``other_id`` → ``lead_no``; ``lead`` is one of them.
    """

    maps: dict[str, ir.Table] = field(default_factory=dict)


def read_links(reader: Reader, leads: ir.Table) -> LinksPart:
    """Read the links.

    One id that stands for several leads resolves to the lead created first, so that no row is
    counted twice.
    """
    import ibis

    whole = LinksPart(leads)
    whole.maps["lead"] = leads.select(other_id="lead_id", lead_no="lead_no")
    for name, spec in reader.definition.links.items():
        subject = f"links.{name}"
        text = reader.text(subject, spec, [spec.lead_id, spec.other_id])
        parsed = reader.parse(text, {spec.lead_id: "id", spec.other_id: "id"})
        whole.sources[subject] = text
        whole.rejects.append(parsed.rejects)
        whole.findings.extend(parsed.findings)
        pairs = parsed.table.select(
            link_lead=parsed.table[spec.lead_id], other_id=parsed.table[spec.other_id]
        )
        joined = (
            pairs.filter(pairs.other_id.notnull())
            .distinct()
            .inner_join(
                leads.select("lead_id", "lead_no", "created_us"),
                pairs.link_lead == leads.lead_id,
            )
        )
        order = ibis.window(group_by="other_id", order_by=["created_us", "lead_no"])
        ranked = joined.mutate(place=ibis.row_number().over(order))
        staged = reader.workspace.materialise(
            ranked.filter(ranked.place <= 1).select("other_id", "lead_no", "place"), f"links_{name}"
        )
        shared = int(staged.filter(staged.place == 1).count().execute())
        if shared:
            sentence = f"{shared:,} ids stand for several leads; the lead created first counts."
            whole.findings.append(Finding("shared-ids", "note", subject, sentence, {"ids": shared}))
        whole.maps[name] = staged.filter(staged.place == 0).drop("place")
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
