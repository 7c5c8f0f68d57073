"""Changing: why leads are scored otherwise than in an earlier run of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from predict.definition.schema import Definition
from predict.errors import InputError, ModelError, nearest
from predict.publish import read_json
from predict.scoring.figures import day
from predict.scoring.ledger import FEATURE, Ledger

if TYPE_CHECKING:
    import pandas as pd

    from predict.home import Home
    from predict.learning.lead_model import LeadModel

#: One row per part of a lead's change.
COLUMNS = ["row", "lead_id", "as_of", "since", "before", "after", "grade_before", "grade"]
COLUMNS += ["part", "concept", "log_odds", "points", "sentence"]
#: Parts of leads whose change cannot be split: not scored before, or by a model that is gone.
NEW, UNKNOWN = "new", "unknown"


@dataclass(frozen=True)
class LeadChange:
    """Why one lead is scored otherwise than before.

    Parameters
    ----------
    lead_id : str
    since, as_of : datetime
        The moments that the two runs looked at; ``since`` is None for a lead not scored before.
    before, after : float
        Chances then and now; ``before`` is NaN for a lead not scored before.
    grades : tuple of str
        Then and now.
    parts : pandas.DataFrame
        ``part``, ``concept``, ``log_odds``, ``points`` (shares of 1), ``sentence``, the largest
        first; see `predict.scoring.moves.moves`. One row of part `NEW` or `UNKNOWN` where the
        change cannot be split.
    """

    lead_id: str
    since: datetime | None
    as_of: datetime
    before: float
    after: float
    grades: tuple[str, str]
    parts: pd.DataFrame

    def frame(self) -> pd.DataFrame:
        """Return the parts."""
        return self.parts.copy()

    @property
    def points(self) -> float:
        """The change of the chance, in shares of 1; the parts sum to it."""
        return self.after - self.before


def change_of(
    home: Home,
    definition: Definition | Path,
    lead_id: str,
    since: datetime | None = None,
    *,
    run: str | None = None,
) -> LeadChange:
    """Return why a lead is scored otherwise than in an earlier run.

    Parameters
    ----------
    home : Home
        Ledger and registry.
    definition : Definition or Path
        Whose runs; its words are used.
    lead_id : str
    since : datetime, optional
        Compare with the newest run that looked at this moment or earlier; naive UTC. By default
        with the run before.
    run : str, optional
        Key of the later run; the lead's newest by default.

    Raises
    ------
    InputError
        The lead was never scored, or not in this run.
    """
    ledger = Ledger(home.ledger)
    definition = _read(definition)
    runs = _runs(ledger, definition.name)
    past = ledger.frame(lead_id, columns=["basis", "probability", "grade"])
    past = past[past["run"].isin(runs)]
    later = past if run is None else past[past["run"] == run]
    if later.empty:
        raise InputError(
            "the ledger has no score of this lead",
            where=str(home.ledger),
            got=lead_id,
            do=_near(ledger, lead_id),
        )
    key = str(later["run"].iloc[-1])
    current = ledger.rows(key, [lead_id]).tail(1)
    told = _told(home, definition, ledger, runs, key, current, past, since)
    one = told.iloc[0]
    return LeadChange(
        lead_id,
        None if one["since"] is None else cast("datetime", one["since"]),
        one["as_of"].to_pydatetime(),
        float(one["before"]),
        float(one["after"]),
        (str(one["grade_before"]), str(one["grade"])),
        told[["part", "concept", "log_odds", "points", "sentence"]].reset_index(drop=True),
    )


def changes_of(
    home: Home,
    definition: Definition | Path,
    scored: Path | str,
    since: datetime | None = None,
    *,
    rows: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Return why the leads of a scored list are scored otherwise than before.

    Parameters
    ----------
    home : Home
    definition : Definition or Path
    scored : Path or str
        Folder that `predict.jobs.scoring.score` published, or the key of its run in the ledger.
    since : datetime, optional
        See `change_of`.
    rows : sequence of int, optional
        Only these rows of the list.

    Returns
    -------
    pandas.DataFrame
        Long, by ``row`` of the list: ``row``, ``lead_id``, ``as_of``, ``since`` (None where it was
        not scored before), ``before``, ``after`` (chances), ``grade_before``, ``grade``, ``part``,
        ``concept``, ``log_odds``, ``points``, ``sentence``. The points of a row sum to ``after`` -
        ``before`` within 1e-9. Rows that were not scored or have no id are absent.
    """
    ledger = Ledger(home.ledger)
    definition = _read(definition)
    runs = _runs(ledger, definition.name)
    key = scored if isinstance(scored, str) else str(read_json(scored / "manifest.json")["ledger"])
    current = ledger.rows(key)
    current = current[current["lead_id"].notna()]
    if rows is not None:
        current = current[current["row"].isin(rows)]
    past = ledger.frame(columns=["basis", "probability", "grade"])
    past = past[past["run"].isin(runs)]
    return _told(home, definition, ledger, runs, key, current, past, since)


