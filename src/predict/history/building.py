"""Building a Dataset: grid, outcomes and features of one export, the same way for any use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from predict.crm.stamps import DAY, microseconds, moment, start_of_day
from predict.crm.tables import INCUMBENT
from predict.definition.stages import stage_words
from predict.errors import InputError
from predict.history.catalogue import standard
from predict.history.counts import cohorts, counted
from predict.history.dataset import Dataset
from predict.history.episodes import episodes
from predict.history.features import Feature, Views, compute
from predict.history.outcomes import label, matured_until
from predict.history.phrases import Phrase
from predict.history.snapshots import by_age, by_calendar, calendar, not_customers, still_open
from predict.history.versions import versions
from predict.history.vocabulary import Vocabulary, choose
from predict.publish import json_digest

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from predict.crm.tables import Crm

#: Share of the matured looks (by time) before the first test fold; vocabularies end there.
FIRST_FOLD_SHARE = 1 / 3
#: Grid rows computed at once: bounds memory whatever the size of the export.
CHUNK_ROWS = 100_000
#: What the history before the first test fold must hold for a part of the calendar to be a
#: feature: a month seen in one year alone is that year, and so is a weekday of few days.
MONTHS_SPAN, WEEKDAYS_SEEN = 730 * DAY, 56
#: Said where no look is old enough.
TOO_YOUNG = "no lead is old enough to judge"
#: What a look knows of the episode it falls into.
_EPISODE = ("episode", "started_us", "left_us", "closed_us")


@dataclass(frozen=True)
class Recipe:
    """What fixes the columns of ``X`` beside the definition; kept with the model.

    Parameters
    ----------
    vocabulary : Vocabulary
        Kinds and assets with columns.
    calendar : tuple of str
        Parts of the calendar of creation that are columns: "weekday", "hour", "month".
    """

    vocabulary: Vocabulary
    calendar: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return a JSON-ready mapping."""
        return {"vocabulary": self.vocabulary.as_dict(), "calendar": list(self.calendar)}

    @classmethod
    def from_dict(cls, value: Mapping[str, object]) -> Recipe:
        """Return the recipe that `as_dict` described."""
        calendar: Any = value["calendar"]
        return cls(Vocabulary.from_dict(value["vocabulary"]), tuple(calendar))  # type: ignore[arg-type]


def build_dataset(crm: Crm) -> Dataset:
    """Build the dataset of all matured looks of an export.

    Parameters
    ----------
    crm : Crm
        An opened export.

    Returns
    -------
    Dataset
        Sorted by (``as_of``, ``lead_id``); its manifest holds the counts and the `Recipe`.

    Raises
    ------
    InputError
        No look is old enough to judge.
    """
    agreed = crm.definition.conversion
    exported_us = microseconds(crm.exported_at)
    limit = matured_until(exported_us, agreed.within_days, agreed.export_lag_days)
    everything = all_looks(crm)
    everything = everything.filter(everything.as_of_us <= exported_us)
    wanted = not_customers(everything)
    numbered = _numbered(wanted.mutate(young=wanted.as_of_us > limit))
    before_export = crm.workspace.materialise(numbered, "looks", order_by=["row"])
    looks = before_export.filter(~before_export.young)
    counts = counted(crm, before_export)
    if crm.definition.customers is not None:
        every = int(everything.count().execute())
        counts["looks at customers"] = every - counts["looks"]
    if not counts["matured looks"]:
        raise InputError(
            TOO_YOUNG,
            where="leads",
            got=f"exported {crm.exported_at:%Y-%m-%d}, horizon {agreed.within_days:g} days",
            do="export more history, or agree on a shorter [conversion] within_days",
        )
    first_fold = _first_fold(looks, counts["matured looks"])
    recipe = Recipe(choose(_learned(crm), first_fold, crm.values), _calendar(looks, first_fold))
    features = catalogue(crm, recipe)
    labelled = label(looks, crm.outcomes, agreed.stage, agreed.within_days)
    keys = _keys(labelled, crm.incumbents)
    frame = _concatenated(feature_chunks(crm, looks, features))
    _same_rows(keys, frame)
    order = keys.sort_values(["as_of_us", "lead_id"], kind="stable").index
    X = frame.drop(columns="row").loc[order].reset_index(drop=True)
    keys = keys.loc[order].reset_index(drop=True)
    incumbents = keys[[INCUMBENT + n for n in crm.incumbents]] if crm.incumbents else None
    if incumbents is not None:
        incumbents = incumbents.set_axis(list(crm.incumbents), axis=1)
    manifest: dict[str, object] = {
        "counts": counts,
        "cohorts": cohorts(before_export, keys, crm.definition.time_zone),
        "exported_at": f"{crm.exported_at:%Y-%m-%dT%H:%M:%S}",
        "matured_until": f"{moment(limit):%Y-%m-%dT%H:%M:%S}",
        "first_fold": f"{moment(first_fold):%Y-%m-%dT%H:%M:%S}",
        "recipe": recipe.as_dict(),
        "profile": [p.as_dict() for p in crm.profile],
        "flattered": list(crm.incumbents),
        "definition_digest": crm.definition.digest(),
        "sources_digest": json_digest(
            [[s["table"], s["sha256"]] for s in (*crm.sources, *crm.archived)]
        ),
    }
    return Dataset(
        X=X,
        y=keys["y"].astype("int8"),
        keys=keys[["lead_id", "as_of", "created_at", "group"]],
        specs=tuple(f.spec for f in features),
        horizon_days=agreed.within_days,
        export_lag_days=agreed.export_lag_days,
        incumbents=incumbents,
        manifest=manifest,
    )


