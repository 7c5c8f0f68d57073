"""Vocabulary: which kinds and assets get columns, chosen without looking at any outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from predict.crm.tables import value_column

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: A kind or asset needs this many leads to get columns of its own (also keeps rare, possibly
#: personal values out of the model).
MIN_LEADS = 20
MOST_KINDS = 40
MOST_ASSETS = 20


@dataclass(frozen=True)
class Kind:
    """One kind of event that gets columns.

    Parameters
    ----------
    name : str
        As in the events.
    by : {"lead", "us"}
        Who acted.
    tables : tuple of str
        Event tables of the definition that hold the kind, sorted.
    assets : int
        Number of distinct assets seen.
    values : tuple of str
        Numeric values seen with this kind.
    """

    name: str
    by: str
    tables: tuple[str, ...]
    assets: int
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asset:
    """One page, offer or article that gets columns, under its kind of event."""

    kind: str
    by: str
    name: str


@dataclass(frozen=True)
class Vocabulary:
    """Kinds and assets with columns; kept in the manifest and the model folder.

    Examples
    --------
    >>> visits = Kind("visit", "lead", ("web",), 2, ("seconds",))
    >>> words = Vocabulary((visits,), (Asset("visit", "lead", "a"),))
    >>> Vocabulary.from_dict(words.as_dict()) == words
    True
    """

    kinds: tuple[Kind, ...] = ()
    assets: tuple[Asset, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return a JSON-ready mapping."""
        return {
            "kinds": [asdict(k) for k in self.kinds],
            "assets": [asdict(a) for a in self.assets],
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, object]) -> Vocabulary:
        """Return the vocabulary that `as_dict` described."""
        kinds = [
            Kind(**{**k, "tables": tuple(k["tables"]), "values": tuple(k["values"])})
            for k in value["kinds"]  # type: ignore[attr-defined]
        ]
        return cls(tuple(kinds), tuple(Asset(**a) for a in value["assets"]))  # type: ignore[attr-defined]


def choose(
    events: ir.Table, until_us: int, values: tuple[str, ...], *, min_leads: int = MIN_LEADS
) -> Vocabulary:
    """Choose kinds and assets from events before ``until_us``, by the number of leads.

    Parameters
    ----------
    events : Ibis table
        Events that may become features (see `Views`).
    until_us : int
        The start of the first test fold, microseconds UTC; later events are not looked at.
    values : tuple of str
        Names of the numeric value columns.
    min_leads : int
        Fewest leads with the kind or asset.
    """
    import ibis

    early = events.filter((events.occurred_us < until_us) & (events.known_us < until_us))
    kinds = (
        early.group_by("kind", "by")
        .aggregate(
            leads=early.lead_no.nunique(),
            tables=early.table.collect(distinct=True),
            assets=early.asset.nunique(),
            **{f"has_{i}": early[value_column(v)].count() for i, v in enumerate(values)},
        )
        .filter(ibis._.leads >= min_leads)
        .order_by(ibis.desc("leads"), "kind", "by")
        .limit(MOST_KINDS)
        .to_pandas()
    )
    named = early.filter(early.asset.notnull() & (early.asset != ""))
    assets = (
        named.group_by("kind", "by", "asset")
        .aggregate(leads=named.lead_no.nunique())
        .filter(ibis._.leads >= min_leads)
        .order_by(ibis.desc("leads"), "kind", "by", "asset")
        .limit(MOST_ASSETS)
        .to_pandas()
    )
    return Vocabulary(
        tuple(
            Kind(
                row["kind"],
                row["by"],
                tuple(sorted(row["tables"])),
                int(row["assets"]),
                tuple(v for i, v in enumerate(values) if row[f"has_{i}"] > 0),
            )
            for row in kinds.to_dict("records")
        ),
        tuple(Asset(r["kind"], r["by"], r["asset"]) for r in assets.to_dict("records")),
    )
