"""Clocks: rows of events that stand earlier than anybody knew of them.

A stamp may be of another time zone, so that what followed a sale stands hours before it; or a row
was typed in later and dated back. Both bring rows before the look that nobody had then.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from predict.crm.holdings import raw_tables
from predict.crm.reader import Reader
from predict.crm.stamps import column_us
from predict.history.candidates import NEARLY_ALL
from predict.history.suspects import SURE, exact_bounds, strength
from predict.learning.leakage.case import Case
from predict.learning.leakage.verdict import Degree, Verdict

if TYPE_CHECKING:
    from predict.crm.tables import Crm
    from predict.crm.texttable import TextTable
    from predict.definition.tables import EventTable

#: Minutes of one part of the day before and after a moment; hours looked at on either side.
PART_MINUTES, HOURS = 15, 24
#: Rows in one part, and times what its neighbours hold, to be a peak.
FEWEST, PEAK = 15, 8.0
#: Rows that became known a day or more later, to be told of; times by which they change the odds.
FEWEST_LATE, TELLING = 15, 2.0
_MINUTE, _DAY = 60_000_000, 86_400_000_000


class ClockRule:
    """Peaks of rows hours before a sale, or before creation; moments of knowing left undeclared."""

    code = "leak-clock"
    title = "clocks and late arrival"
    severity: Degree = "block"
    refits = False

    def judge(self, case: Case) -> Iterator[Verdict]:
        """Yield a verdict per table of events."""
        crm = case.crm
        if crm is None or case.no_events:
            said = f"Not applicable because {case.no_events}."
            yield Verdict(self.code, self.title, "events", "not applicable", said)
            return
        for name in crm.definition.events:
            yield self._slip(crm, name)
        for name, spec, text in raw_tables(crm, frames=True):
            table = name.removeprefix("events.")
            if table in crm.definition.events and table != name:
                yield from self._late(case, crm, table, spec, text)  # type: ignore[arg-type]

    def _slip(self, crm: Crm, name: str) -> Verdict:
        at = f"events.{name}"
        best: tuple[float, int, str, str] | None = None
        for kind, what, hours in _around(crm, name):
            found = peak(hours)
            if found is not None and (best is None or found[1] > best[1]):
                best = (*found, kind, what)
        if best is None:
            said = "Its rows do not gather some hours before creation or success."
            return Verdict(self.code, self.title, at, "fine", said)
        before, rows, kind, what = best
        said = (
            f"{rows:,} rows of “{kind}” stand {before:.4g} hours before the lead's {what}, all in "
            "one quarter of an hour: as if they followed it on a clock of another time zone. Give "
            "the stamps their offset, or say time_zone."
        )
        figures = {"rows": float(rows), "hours": before}
        return Verdict(self.code, self.title, at, "warn", said, figures)

    def _late(
        self, case: Case, crm: Crm, name: str, spec: EventTable, text: TextTable
    ) -> Iterator[Verdict]:
        if spec.known_at is not None or spec.occurred_at is None:
            return
        taken = {spec.occurred_at, *_mapped(spec)}
        for column in text.columns:
            if column in taken or column in text.lacking:
                continue
            rows = _typed_later(crm, spec, text, column)
            if rows is not None and len(rows) >= FEWEST_LATE:
                yield from self._of_late(case, name, column, rows)

    def _of_late(self, case: Case, name: str, column: str, rows: pd.DataFrame) -> Iterator[Verdict]:
        ids = case.data.keys["lead_id"].iloc[case.leads.row]
        mine = ids.isin(set(rows["lead"])).to_numpy()
        won = case.leads.y
        doubt = 1 - SURE
        inside = exact_bounds(float(won[mine].sum()), float(mine.sum()), doubt)
        outside = exact_bounds(float(won[~mine].sum()), float((~mine).sum()), doubt)
        found = strength(inside, outside) if mine.any() and not mine.all() else 0.0
        days = float(rows["days"].median())
        figures = {"rows": float(len(rows)), "days": days, "strength": found}
        # Fewer wins among them is what open plans and rows of converted contacts look like.
        more = inside.share > outside.share
        degree: Degree = "warn" if found >= TELLING and more else "note"
        said = (
            f"{len(rows):,} rows hold in “{column}” a moment a day or more after they occurred, "
            f"{days:.0f} days in the middle; of their leads {100 * inside.share:.0f} % converted, "
            f"of others {100 * outside.share:.0f} %. If that is when a row became known, say "
            f'known_at = "{column}" in [events.{name}].'
        )
        yield Verdict(self.code, self.title, f"events.{name}", degree, said, figures)


def peak(hours: NDArray[np.float64]) -> tuple[float, int] | None:
    """Return where rows gather at least half an hour before a moment, and how many; else None.

    Parameters
    ----------
    hours : ndarray of shape (n_rows,)
        Hours from a row to the moment; negative after it.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> peak(np.append(rng.uniform(-24, 24, 400), np.full(60, 6.9)))
    (6.875, 61)
    >>> peak(rng.uniform(-24, 24, 400)) is None
    True
    """
    per_hour = 60 // PART_MINUTES
    near = hours[(hours > -HOURS) & (hours < HOURS)]
    parts = np.floor(near * per_hour).astype(int) + HOURS * per_hour
    counts = np.bincount(parts, minlength=2 * HOURS * per_hour)
    begins = HOURS * per_hour + per_hour // 2
    top = begins + int(np.argmax(counts[begins:]))
    around = np.r_[counts[max(top - 12, 0) : max(top - 1, 0)], counts[top + 2 : top + 13]]
    usual = float(np.mean(around)) if len(around) else 0.0
    if counts[top] < FEWEST or counts[top] < PEAK * max(usual, 0.5):
        return None
    middle = (top - HOURS * per_hour + 0.5) / per_hour
    return middle, int(counts[top])


def _around(crm: Crm, name: str) -> Iterator[tuple[str, str, NDArray[np.float64]]]:
    """Yield kind, what it is held against, and hours from each row until then."""
    import ibis

    stage = crm.definition.conversion.stage
    won = crm.outcomes.filter(crm.outcomes.stage == stage)
    won = won.group_by("lead_no").aggregate(won_us=won.occurred_us.min())
    rows = crm.events.filter(crm.events.table == name)
    rows = rows.left_join(won, "lead_no")
    for what, moment in (("success", rows.won_us), ("creation", rows.created_us)):
        until = (moment - rows.occurred_us) / (60 * _MINUTE)
        near = rows.mutate(until=until.cast("float64"))
        near = near.filter(ibis.and_(near.until > -HOURS, near.until < HOURS))
        frame = near.select("kind", "until").to_pandas()
        for kind, part in frame.groupby("kind", sort=True):
            yield str(kind), what, part["until"].to_numpy(dtype=float)


def _mapped(spec: Any) -> set[str]:
    """Return the columns that a table's section names."""
    said: set[str] = set()
    for value in spec.model_dump().values():
        if isinstance(value, str):
            said.add(value)
        elif isinstance(value, list | tuple):
            said |= {v for v in value if isinstance(v, str)}
    return said


def _typed_later(crm: Crm, spec: EventTable, text: TextTable, column: str) -> pd.DataFrame | None:
    """Return lead and days of the rows whose stamp in a column lies a day or more later."""
    carrier = str(spec.lead_id or spec.id)
    sample = text.table.filter(text.table[column].notnull()).limit(200)
    shown = sample.select(told=sample[column].cast("string")).to_pandas()["told"]
    if not len(shown) or not _like_stamps(shown):
        return None
    reader = Reader(crm.workspace, crm.definition)
    columns = {carrier: "id", str(spec.occurred_at): "timestamp", column: "timestamp"}
    parsed = reader.parse(text, columns)
    rows = parsed.table
    lag = column_us(rows[column]) - column_us(rows[str(spec.occurred_at)])
    late = rows.select(lead=rows[carrier], days=lag / _DAY)
    found: pd.DataFrame = late.filter(late.days >= 1).to_pandas()
    return found


def _like_stamps(shown: pd.Series) -> bool:
    read = pd.to_datetime(shown.str.slice(0, 19), errors="coerce", format="ISO8601")
    numbers = pd.to_numeric(shown, errors="coerce")
    return bool((read.notna() & numbers.isna()).mean() >= NEARLY_ALL)
