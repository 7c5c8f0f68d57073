"""Logs that name people by their e-mail address, as marketing systems do: linked to the leads."""

from __future__ import annotations

from dataclasses import dataclass

from predict.crm.drafting.sketch import Sketch, table_block
from predict.crm.profile import mail_columns
from predict.crm.survey import Survey, TableLook

#: Share of a table's addresses that must be those of leads for it to be a log of what they did.
_MOST = 0.5
#: Kind of id under which addresses are linked.
LINK = "email"


@dataclass(frozen=True)
class Addresses:
    """The column of a table whose addresses are those of leads.

    Parameters
    ----------
    column, theirs : str
        Its header, and that of the leads' column.
    held, shared : int
        Different addresses, and how many of them are those of leads.
    """

    column: str
    theirs: str
    held: int
    shared: int

    @property
    def most(self) -> bool:
        """Whether most of them are."""
        return self.shared > _MOST * self.held

    @property
    def why(self) -> str:
        """How it was told."""
        share = self.shared / max(self.held, 1)
        return f"{share:.0%} of its {self.held:,} e-mail addresses are those of leads"


def addresses_of(look: TableLook, sketch: Sketch, survey: Survey) -> Addresses | None:
    """Return the column of addresses that shares most with the leads' addresses, or None."""
    leads, best = sketch.leads.look, None
    for column in _filled(look):
        for theirs in _filled(leads):
            held, shared = survey.addresses(look, column, leads, theirs)
            if held and (best is None or shared > best.shared):
                best = Addresses(column, theirs, held, shared)
    return best


def link_addresses(sketch: Sketch, found: Addresses) -> str:
    """Add ``[links.email]`` unless it is there; return the name of the link."""
    links = [b for b in sketch.blocks if b.header[:1] == ("links",)]
    for block in links:
        told = {line.key: line.value for line in block.lines}
        if told.get("kind") == LINK and told.get("other_id") == found.theirs:
            return block.header[1]
    taken = {b.header[1] for b in links}
    name = next(n for n in (LINK, *(f"{LINK}_{i}" for i in range(2, 99))) if n not in taken)
    comment = "Leads by their e-mail address, kept as a hash: for rows that carry no id of a lead."
    block = table_block(("links", name), sketch.leads, comment)
    key = next(line.value for line in sketch.lead.lines if line.key == "lead_id")
    block.put("lead_id", key).put("other_id", found.theirs).put("kind", LINK)
    sketch.blocks.append(block)
    return name


def _filled(look: TableLook) -> list[str]:
    return [
        c
        for c in mail_columns(look.columns)
        if look.columns[c].filled and look.columns[c].kind in ("category", "text")
    ]
