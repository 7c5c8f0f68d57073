"""Feature: a declaration of one column; and the one engine that computes a set of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from predict.crm.stamps import DAY
from predict.crm.tables import value_column
from predict.history.snapshots import cut
from predict.history.specs import Spec, View

if TYPE_CHECKING:
    import ibis.expr.types as ir

Touch = Literal["first", "previous", "last"]

#: Views whose features read the grid row itself; the others aggregate dated rows.
ROW_VIEWS: tuple[View, ...] = ("profile", "age", "calendar")
#: Views of the firm's other leads; where the firm is not known, neither is what they did.
ACCOUNT_VIEWS: tuple[View, ...] = ("account", "outcome")
#: Days that "over the look-back" means; older behaviour counts for first touch and first day only.
LOOK_BACK = 365
#: A pause longer than this begins a new session (the web-analytics convention of 30 minutes).
SESSION_GAP = 30 * 60 * 1_000_000
#: Added to a stamp so that its decimal text has 18 digits from the year 1 to beyond 9999.
_PAD = 300_000_000_000_000_000


@dataclass(frozen=True)
class Feature:
    """One column of ``X``: what it means (spec) and how it is computed.

    Parameters
    ----------
    spec : Spec
        Name, type, view, concept and words.
    expression : callable
        Takes `Rows` (event views: returns an aggregate) or the grid table (row views: returns a
        column). It is handed only rows already cut at ``as_of``, so it cannot see the future.
    empty : float or None
        Value for a lead without any row in the view: 0 for counts, None where it is unknown.
    window_days : float or None
        How far back the expression looks, None for the lead's whole life; with ``covers_us`` it
        decides what is missing.
    covers_us : int or None
        Since when the rows behind it are complete; a look-back that begins earlier is missing.
    """

    spec: Spec
    expression: Callable[..., ir.Value]
    empty: float | None = None
    window_days: float | None = None
    covers_us: int | None = None

    @property
    def name(self) -> str:
        """Column of ``X``."""
        return self.spec.name


class Rows:
    """What the expression of an event feature is handed: dated rows, cut at ``as_of``.

    Columns of the rows are attributes (``rows.kind``); ``rows.age_us`` is the age in
    microseconds at ``as_of``, always positive.
    """

    def __init__(self, table: ir.Table) -> None:
        self._table = table

    def __getattr__(self, name: str) -> ir.Column:
        return self._table[name]

    def within(self, days: float) -> ir.BooleanValue:
        """Rows at most ``days`` days old at ``as_of``."""
        return self._table.age_us <= round(days * DAY)

    def count(self, where: ir.BooleanValue) -> ir.Value:
        """Count of the rows where the condition holds, as float64."""
        return where.ifelse(1, None).count().cast("float64")

    def distinct(self, column: str, where: ir.BooleanValue) -> ir.Value:
        """Count of distinct values of ``column``."""
        return self._only(column, where).nunique().cast("float64")

    def days_since_last(self, where: ir.BooleanValue) -> ir.Value:
        """Days from the newest row to ``as_of``."""
        return self._only("age_us", where).min().cast("float64") / DAY

    def days_since_first(self, where: ir.BooleanValue) -> ir.Value:
        """Days from the oldest row to ``as_of``."""
        return self._only("age_us", where).max().cast("float64") / DAY

    def total(self, value: str, where: ir.BooleanValue) -> ir.Value:
        """Exact decimal sum of a numeric value, as float64."""
        return self._only(value_column(value), where).sum().cast("float64")

    def _only(self, column: str, where: ir.BooleanValue) -> ir.Value:
        # A case, not a filter of the aggregate: conditions that features share are computed once.
        return where.ifelse(self._table[column], None)

    def touch(self, which: Touch) -> ir.Value:
        """Kind and asset of the first, previous or last row; ties go by the text.

        The previous row is the one before the last; of rows at one moment, the first is that whose
        text sorts first, the last that whose text sorts last.
        """
        key = touch_key(self._table)
        if which == "previous":
            key = (self._table.rows_after == 1).ifelse(key, None)
        return (key.min() if which == "first" else key.max()).substr(len(str(_PAD)))


def touch_key(rows: ir.Table) -> ir.StringValue:
    """Return time and text of each row as one padded string: every engine orders strings alike."""
    kind, asset = rows.kind.replace("_", " "), rows.asset.fill_null("")
    text = (asset == "").ifelse(kind, kind + ": " + asset)
    return (rows.occurred_us + _PAD).cast("string") + text


@dataclass(frozen=True)
class Views:
    """The dated tables behind the event views.

    Parameters
    ----------
    events : Ibis table
        ``lead_no``, its ``account_id`` and ``created_us``, ``by``, ``kind``, ``asset``,
        ``occurred_us``, ``known_us``, ``day`` (days since 1970), ``table``, numeric values as
        decimals.
    outcomes : Ibis table
        ``lead_no``, its ``account_id`` and ``created_us``, ``stage``, ``occurred_us``,
        ``known_us``.
    """

    events: ir.Table
    outcomes: ir.Table

    def rows(self, view: View, grid: ir.Table) -> ir.Table:
        """Return the rows of a view, cut at each grid row's ``as_of``."""
        if view == "behaviour":
            past = cut(self.events.filter(self.events.by == "lead"), grid, "lead_no")
        elif view == "ours":
            past = cut(self.events.filter(self.events.by == "us"), grid, "lead_no")
        elif view == "account":
            past = cut(self.events.filter(self.events.by == "lead"), grid, "account_id")
        else:
            past = cut(self.outcomes, grid, "account_id")
        return past.mutate(age_us=past.as_of_us - past.occurred_us)


