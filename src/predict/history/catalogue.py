"""The standard features: declarations only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from predict.crm.profile import ProfileColumn
from predict.crm.stamps import DAY
from predict.history.features import LOOK_BACK, Feature, Rows, Touch
from predict.history.makers import Maker
from predict.history.phrases import (
    Phrase,
    active_trend_words,
    active_words,
    ago,
    article,
    count_words,
    days_words,
    default_phrase,
    first_words,
    last_words,
    participle,
    plain,
    profile_words,
    safe,
    touch_words,
    trend_words,
)
from predict.history.specs import Spec, View
from predict.history.vocabulary import Asset, Kind, Vocabulary

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: Days over which recent counts look back.
WINDOWS = (1, 7, 30, 90)


def standard(
    vocabulary: Vocabulary,
    profile: Sequence[ProfileColumn],
    *,
    phrases: Mapping[str, Phrase] | None = None,
    stage_words: str = "converted",
    conversion_stage: str = "",
    covers: Mapping[str, int] | None = None,
    activity_covers: int | None = None,
    accounts: bool = False,
    calendar: Sequence[str] = ("weekday", "hour"),
    flat: bool = False,
    reopened: bool = False,
) -> list[Feature]:
    """Return the standard catalogue.

    Parameters
    ----------
    vocabulary : Vocabulary
        Kinds and assets with columns of their own.
    profile : sequence of ProfileColumn
        Profile columns of the grid.
    phrases : mapping of kind to Phrase, optional
        Wording from the definition.
    stage_words : str
        What the agreed stage is called in a sentence: "became an opportunity".
    conversion_stage : str
        The agreed stage, for the account's earlier outcomes.
    covers : mapping of event table to microseconds, optional
        Since when each table is complete; absent where it always was.
    activity_covers : int or None
        Since when all tables of what leads did are complete.
    accounts : bool
        Whether leads carry an account.
    calendar : sequence of {"weekday", "hour", "month"}
        Parts of the time of creation that are features.
    flat : bool
        True where the outcome belongs to the row: a lead then has no age.
    reopened : bool
        True where leads that had ended may come back: the grid then holds ``started_us``,
        ``episode`` and ``left_us``, and age counts from when the lead came back.
    """
    told, since = dict(phrases or {}), dict(covers or {})
    features = [_profile(column) for column in profile]
    features += _calendar(calendar)
    features += [] if flat else [_age(reopened)]
    features += _returning() if reopened else []
    if vocabulary.kinds:
        features += _overall(activity_covers)
        covered = {
            k: max((since[t] for t in k.tables if t in since), default=None)
            for k in vocabulary.kinds
        }
        for kind, covers_us in covered.items():
            phrase = told.get(kind.name) or default_phrase(kind.name)
            features += _kind(kind, phrase, covers_us)
        since_kind = {(k.name, k.by): covers_us for k, covers_us in covered.items()}
        for asset in vocabulary.assets:
            phrase = told.get(asset.kind) or default_phrase(asset.kind)
            features += _asset(asset, phrase, since_kind.get((asset.kind, asset.by)))
        features += _touches(vocabulary, activity_covers, told)
        if accounts:
            features += _account_events(activity_covers)
    if accounts and not flat:
        features += _account_outcomes(conversion_stage, stage_words)
    return features


def _profile(column: ProfileColumn) -> Feature:
    words = column.words or plain(column.name)
    said, unit = profile_words(words, column.dtype)
    # The industry of the lead and that of its account are one thing to a reader.
    concept = column.name.rpartition(".")[2]
    spec = Spec(column.name, column.dtype, "profile", concept, words, said, unit)
    return Feature(spec, lambda grid, c=column.column: grid[c])


def _calendar(parts: Sequence[str]) -> list[Feature]:
    # Integer arithmetic on UTC days: 1970-01-01 was a Thursday, so day 0 is weekday 3.
    known: dict[str, Callable[[ir.Table], ir.Value]] = {
        "weekday": lambda grid: ((grid.created_us // DAY) + 3) % 7,
        "hour": lambda grid: (grid.created_us % DAY) // (DAY // 24),
        "month": _month,
    }
    words = "the time of creation"
    return [
        Feature(
            Spec(f"created_{part}", "number", "calendar", "calendar", words, reason=False),
            lambda grid, e=known[part]: e(grid).cast("float64"),
        )
        for part in parts
    ]


def _month(grid: ir.Table) -> ir.Value:
    return (grid.created_us // 1_000_000).as_timestamp("s").month()


def _age(reopened: bool) -> Feature:
    came = "last came" if reopened else "came"
    words = {
        "many": f"{came} {{n}} days ago",
        "one": f"{came} 1 day ago",
        "zero": f"{came} today",
    }
    spec = Spec("age_days", "number", "age", "age", f"how long ago the lead {came}", words, "days")
    start = "started_us" if reopened else "created_us"
    return Feature(spec, lambda grid: (grid.as_of_us - grid[start]).cast("float64") / DAY)


def _returning() -> list[Feature]:
    concept, said = "returning", "whether the lead came back"
    times = {
        "many": "came back {n} times after being closed",
        "one": "came back once after being closed",
        "zero": "was not closed before",
    }
    since = {
        "many": "was closed {n} days ago and came back",
        "one": "was closed 1 day ago and came back",
        "zero": "was closed today and came back",
        "missing": "was not closed before",
    }
    return [
        Feature(
            Spec("times_reopened", "number", "age", concept, said, times),
            lambda grid: (grid.episode - 1).cast("float64"),
        ),
        Feature(
            Spec("days_since_closed", "number", "age", concept, said, since, "days"),
            lambda grid: (grid.as_of_us - grid.left_us).cast("float64") / DAY,
        ),
    ]


def _overall(covers_us: int | None) -> list[Feature]:
    made = Maker("behaviour", "activity", "activity", covers_us)

    def any_row(rows: Rows) -> ir.BooleanValue:
        return rows.age_us >= 0

    features = [
        made.count(f"any__count_{days}d", any_row, days, active_words(days))
        for days in (*WINDOWS, LOOK_BACK)
    ]
    last = {
        "many": "was last active {n} days ago",
        "one": "was last active 1 day ago",
        "zero": "was active today",
        "missing": "showed no activity so far",
    }
    first = {
        "many": "was first active {n} days ago",
        "one": "was first active 1 day ago",
        "zero": "was first active today",
        "missing": "showed no activity so far",
    }
    kinds = {
        "many": "did {n} different kinds of things",
        "one": "did one kind of thing only",
        "zero": "did nothing so far",
    }
    features += [
        made.days("days_since_last", any_row, last, newest=True),
        made.days("days_since_first", any_row, first, newest=False),
        made.active_days("any__active_days", any_row, days_words("was active")),
        made.sessions("any__sessions"),
        made.distinct("any__kinds", "kind", any_row, kinds),
        made.trend("any__trend", any_row, active_trend_words()),
    ]
    return features


def _kind(kind: Kind, phrase: Phrase, covers_us: int | None) -> list[Feature]:
    view: View = "behaviour" if kind.by == "lead" else "ours"
    prefix = kind.name if kind.by == "lead" else f"our {kind.name}"
    made = Maker(view, prefix, phrase.things, covers_us)
    did = f"{phrase.did} {article(phrase.thing)}"

    def is_kind(rows: Rows) -> ir.BooleanValue:
        return rows.kind == kind.name

    features = [
        made.count(f"{prefix}__count_{days}d", is_kind, days, count_words(phrase, days))
        for days in (*WINDOWS, LOOK_BACK)
    ]
    features += [
        made.days(f"{prefix}__days_since_last", is_kind, last_words(phrase), newest=True),
        made.days(f"{prefix}__days_since_first", is_kind, first_words(phrase), newest=False),
        made.active_days(f"{prefix}__active_days", is_kind, days_words(did)),
        made.trend(f"{prefix}__trend", is_kind, trend_words(phrase)),
    ]
    if kind.assets > 1:
        words = {
            "many": f"{phrase.did} {{n}} different {phrase.things}",
            "one": f"{phrase.did} one {phrase.thing}",
            "zero": f"{phrase.did} no {phrase.things}",
        }
        features.append(made.distinct(f"{prefix}__assets", "asset", is_kind, words))
    for value in kind.values:
        for days in (30, LOOK_BACK):
            features.append(
                made.total(f"{prefix}__{value}_{days}d", value, is_kind, days, phrase.things)
            )
    return features


def _asset(asset: Asset, phrase: Phrase, covers_us: int | None) -> list[Feature]:
    shown = safe(asset.name)
    ours = asset.by == "us"
    prefix = f"our {asset.kind}={asset.name}" if ours else f"{asset.kind}={asset.name}"
    view: View = "ours" if ours else "behaviour"
    made = Maker(view, prefix, f"{phrase.thing} “{shown}”", covers_us)

    def is_asset(rows: Rows) -> ir.BooleanValue:
        return (rows.kind == asset.kind) & (rows.asset == asset.name)

    named = f"{phrase.did} “{shown}”"
    features = []
    for days in (30, LOOK_BACK):
        words = {
            "many": f"{named} {{n}} times{ago(days)}",
            "one": f"{named} once{ago(days)}",
            "zero": f"has not {participle(phrase.did)} “{shown}”{ago(days)}",
        }
        features.append(made.count(f"{prefix}__count_{days}d", is_asset, days, words))
    last = {
        "many": f"last {named} {{n}} days ago",
        "one": f"last {named} 1 day ago",
        "zero": f"{named} today",
        "missing": f"has not {participle(phrase.did)} “{shown}” so far",
    }
    features.append(made.days(f"{prefix}__days_since_last", is_asset, last, newest=True))
    return features


def _touches(
    vocabulary: Vocabulary, covers_us: int | None, phrases: Mapping[str, Phrase]
) -> list[Feature]:
    concepts: dict[Touch, str] = {
        "first": "the first thing the lead did",
        "previous": "the thing before the last",
        "last": "the last thing the lead did",
    }
    features = [
        Maker("behaviour", f"{which} touch", said, covers_us).touch(
            f"{which}_touch", which, touch_words(which, _done(vocabulary, phrases))
        )
        for which, said in concepts.items()
    ]
    if any(kind.by == "us" for kind in vocabulary.kinds):
        made = Maker("ours", "our last touch", "the last thing we did", None)
        features.append(made.touch("our last_touch", "last", touch_words("last", {})))
    return features


def _done(vocabulary: Vocabulary, phrases: Mapping[str, Phrase]) -> dict[str, str]:
    """Return what leads did, in words, by the text of a touch (see `touch_key`)."""
    done = {}
    for kind in vocabulary.kinds:
        phrase = phrases.get(kind.name) or default_phrase(kind.name)
        done[kind.name.replace("_", " ")] = f"{phrase.did} {article(phrase.thing)}"
    for asset in vocabulary.assets:
        phrase = phrases.get(asset.kind) or default_phrase(asset.kind)
        key = f"{asset.kind.replace('_', ' ')}: {asset.name}"
        done[key] = f"{phrase.did} “{safe(asset.name)}”"
    return done


def _account_events(covers_us: int | None) -> list[Feature]:
    made = Maker("account", "account activity", "activity of colleagues", covers_us)

    def any_row(rows: Rows) -> ir.BooleanValue:
        return rows.age_us >= 0

    last = {
        "many": "a colleague at the same firm was last active {n} days ago",
        "one": "a colleague at the same firm was active 1 day ago",
        "zero": "a colleague at the same firm was active today",
        "missing": "no colleague at the same firm was active so far",
    }
    features = []
    for days in (30, LOOK_BACK):
        words = {
            "many": f"colleagues at the same firm were active {{n}} times{ago(days)}",
            "one": f"a colleague at the same firm was active once{ago(days)}",
            "zero": f"no colleague at the same firm was active{ago(days)}",
        }
        features.append(made.count(f"account__count_{days}d", any_row, days, words))
    features.append(
        made.distinct(
            "account__active_leads",
            "lead_no",
            any_row,
            {
                "many": "{n} colleagues at the same firm were active",
                "one": "one colleague at the same firm was active",
                "zero": "no colleague at the same firm was active",
            },
        )
    )
    features.append(made.days("account__days_since_last", any_row, last, newest=True))
    return features


def _account_outcomes(stage: str, stage_words: str) -> list[Feature]:
    made = Maker("outcome", "account history", "earlier leads of the same firm", None)

    def reached(rows: Rows) -> ir.BooleanValue:
        return rows.stage == stage

    words = {
        "many": f"{{n}} earlier leads of the same firm {stage_words}",
        "one": f"an earlier lead of the same firm {stage_words}",
        "zero": f"no earlier lead of the same firm {stage_words}",
    }
    last = {
        "many": f"a lead of the same firm {stage_words} {{n}} days ago",
        "one": f"a lead of the same firm {stage_words} 1 day ago",
        "zero": f"a lead of the same firm {stage_words} today",
        "missing": f"no earlier lead of the same firm {stage_words}",
    }
    return [
        made.distinct("account__reached", "lead_no", reached, words, days=None),
        made.days("account__days_since_reached", reached, last, newest=True),
    ]
