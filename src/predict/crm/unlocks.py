"""Unlocks: what one more export would add to what can be learned."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from predict.crm.tables import Crm

Vendor = Literal["salesforce", "hubspot", "other"]


@dataclass(frozen=True)
class Unlock:
    """One more export and what it would add.

    Parameters
    ----------
    export : str
        What to export, by the vendor's name where the vendor is known.
    adds : str
        What could then be learned, or said.
    columns : tuple of str
        Columns that it would bring back into play.
    teaches : bool
        Whether the model would learn more; else only the reports say more.
    """

    export: str
    adds: str
    columns: tuple[str, ...] = ()
    teaches: bool = True


def vendor(columns: Collection[str]) -> Vendor:
    """Return whose export the columns of the leads look like.

    Examples
    --------
    >>> vendor(["Id", "LeadSource", "IsConverted"]), vendor(["Record ID", "Lifecycle Stage"])
    ('salesforce', 'hubspot')
    >>> vendor(["lead_id", "created"])
    'other'
    """
    held = {c.casefold().replace(" ", "") for c in columns}
    if {"isconverted", "convertedcontactid", "leadsource", "convertedopportunityid"} & held:
        return "salesforce"
    if {"lifecyclestage", "originalsource", "hs_object_id", "hs_analytics_source"} & held:
        return "hubspot"
    return "other"


def unlocks(crm: Crm, columns: Collection[str]) -> list[Unlock]:
    """Return what one more export would add, what teaches most first.

    Parameters
    ----------
    crm : Crm
        The opened export.
    columns : collection of str
        All columns of the leads' table, declared or not.
    """
    said = [*_behaviour(crm, vendor(columns)), *_histories(crm, vendor(columns))]
    said += [*_outcomes(crm, vendor(columns)), *_firms(crm, vendor(columns))]
    said += _for_reports(crm, vendor(columns))
    return sorted(said, key=lambda u: not u.teaches)


def _behaviour(crm: Crm, whose: Vendor) -> list[Unlock]:
    definition = crm.definition
    said = []
    if not any(spec.by == "lead" for spec in definition.events.values()):
        what = {
            "salesforce": "Web and e-mail activity from your marketing system, and CampaignMember",
            "hubspot": "Page views and form submissions (web analytics, or property history)",
            "other": "Web and e-mail activity (visits, downloads, forms, webinars)",
        }[whose]
        said.append(
            Unlock(
                what,
                "What leads do after they came in. Without it, all that is known of a lead is "
                "known on its first day, and a second look sees nothing new.",
            )
        )
    undated = [
        name
        for name, spec in definition.events.items()
        if spec.by == "lead" and spec.covers_from is None
    ]
    if undated:
        said.append(
            Unlock(
                f"One date, no export: covers_from of {', '.join(undated)}",
                "Since when the tracking is complete. Before it, “visited nothing” and “nobody "
                "was watching” look the same.",
                teaches=False,
            )
        )
    return said


def _histories(crm: Crm, whose: Vendor) -> list[Unlock]:
    definition = crm.definition
    mutable = definition.leads.of_class("mutable")
    if definition.history or not mutable:
        return []
    what = {
        "salesforce": "LeadHistory",
        "hubspot": "Property history of contacts",
        "other": "A history of changes",
    }[whose]
    fields = {
        "salesforce": "LeadId, Field, OldValue, NewValue, CreatedDate",
        "hubspot": "contactId, property, value, timestamp",
        "other": "record, field, old and new value, changed at",
    }[whose]
    return [
        Unlock(
            what,
            f"One row a change ({fields}): values as they stood when we look, instead of as they "
            "stand today. Only fields whose tracking was switched on, and only since then. Export "
            "again next month, and the archive of your exports begins to be such a history.",
            mutable,
        )
    ]


def _outcomes(crm: Crm, whose: Vendor) -> list[Unlock]:
    definition = crm.definition
    said = []
    if not definition.is_flat and not definition.conversion.lost_stages:
        what = {
            "salesforce": "OpportunityHistory with Closed Lost, and the lead status that means no",
            "hubspot": "Lead Status history, and deals that were closed lost",
            "other": "When leads were lost or turned down",
        }[whose]
        said.append(
            Unlock(
                what,
                "Which leads are over. Without it a lead counts as open for ever, and later looks "
                "include those that everybody knew were dead.",
            )
        )
    if definition.outcomes and not any(spec.amount for spec in definition.outcomes.values()):
        said.append(
            Unlock(
                {"salesforce": "Opportunity.Amount", "hubspot": "Amount of deals"}.get(
                    whose, "The amount of each deal"
                ),
                "What a win is worth by source and campaign, in reports. Never an input of the "
                "score.",
                teaches=False,
            )
        )
    return said


def _firms(crm: Crm, whose: Vendor) -> list[Unlock]:
    definition = crm.definition
    if crm.has_accounts or definition.is_flat:
        return []
    what = {
        "salesforce": "Account, with ConvertedAccountId or a matched account on Lead",
        "hubspot": "Companies, with Associated Company IDs on contacts",
        "other": "The firm of each lead (one id that colleagues share)",
    }[whose]
    return [
        Unlock(
            what,
            "Size and industry of the firm, whether colleagues came before, and what became of "
            "them.",
        )
    ]


def _for_reports(crm: Crm, whose: Vendor) -> list[Unlock]:
    definition = crm.definition
    said = []
    if not any(spec.by == "us" for spec in definition.events.values()) and not definition.is_flat:
        what = {"salesforce": "Task and Event", "hubspot": "Engagements"}.get(
            whose, "What you did: calls, e-mails, meetings"
        )
        said.append(
            Unlock(
                what,
                "Teaches the model nothing: a call we made is not interest they showed. It tells "
                "which leads were followed up and how fast.",
                teaches=False,
            )
        )
    if definition.suppression is None:
        said.append(
            Unlock(
                "Your do-not-contact list",
                "People who asked to be left alone drop out before anything is scored.",
                teaches=False,
            )
        )
    if not definition.leads.of_class("incumbent"):
        said.append(
            Unlock(
                "The score you use today, as a column of leads",
                "A fair comparison: whether the new ranking finds more than the one you have.",
                teaches=False,
            )
        )
    return said