def _read(definition: Definition | Path) -> Definition:
    return Definition.read(definition) if isinstance(definition, Path) else definition


def _runs(ledger: Ledger, name: str) -> dict[str, str]:
    """Return key → number of the model, of the runs of one definition."""
    runs = ledger.runs()
    if runs.empty:
        return {}
    split = runs["model"].astype(str).str.rpartition(" ")
    ours = split[0] == name
    return dict(zip(runs.loc[ours, "run"], split.loc[ours, 2], strict=True))


def _near(ledger: Ledger, lead_id: str) -> str:
    ids = ledger.frame(columns=[])["lead_id"].dropna().unique().tolist()
    near = nearest(lead_id, ids[:100_000])
    return f"did you mean {near}?" if near else "score it first: predict score --open"


def _told(
    home: Home,
    definition: Definition,
    ledger: Ledger,
    runs: dict[str, str],
    key: str,
    current: pd.DataFrame,
    past: pd.DataFrame,
    since: datetime | None,
) -> pd.DataFrame:
    """Return the parts of the changes of some rows of one run."""
    import pandas as pd

    models = _Models(home, definition)
    as_of = current["as_of"].max()
    earlier = past[past["as_of"] < as_of]
    if since is not None:
        earlier = earlier[earlier["as_of"] <= since]
    last = earlier.drop_duplicates("lead_id", keep="last").set_index("lead_id")
    current = current.reset_index(drop=True)
    found = current["lead_id"].isin(last.index)
    parts = [_new(current[~found], since)] if (~found).any() else []
    known = current[found].assign(
        then_run=current["lead_id"].map(last["run"]),
        then_basis=current["lead_id"].map(last["basis"]),
    )
    for (run, basis_then, basis_now), group in known.groupby(
        ["then_run", "then_basis", "basis"], sort=False
    ):
        rows = ledger.rows(str(run), group["lead_id"].tolist())
        then = rows.drop_duplicates("lead_id", keep="last").set_index("lead_id")
        then = then.loc[group["lead_id"]]
        pair = models.of(runs[str(run)]), models.of(runs[key])
        numbers = runs[str(run)], runs[key]
        bases = str(basis_then), str(basis_now)
        if pair[0] is None or pair[1] is None:
            parts.append(_gone(group, then, as_of if pair[0] else then["as_of"].iloc[0]))
        else:
            parts.append(_split(definition, group, then, pair, numbers, bases))  # type: ignore[arg-type]
    if not parts:
        return pd.DataFrame({name: [] for name in COLUMNS})
    whole = pd.concat(parts, ignore_index=True)
    return whole.sort_values("row", kind="stable", ignore_index=True)[COLUMNS]