def catalogue(crm: Crm, recipe: Recipe) -> list[Feature]:
    """Return the standard features of this export under a recipe."""
    definition = crm.definition
    theirs = [n for n, spec in definition.events.items() if spec.by == "lead"]
    features = standard(
        recipe.vocabulary,
        crm.profile,
        phrases={kind: Phrase(w.did, w.thing, w.things) for kind, w in definition.words.items()},
        stage_words=stage_words(definition.conversion.stage)[0],
        conversion_stage=definition.conversion.stage,
        covers=crm.covers_us,
        activity_covers=max((crm.covers_us[n] for n in theirs if n in crm.covers_us), default=None),
        accounts=crm.has_accounts,
        calendar=recipe.calendar,
        flat=definition.is_flat,
        reopened=bool(definition.conversion.reopen_stages),
    )
    names = Counter(["row", *(f.name for f in features)])
    twice = sorted(n for n, times in names.items() if times > 1)
    if twice:
        raise InputError(
            "two features would have the same name",
            where="[leads.columns], kinds and assets of events",
            got=", ".join(twice),
            do="rename the column or the kind in the export, or leave the column undeclared",
        )
    return features


def _learned(crm: Crm) -> ir.Table:
    """Return what leads did, and what we did where the definition opts in."""
    names = [n for n, spec in crm.definition.events.items() if spec.learned_from]
    return _of_leads(crm, crm.events.filter(crm.events.table.isin(names)))


def _of_leads(crm: Crm, rows: ir.Table) -> ir.Table:
    """Return rows without those of leads born converted: they tell colleagues of a sale, too."""
    if not crm.counts.get("leads born converted"):
        return rows
    born = crm.leads.filter(crm.leads.born_converted).select("lead_no")
    return rows.anti_join(born, "lead_no")


def feature_chunks(
    crm: Crm, grid: ir.Table, features: list[Feature], *, rows: int = CHUNK_ROWS
) -> Iterator[pd.DataFrame]:
    """Yield ``row`` and features of the grid, some leads at a time, in the order of ``row``.

    Parameters
    ----------
    crm : Crm
        Tables behind the features.
    grid : Ibis table
        ``row``, ``lead_no``, ``account_id``, ``created_us``, ``as_of_us``, profile columns.
    features : list of Feature
        Declarations.
    rows : int
        How many row numbers to compute at once; the result does not depend on it.
    """
    views = Views(_learned(crm), _of_leads(crm, crm.outcomes))
    past = versions(crm)
    total = int(grid["row"].max().fill_null(-1).execute()) + 1
    for low in range(0, max(total, 1), rows):
        part = grid.filter((grid["row"] >= low) & (grid["row"] < low + rows))
        result = compute(past.at(part), views, features).order_by("row").to_pandas()
        yield _typed(result, features)


