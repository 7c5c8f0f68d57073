"""Do the sections of a definition go together? Each check yields complaints, from the top."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from predict.definition.agreement import Conversion, Snapshots
from predict.definition.complaints import Complaint, KeyPath
from predict.definition.customers import CustomersTable
from predict.definition.profiles import LeadsTable
from predict.definition.tables import EventTable, LinkTable, OutcomeTable
from predict.errors import nearest

if TYPE_CHECKING:
    from predict.definition.schema import Definition


def stage_is_reached(
    conversion: Conversion, leads: LeadsTable, outcomes: Mapping[str, OutcomeTable]
) -> Iterator[Complaint]:
    """Complain where no table can ever say that a lead converted.

    Stages that stand in the data alone cannot be judged here: then `predict check` does it.
    """
    if leads.outcome_column is not None:
        return
    if not outcomes:
        cure = "add [outcomes.…], or outcome_column and outcome_values to [leads]"
        yield Complaint(("conversion", "stage"), "nothing says what became of leads", cure)
        return
    yield from _unknown(("conversion", "stage"), conversion.stage, outcomes)


def stages_are_known(
    conversion: Conversion,
    customers: CustomersTable | None,
    outcomes: Mapping[str, OutcomeTable],
) -> Iterator[Complaint]:
    """Complain about stages of coming back and of being a customer that no table can hold."""
    if conversion.within_days == 0 and conversion.reopen_stages:
        yield Complaint(
            ("conversion", "reopen_stages"),
            "where the outcome belongs to the row, no lead comes back",
            "remove it",
        )
        return
    if not outcomes:
        return
    for stage in conversion.reopen_stages:
        yield from _unknown(("conversion", "reopen_stages"), stage, outcomes)
    if customers is not None and customers.stage is not None:
        yield from _unknown(("customers", "stage"), customers.stage, outcomes)


def customers_are_firms(
    customers: CustomersTable | None, account_key: str | None
) -> Iterator[Complaint]:
    """Complain where leads do not say which firm they belong to."""
    if customers is not None and account_key is None:
        yield Complaint(
            ("customers",),
            "leads do not say which firm they belong to",
            "add account_id to [leads], or remove this section",
        )


def _unknown(
    path: KeyPath, stage: str, outcomes: Mapping[str, OutcomeTable]
) -> Iterator[Complaint]:
    possible = [table.possible_stages(name) for name, table in outcomes.items()]
    known = frozenset().union(*[stages for stages in possible if stages is not None])
    if None in possible or stage in known:
        return
    near = nearest(stage, known)
    cure = f"did you mean {near}?" if near else f"their stages are {', '.join(sorted(known))}"
    yield Complaint(path, "no outcomes table has this stage", cure, f'"{stage}"')


def outcome_is_one(
    conversion: Conversion,
    snapshots: Snapshots,
    leads: LeadsTable,
    outcomes: Mapping[str, OutcomeTable],
) -> Iterator[Complaint]:
    """Complain where a flat export and dated outcomes are mixed."""
    flat, horizon = leads.outcome_column is not None, ("conversion", "within_days")
    if flat and outcomes:
        yield Complaint(
            ("leads", "outcome_column"),
            "outcomes stand in one column of leads or in [outcomes.…], not in both",
        )
    if flat and conversion.within_days > 0:
        yield Complaint(
            horizon,
            "one column of leads does not say when they converted, so no days can be counted",
            "set it to 0: the outcome then belongs to the row",
        )
    if not flat and outcomes and conversion.within_days == 0:
        yield Complaint(
            horizon,
            "0 days leave no time to convert in",
            "give the days, or outcome_column in [leads] where the outcome belongs to the row",
        )
    if flat and snapshots != Snapshots(ages_days=(0,)):
        yield Complaint(
            ("snapshots",),
            "where the outcome belongs to the row, a lead is looked at once, at created_at",
            "remove this section",
        )


def ids_are_linked(
    links: Mapping[str, LinkTable],
    events: Mapping[str, EventTable],
    outcomes: Mapping[str, OutcomeTable],
) -> Iterator[Complaint]:
    """Complain about ids that no link resolves to a lead."""
    sections: list[tuple[str, Mapping[str, EventTable | OutcomeTable | LinkTable]]]
    sections = [("links", {**links}), ("events", {**events}), ("outcomes", {**outcomes})]
    known = ["lead", *links]
    for section, tables in sections:
        for name, table in tables.items():
            for unknown in [i for i in table.id_of if i not in known]:
                near = nearest(unknown, known)
                yield Complaint(
                    (section, name, "id_of"),
                    "no link resolves this id to a lead",
                    f"did you mean {near}?" if near else f"add a section [links.{unknown}]",
                    f'"{unknown}"',
                )


def histories_are_of_columns(definition: Definition) -> Iterator[Complaint]:
    """Complain about histories of profiles, ids or columns that are not there, or told twice."""
    told: dict[tuple[str, str], str] = {}
    for name, table in definition.history.items():
        at = ("history", name)
        if table.related and table.related not in definition.related:
            near = nearest(table.related, definition.related)
            cure = f'did you mean "related.{near}"?' if near else f"add [{table.of}]"
            yield Complaint((*at, "of"), "there is no such profile", cure, f'"{table.of}"')
            continue
        for unknown in [i for i in table.id_of if i != "lead" and i not in definition.links]:
            near = nearest(unknown, ["lead", *definition.links])
            cure = f"did you mean {near}?" if near else f"add a section [links.{unknown}]"
            yield Complaint(
                (*at, "id_of"), "no link resolves this id to a lead", cure, f'"{unknown}"'
            )
        profile = definition.related[table.related] if table.related else definition.leads
        for field, column in table.fields.items():
            path = (*at, "fields", field)
            if column not in profile.columns:
                near = nearest(column, profile.columns)
                cure = f'did you mean "{near}"?' if near else f"declare it in [{table.of}.columns]"
                yield Complaint(path, "this column is not declared", cure, f'"{column}"')
            elif told.setdefault((table.of, column), name) != name:
                other = told[table.of, column]
                yield Complaint(
                    path, f"[history.{other}] tells of this column", "keep one", f'"{column}"'
                )


def headers_are_apart(lists: Mapping[str, Mapping[str, str]]) -> Iterator[Complaint]:
    """Complain about lists that give two of their columns the same name of ours."""
    for name, headers in lists.items():
        for ours, times in Counter(headers.values()).items():
            if times > 1:
                theirs = [header for header, target in headers.items() if target == ours]
                yield Complaint(
                    ("lists", name, theirs[-1]),
                    f"{times} headers become the same column",
                    got=f'"{ours}"',
                )