def compute(grid: ir.Table, views: Views, features: Sequence[Feature]) -> ir.Table:
    """Compute features for every grid row.

    Parameters
    ----------
    grid : Ibis table
        ``row`` (unique integer), ``lead_no``, ``account_id``, ``created_us``, ``as_of_us`` and
        the profile columns.
    views : Views
        Dated tables.
    features : sequence of Feature
        Declarations; names must be unique.

    Returns
    -------
    Ibis table
        ``row`` and one column per feature, called by its position (``f0``, ``f1`` …): to some
        engines the counts of ``/Pricing`` and of ``/pricing`` would be one name. As many rows as
        ``grid``.
    """
    placed = {f"f{i}": feature for i, feature in enumerate(features)}
    own = {at: f.expression(grid) for at, f in placed.items() if f.spec.view in ROW_VIEWS}
    joined = grid.select("row", "account_id", "created_us", "as_of_us", **own)
    for view in dict.fromkeys(f.spec.view for f in features if f.spec.view not in ROW_VIEWS):
        group = {at: f for at, f in placed.items() if f.spec.view == view}
        part = _aggregated(views.rows(view, grid), group).rename({f"{view} row": "row"})
        joined = joined.left_join(part, joined["row"] == part[f"{view} row"])
    return joined.select("row", **{at: _filled(joined, f, at) for at, f in placed.items()})


def _aggregated(past: ir.Table, features: Mapping[str, Feature]) -> ir.Table:
    import ibis

    if any("session" in f.name for f in features.values()):
        # Sessions are marked after the cut: a row that became known later must not move them.
        order = ibis.window(group_by="row", order_by="occurred_us")
        pause = past.occurred_us - past.occurred_us.lag().over(order)
        past = past.mutate(begins_session=pause.isnull() | (pause > SESSION_GAP))
    if any("previous" in f.name for f in features.values()):
        newest_first = ibis.window(group_by="row", order_by=touch_key(past).desc())
        past = past.mutate(rows_after=ibis.row_number().over(newest_first))
    rows = Rows(past)
    return past.group_by("row").aggregate(**{at: f.expression(rows) for at, f in features.items()})


def _filled(joined: ir.Table, feature: Feature, place: str) -> ir.Value:
    """Return a feature with what it is where there is no row: nothing, or not known."""
    import ibis

    column = joined[place]
    if feature.spec.view in ROW_VIEWS:
        return column
    if feature.empty is not None:
        column = column.fill_null(feature.empty)
    if feature.spec.view in ACCOUNT_VIEWS:
        column = joined.account_id.notnull().ifelse(column, ibis.null(column.type()))
    if feature.covers_us is not None:
        begins = joined.created_us
        if feature.window_days is not None:
            begins = ibis.greatest(begins, joined.as_of_us - round(feature.window_days * DAY))
        column = (begins < feature.covers_us).ifelse(ibis.null(column.type()), column)
    return column
