"""Candidates: columns of the leads' table that are no features, as they stand in the export.

They are what somebody may declare tomorrow. The leakage audit looks at them beside the features, so
that a column which knows the outcome is named before it is learned from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from predict.crm.holdings import raw_tables
from predict.crm.overwritten import overwritten
from predict.crm.personal import may_be_personal
from predict.history.association import raw_columns

if TYPE_CHECKING:
    import pandas as pd

    from predict.crm.tables import Crm
    from predict.crm.texttable import TextTable

Kind = Literal["number", "category", "date", "hidden"]
#: Columns read at once: bounds memory.
AT_ONCE = 64
#: Share of the values that must read as numbers, or as dates, for a column to be of that kind.
NEARLY_ALL = 0.99
_DAY = 86_400.0


@dataclass(frozen=True)
class Candidate:
    """A column of the leads' table that nothing is learned from.

    Parameters
    ----------
    name : str
        Its name in the export.
    cls : str
        Its class in the definition, ``"role"``, ``"never_use"``, ``"undeclared"``.
    kind : {"number", "category", "date", "hidden"}
        As its values look; of a hidden one only whether it is filled is told, for it may be
        personal.
    values : pandas.Series
        Indexed by lead id: numbers (of dates: days since 1970), or text; missing as NaN or None.
    """

    name: str
    cls: str
    kind: Kind
    values: pd.Series


def candidates(crm: Crm, lead_ids: Sequence[str]) -> tuple[list[Candidate], pd.Series]:
    """Return the columns that are left out of learning, for some leads.

    Parameters
    ----------
    crm : Crm
        An opened export.
    lead_ids : sequence of str
        The leads asked for.

    Returns
    -------
    list of Candidate
        In the order of the export; those protected by ``never_use`` are not looked into.
    pandas.Series
        Lead id → place of its record in the export: file, then record.
    """
    import pandas as pd

    text = next((t for name, _, t in raw_tables(crm, frames=True) if name == "leads"), None)
    wanted = pd.Index(lead_ids)
    if text is None:
        return [], pd.Series(dtype="float64")
    classes = left_out(crm, text)
    names = list(classes)
    found: list[Candidate] = []
    places = pd.Series(dtype="float64")
    for start in range(0, max(len(names), 1), AT_ONCE):
        part = names[start : start + AT_ONCE]
        rows = raw_columns(crm, text, part)
        asked = crm.workspace.frame(pd.DataFrame({"asked": list(wanted)}), "asked")
        frame = rows.semi_join(asked, rows.lead_id == asked.asked).to_pandas()
        frame = frame.sort_values(["id_file", "id_record"], kind="stable")
        places = pd.Series(range(len(frame)), index=frame["lead_id"].to_numpy(), dtype="float64")
        frame = frame.set_index("lead_id").reindex(wanted)
        for i, name in enumerate(part):
            found.append(_typed(name, classes[name], frame[f"c{i}"].astype(object)))
    return found, places.reindex(wanted)


def left_out(crm: Crm, text: TextTable) -> dict[str, str]:
    """Return the columns of leads that are no features → what the definition says of them."""
    spec = crm.definition.leads
    taken = {spec.lead_id, spec.created_at, spec.outcome_column, spec.account_id}
    taken |= {spec.source, spec.campaign, spec.list}
    taken |= {r.key for r in crm.definition.related.values()}
    # A link may be a column of leads; it says under which id a lead goes on, not what it is like.
    taken |= {link.other_id for link in crm.definition.links.values()}
    taken |= set(crm.definition.never_use.columns) | {p.name for p in crm.profile}
    told: dict[str, str] = {name: column.cls for name, column in spec.columns.items()}
    told |= {spec.owner: "role"} if spec.owner else {}
    mutable = overwritten(crm.definition)
    names = [c for c in text.columns if c not in taken and c not in text.lacking]
    return {
        c: "mutable" if c in mutable else str(told.get(c, "undeclared"))
        for c in names
        if told.get(c) != "personal"
    }


def _typed(name: str, cls: str, text: pd.Series) -> Candidate:
    import pandas as pd

    filled = text.notna()
    if may_be_personal(name):
        return Candidate(name, cls, "hidden", filled.map({True: "filled", False: None}))
    there = max(int(filled.sum()), 1)
    numbers = pd.to_numeric(text, errors="coerce").astype("float64")
    if numbers.notna().sum() >= NEARLY_ALL * there:
        return Candidate(name, cls, "number", numbers)
    for stamps in stamps_of(text):
        if stamps.notna().sum() >= NEARLY_ALL * there:
            days = (stamps - pd.Timestamp(0, tz="UTC")).dt.total_seconds() / _DAY
            return Candidate(name, cls, "date", days)
    return Candidate(name, cls, "category", text.where(filled, None))


def stamps_of(text: pd.Series) -> Iterator[pd.Series]:
    """Yield the values read as moments, by ISO first, then day first and month first."""
    import pandas as pd

    yield pd.to_datetime(text, errors="coerce", utc=True, format="ISO8601")
    for pattern in ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y"):
        yield pd.to_datetime(text.str.slice(0, 10), errors="coerce", utc=True, format=pattern)
