"""Do links and people go together? Each check yields complaints, from the top."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from predict.definition.complaints import Complaint
from predict.definition.profiles import ROLES, LeadsTable, PeopleTable
from predict.definition.tables import LinkTable
from predict.errors import nearest


def in_order(links: Mapping[str, LinkTable]) -> tuple[str, ...]:
    """Return the names of links, each after those that it starts from.

    Links on a circle, and those that start from one, are left out; `links_lead_on` names them.

    Examples
    --------
    >>> deal = LinkTable(id="Contact", id_of="contact", other_id="Deal")
    >>> in_order({"deal": deal, "contact": LinkTable(lead_id="Id", other_id="Contact")})
    ('contact', 'deal')
    """
    placed: dict[str, None] = {}
    while True:
        ready = [
            name
            for name, link in links.items()
            if name not in placed and all(k not in links or k in placed for k in link.kinds)
        ]
        if not ready:
            return tuple(placed)
        placed |= dict.fromkeys(ready)


def links_lead_on(links: Mapping[str, LinkTable]) -> Iterator[Complaint]:
    """Complain about links that start from one another, so that none reaches a lead."""
    if "lead" in links:
        what = "this is what the lead's own id is called, which needs no link"
        yield Complaint(("links", "lead"), what, "give the link another name")
    stuck = [name for name in links if name not in in_order(links)]
    seen: set[str] = set()
    for name in stuck:
        path = [name]
        while path[-1] not in seen and path[-1] not in path[:-1]:
            path.append(next(k for k in links[path[-1]].kinds if k in stuck))
        if path[-1] not in seen:
            circle = path[path.index(path[-1]) :]
            yield Complaint(
                ("links", circle[0], "id_of"),
                f"these links start from one another: {' → '.join(circle)}",
                "let one of them name the lead: lead_id",
            )
        seen |= set(path)


def people_fit(
    people: Mapping[str, PeopleTable], leads: LeadsTable, links: Mapping[str, LinkTable]
) -> Iterator[Complaint]:
    """Complain about people whose columns or link are not those of the leads."""
    known = list(dict.fromkeys([*_headers(leads), *leads.columns]))
    for name, table in people.items():
        at = ("people", name)
        if leads.outcome_column is not None:
            cure = "remove it, or give the outcomes as [outcomes.…]"
            what = "where the outcome stands in a column of leads, there are no leads but those"
            yield Complaint(at, what, cure)
        if table.unless is not None and table.unless not in links:
            yield Complaint(
                (*at, "unless"),
                "is not the name of a link",
                _did_you_mean(table.unless, links) or f"add a section [links.{table.unless}]",
                f'"{table.unless}"',
            )
        for role in ROLES:
            if getattr(table, role) is not None and getattr(leads, role) is None:
                cure = f"add {role} to [leads], or map the column with rename"
                yield Complaint((*at, role), "leads have no such column", cure)
        for header, ours in table.rename.items():
            if ours not in known:
                yield Complaint(
                    (*at, "rename", header),
                    "is no column of leads that the definition names",
                    _did_you_mean(ours, known) or "declare it in [leads.columns]",
                    f'"{ours}"',
                )
        for ours, times in Counter(table.headers(leads).values()).items():
            if times > 1:
                what = f"{times} headers become the same column"
                yield Complaint((*at, "rename"), what, got=f'"{ours}"')


def _headers(leads: LeadsTable) -> list[str]:
    return [header for role in ROLES if (header := getattr(leads, role))]


def _did_you_mean(word: str, known: Mapping[str, object] | list[str]) -> str | None:
    near = nearest(word, known)
    return f"did you mean {near}?" if near else None