def _split(
    definition: Definition,
    group: pd.DataFrame,
    then: pd.DataFrame,
    pair: tuple[LeadModel, LeadModel],
    numbers: tuple[str, str],
    bases: tuple[str, str],
) -> pd.DataFrame:
    from predict.scoring.change import changes_of_basis
    from predict.scoring.moves import moves
    from predict.scoring.wordings import worded

    known = {name for spec in pair[0].specs for name in (spec.name, spec.concept)}
    wording = {key: words for key, words in definition.wording.items() if key in known}
    specs = worded(pair[0].specs, wording)
    was, is_ = _features(then), _features(group)
    changed = changes_of_basis(pair[0], was, pair[1], is_, pair[0].specs, bases=bases)
    moment, now = then["as_of"].iloc[0], group["as_of"].iloc[0]
    told = moves(
        changed,
        was,
        is_,
        specs,
        since=moment,
        days=(now - moment).total_seconds() / 86_400,
        basis=bases[1],
        models=numbers,
    )
    about = _about(group, then).reset_index(drop=True)
    if told["position"].nunique() < len(about):  # a lead of which nothing changed
        told = _with_unchanged(told, len(about))
    return about.loc[told["position"]].reset_index(drop=True).join(told.drop(columns="position"))


def _with_unchanged(told: pd.DataFrame, n: int) -> pd.DataFrame:
    import pandas as pd

    missing = sorted(set(range(n)) - set(told["position"]))
    same = pd.DataFrame({"position": missing, "part": "other", "concept": ""})
    same = same.assign(log_odds=0.0, points=0.0, sentence="nothing changed about it")
    return pd.concat([told, same], ignore_index=True)


def _features(rows: pd.DataFrame) -> pd.DataFrame:
    names = [name for name in rows.columns if name.startswith(FEATURE)]
    found = rows[names].rename(columns=lambda name: name[len(FEATURE) :])
    return found.reset_index(drop=True)


def _about(group: pd.DataFrame, then: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    moments = [moment.to_pydatetime() for moment in then["as_of"]]
    return group[["row", "lead_id", "as_of", "grade"]].assign(
        since=pd.Series(moments, index=group.index, dtype=object),  # None stays None beside them
        before=then["probability"].to_numpy(),
        after=group["probability"],
        grade_before=then["grade"].to_numpy(),
    )


def _new(rows: pd.DataFrame, since: datetime | None) -> pd.DataFrame:
    """Return what is told of leads without an earlier run."""
    said = "was not scored before" if since is None else f"was not scored on or before {day(since)}"
    return _plain(rows, NEW, said).assign(before=float("nan"), grade_before="", since=None)


def _gone(group: pd.DataFrame, then: pd.DataFrame, of: Any) -> pd.DataFrame:
    """Return what is told where a model that scored is no longer kept."""
    about = _about(group, then)
    said = f"the model that scored it on {day(of)} is no longer kept, so why cannot be told"
    parts = _plain(group, UNKNOWN, said)
    parts[about.columns] = about
    return parts.assign(points=about["after"] - about["before"])


def _plain(rows: pd.DataFrame, part: str, said: str) -> pd.DataFrame:
    return rows[["row", "lead_id", "as_of", "grade"]].assign(
        after=rows["probability"],
        part=part,
        concept="",
        log_odds=float("nan"),
        points=float("nan"),
        sentence=said,
    )


class _Models:
    """The models of one definition by number, each loaded once; None where one is gone."""

    def __init__(self, home: Home, definition: Definition) -> None:
        self.home, self.name = home, definition.name
        self._loaded: dict[str, LeadModel | None] = {}

    def of(self, number: str) -> LeadModel | None:
        """Return a model, or None where it can no longer be fetched as it was."""
        from predict.registry.models import Registry

        if number not in self._loaded:
            registry = Registry(self.home)
            try:
                version = registry.version(self.name, int(number))
                self._loaded[number] = registry.load(version)
            except (InputError, ModelError):
                self._loaded[number] = None
        return self._loaded[number]
