"""Mailbox providers in a draft: domains that people of many firms write from."""

from __future__ import annotations

from predict.crm.drafting.blocks import Block
from predict.crm.drafting.sketch import Sketch
from predict.crm.profile import FREE_MAIL, mail_domain

#: A domain with so many leads, most of different firms or of none, is nobody's own.
LEAST_LEADS, LEAST_SHARE = 20, 0.5
_MOST = 50


def mailbox_block(sketch: Sketch) -> None:
    """Add ``[reading] free_mail`` where domains beside the well-known ones look like providers."""
    leads = sketch.leads
    address, firm = leads.part("email"), leads.part("company_name")
    if address is None or firm is None or leads.look.text is None:
        return
    domain, name = mail_domain(leads.look.cell(address)), leads.look.cell(firm).strip().lower()
    rows = leads.look.text.table.select(domain=domain, firm=name.nullif(""))
    rows = rows.filter(rows.domain.notnull() & ~rows.domain.isin(FREE_MAIL))
    # Where hardly anybody names a firm, to name none says nothing.
    named = rows.aggregate(share=rows.firm.notnull().mean()).to_pandas()["share"][0]
    counted = rows.group_by("domain").aggregate(
        leads=rows.count(), firms=rows.firm.nunique(), unnamed=rows.firm.isnull().sum()
    )
    strangers = counted.firms + (counted.unnamed if named >= LEAST_SHARE else 0)
    shared = counted.filter(
        (counted.leads >= LEAST_LEADS) & (strangers >= counted.leads * LEAST_SHARE)
    )
    found = shared.order_by([shared.leads.desc(), "domain"]).limit(_MOST).to_pandas()
    if found.empty:
        return
    block = Block(
        ("reading",),
        "People of many firms, or of none, write from these domains: taken for mailbox providers, "
        "like the well-known ones.",
    )
    block.put("free_mail", [str(domain) for domain in found["domain"]])
    sketch.blocks.append(block)
