"""Maker: declares features that share a view, a concept and a coverage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from predict.history.features import LOOK_BACK, Feature, Rows, Touch
from predict.history.phrases import ago, plain
from predict.history.specs import Spec, View

if TYPE_CHECKING:
    import ibis.expr.types as ir

Where = Callable[[Rows], "ir.BooleanValue"]


@dataclass(frozen=True)
class Maker:
    """Declares features that share a view, a concept and a coverage.

    Parameters
    ----------
    view : str
        Rows the features aggregate.
    concept, concept_words : str
        Key and noun phrase that the features share.
    covers_us : int or None
        Since when the rows are complete, microseconds UTC.
    """

    view: View
    concept: str
    concept_words: str
    covers_us: int | None

    def _spec(self, name: str, words: Mapping[str, str], unit: str | None = None) -> Spec:
        return Spec(
            name,
            "number",
            self.view,
            self.concept,
            self.concept_words,
            words,
            unit,
            reason=self.view != "ours",
        )

    def count(self, name: str, where: Where, days: int, words: Mapping[str, str]) -> Feature:
        """Declare a count over the last ``days`` days."""
        return Feature(
            self._spec(name, words),
            lambda rows: rows.count(where(rows) & rows.within(days)),
            0.0,
            days,
            self.covers_us,
        )

    def days(self, name: str, where: Where, words: Mapping[str, str], *, newest: bool) -> Feature:
        """Declare the days since the newest or oldest row.

        The newest row is known as soon as rows are complete, the oldest only where they have been
        complete for all the lead's life.
        """
        return Feature(
            self._spec(name, self.hedged(words, newest=newest), "days"),
            lambda rows: (
                rows.days_since_last(where(rows)) if newest else rows.days_since_first(where(rows))
            ),
            None,
            0 if newest else None,
            self.covers_us,
        )

    def hedged(self, words: Mapping[str, str], *, newest: bool) -> dict[str, str]:
        """Return words that do not say "never" of a time in which rows were not complete."""
        told = dict(words)
        if self.covers_us is not None:
            never = told.pop("missing")
            if newest:
                told["missing"] = f"{never}, as far as is known"
        return told

    def active_days(self, name: str, where: Where, words: Mapping[str, str]) -> Feature:
        """Declare the number of different days with a row."""
        return Feature(
            self._spec(name, words),
            lambda rows: rows.distinct("day", where(rows) & rows.within(LOOK_BACK)),
            0.0,
            LOOK_BACK,
            self.covers_us,
        )

    def sessions(self, name: str) -> Feature:
        """Declare the number of visits, 30 idle minutes apart."""
        words = {
            "many": "came back for {n} separate visits",
            "one": "came for one visit",
            "zero": "has not visited",
        }
        return Feature(
            self._spec(name, words),
            lambda rows: rows.count(rows.begins_session & rows.within(LOOK_BACK)),
            0.0,
            LOOK_BACK,
            self.covers_us,
        )

    def distinct(
        self,
        name: str,
        column: str,
        where: Where,
        words: Mapping[str, str],
        *,
        days: int | None = LOOK_BACK,
    ) -> Feature:
        """Declare the number of different values of a column."""
        return Feature(
            self._spec(name, words),
            lambda rows: rows.distinct(
                column, where(rows) if days is None else where(rows) & rows.within(days)
            ),
            0.0,
            days,
            self.covers_us,
        )

    def trend(self, name: str, where: Where, words: Mapping[str, str]) -> Feature:
        """Declare the rows of the last 7 days minus a quarter of those of the 28 before."""

        def expression(rows: Rows) -> ir.Value:
            recent = rows.count(where(rows) & rows.within(7))
            both = rows.count(where(rows) & rows.within(35))
            return recent - (both - recent) / 4

        return Feature(self._spec(name, words), expression, 0.0, 35, self.covers_us)

    def touch(self, name: str, which: Touch, words: Mapping[str, str]) -> Feature:
        """Declare the kind and asset of the oldest row, the newest, or the one before it.

        Like `days`, the newest is known as soon as rows are complete.
        """
        newest = which == "last"
        spec = replace(self._spec(name, self.hedged(words, newest=newest)), dtype="category")
        return Feature(
            spec,
            lambda rows: rows.touch(which),
            None,
            0 if newest else None,
            self.covers_us,
        )

    def total(self, name: str, value: str, where: Where, days: int, things: str) -> Feature:
        """Declare the sum of a numeric value over the last ``days`` days."""
        timed = plain(value) in ("seconds", "minutes", "hours")
        what = f"{plain(value)} on {things}" if timed else f"{plain(value)} in all"
        if not timed and plain(value) != things:
            what = f"{plain(value)} in {things}"
        many = f"{'spent' if timed else 'had'} {{n}} {what}{ago(days)}"
        none = f"spent no time on {things}" if timed else f"had no {what}"
        words = {"many": many, "one": many, "zero": f"{none}{ago(days)}"}
        return Feature(
            self._spec(name, words, plain(value)),
            lambda rows: rows.total(value, where(rows) & rows.within(days)),
            0.0,
            days,
            self.covers_us,
        )