def _typed(frame: pd.DataFrame, features: list[Feature]) -> pd.DataFrame:
    frame = frame.set_axis(["row", *(f.name for f in features)], axis=1)
    frame = frame.astype({f.name: "float64" for f in features if f.spec.dtype == "number"})
    for feature in features:
        if feature.spec.dtype != "number":
            column = frame[feature.name].astype(object)
            frame[feature.name] = column.where(column.notna(), None)
    return frame


def all_looks(crm: Crm) -> ir.Table:
    """Return every look at a lead while it is open, those too young to judge too."""
    definition = crm.definition
    leads = crm.leads.filter(~(crm.leads.suppressed | crm.leads.born_converted))
    if definition.leads.covers_from:
        begins = start_of_day(definition.leads.covers_from, definition.time_zone)
        leads = leads.filter(leads.created_us >= begins)
    begun = episodes(crm)
    every = leads.inner_join(begun, "lead_no").select(*leads.columns, *_EPISODE)
    if definition.snapshots.every:
        exported_us = microseconds(crm.exported_at)
        first = moment(int(leads.created_us.min().fill_null(exported_us).execute()))
        grid = by_calendar(every, calendar(definition.snapshots.every, first, crm.exported_at))
    else:
        grid = by_age(every, definition.snapshots.ages_days, at_creation=definition.is_flat)
    return grid if definition.is_flat else still_open(grid)


def _numbered(grid: ir.Table) -> ir.Table:
    import ibis

    # By lead, so that a range of rows is a range of leads and reads one part of the events; those
    # too young to judge come last.
    order = ibis.window(order_by=["young", "lead_no", "as_of_us"])
    return grid.mutate(row=ibis.row_number().over(order).cast("int64"))


def _first_fold(looks: ir.Table, count: int) -> int:
    stamps = looks.select("as_of_us").order_by("as_of_us")
    return int(stamps.limit(1, offset=int(count * FIRST_FOLD_SHARE)).to_pandas()["as_of_us"][0])


def _calendar(looks: ir.Table, until_us: int) -> tuple[str, ...]:
    """Return the parts of the calendar that the creations before a moment can tell apart."""
    early = looks.filter(looks.created_us < until_us)
    seen = early.aggregate(
        days=(early.created_us // DAY).nunique(),
        timed=(early.created_us % DAY).nunique(),
        span=early.created_us.max() - early.created_us.min(),
    ).to_pandas()
    enough = seen["days"][0] >= WEEKDAYS_SEEN
    parts = {
        "weekday": enough,
        "hour": enough and seen["timed"][0] > WEEKDAYS_SEEN,
        "month": enough and seen["span"][0] >= MONTHS_SPAN,
    }
    return tuple(name for name, there in parts.items() if there)


def _keys(labelled: ir.Table, incumbents: tuple[str, ...]) -> pd.DataFrame:
    import ibis

    extra = {INCUMBENT + name: labelled[INCUMBENT + name].cast("float64") for name in incumbents}
    frame = (
        labelled.select(
            "row",
            "lead_id",
            "as_of_us",
            "created_us",
            "y",
            group=ibis.coalesce(labelled.account_id, labelled.lead_id),
            **extra,
        )
        .order_by("row")
        .to_pandas()
    )
    frame["as_of"] = frame["as_of_us"].astype("datetime64[us]")
    frame["created_at"] = frame["created_us"].astype("datetime64[us]")
    return frame


def _same_rows(keys: pd.DataFrame, frame: pd.DataFrame) -> None:
    if not keys["row"].equals(frame["row"]):  # rows in = rows out, whatever the engine did
        raise AssertionError("the engine returned other rows than the grid holds")


def _concatenated(chunks: Iterator[pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    return pd.concat(list(chunks), ignore_index=True)
