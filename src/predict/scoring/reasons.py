"""Reasons: contributions grouped by concept, the few that matter said in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd

from predict.errors import ModelError
from predict.scoring.walk import mean_slope
from predict.scoring.wording import HEADINGS, Direction, Wording

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from predict.history.specs import Spec

#: A concept that moves the odds by less than 5 % is noise …
NOISE_LOG_ODDS = 0.05
#: … and so is one that makes up less than 5 % of all that moved this lead.
NOISE_SHARE = 0.05
#: Direction and concept of the one row per lead that holds all that is not named.
OTHER = "other"
#: Contributions must add up to the log-odds within this.
TOLERANCE = 1e-6

#: What a sentence cites, of `predict.learning.bins.Bin`: missing where it cites nothing.
EVIDENCE = ["n", "converters", "rate", "rate_low", "rate_high", "overall", "since", "until"]
COLUMNS = ["row", "lead_id", "rank", "direction", "concept", "contribution", "points", "value"]
COLUMNS += ["sentence", *EVIDENCE]
_TEXTS = ("lead_id", "direction", "concept", "value", "sentence", "since", "until")


def check_additivity(base: float, contributions: pd.DataFrame, log_odds: ArrayLike) -> None:
    """Raise unless base and contributions add up to the log-odds of every row.

    Parameters
    ----------
    base : float
        Log-odds of the average lead.
    contributions : pandas.DataFrame of shape (n, n_columns)
        Calibrated log-odds per input column.
    log_odds : array-like of shape (n,)
        What the model says.

    Raises
    ------
    ModelError
        Some row is off by more than `TOLERANCE`, or is not a finite number.

    Examples
    --------
    >>> check_additivity(-2.0, pd.DataFrame({"a": [0.5], "b": [0.25]}), [-1.25])
    >>> check_additivity(-2.0, pd.DataFrame({"a": [0.5], "b": [0.25]}), [-1.2])
    Traceback (most recent call last):
    ...
    predict.errors.ModelError: the reasons do not add up to the chance
      where: row 0
      found: off by 5.0e-02 in log-odds
      do:    do not publish this list; train the model again, and report it
    """
    said = np.asarray(log_odds, dtype=float)
    if len(said) != len(contributions):
        raise ModelError(
            "there are not as many explanations as scores",
            got=f"{len(contributions)} explanations, {len(said)} scores",
        )
    gap = np.abs(base + contributions.to_numpy(dtype=float).sum(axis=1) - said)
    wrong = ~(gap <= TOLERANCE)  # also true where the gap is not a number
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ModelError(
            "the reasons do not add up to the chance",
            where=f"row {row}",
            got=f"off by {gap[row]:.1e} in log-odds",
            do="do not publish this list; train the model again, and report it",
        )


def by_concept(contributions: pd.DataFrame, specs: Sequence[Spec]) -> pd.DataFrame:
    """Sum contributions by concept, those never named as reasons included.

    Parameters
    ----------
    contributions : pandas.DataFrame of shape (n, n_columns)
        Calibrated log-odds per input column.
    specs : sequence of Spec
        One for each column, in any order.

    Returns
    -------
    pandas.DataFrame of shape (n, n_concepts)
        Columns in order of first appearance in ``specs``; the index is kept.

    Examples
    --------
    >>> from predict.history.specs import Spec
    >>> specs = [Spec("a", "number", "behaviour", "page", "the page"),
    ...          Spec("b", "number", "behaviour", "page", "the page")]
    >>> by_concept(pd.DataFrame({"a": [0.5], "b": [0.25]}), specs)
       page
    0  0.75
    """
    values = _numbers(contributions, specs)
    members: dict[str, list[int]] = {}
    for position, spec in enumerate(specs):
        members.setdefault(spec.concept, []).append(position)
    sums = _summed(values, list(members.values()))
    return pd.DataFrame(sums, columns=list(members), index=contributions.index)


def reasons(
    contributions: pd.DataFrame,
    X: pd.DataFrame,
    wording: Wording,
    *,
    rows: ArrayLike | None = None,
    lead_ids: Sequence[object] | pd.Series | None = None,
    base: float = 0.0,
    most_for: int = 3,
    most_against: int = 2,
) -> pd.DataFrame:
    """Name, for each lead, the few concepts that raised and lowered its chance most.

    Columns are summed by concept, so that credit does not flip between twins, and concepts are
    ranked by what they add. Noise is dropped (`NOISE_LOG_ODDS`, `NOISE_SHARE`). For a concept
    speaks its column with the largest contribution of the concept's own sign. Columns whose spec
    says ``reason=False`` are never named. All that is not named is one last row per lead, of
    direction `OTHER` and without a sentence, so that base plus all rows of a lead is its log-odds.

    Parameters
    ----------
    contributions : pandas.DataFrame of shape (n, n_columns)
        Calibrated log-odds per input column.
    X : pandas.DataFrame of shape (n, n_columns)
        What was known of the same leads, in the same order.
    wording : Wording
        Specs of the columns, evidence of the fit that was used, and the goal.
    rows : array-like of shape (n,), optional
        Row of the input list that each lead stands in; 0 … n − 1 by default.
    lead_ids : sequence of shape (n,), optional
        Ids of the leads.
    base : float
        Log-odds that the contributions are added to; what they add to the chance depends on it.
    most_for, most_against : int
        How many reasons at most.

    Returns
    -------
    pandas.DataFrame
        ``row``, ``lead_id``, ``rank`` (1 … within the lead: for, against, then `OTHER`),
        ``direction``, ``concept``, ``contribution`` (log-odds), ``points`` (what it adds to the
        chance, in shares of 1: those of a lead sum to its chance less that of ``base``),
        ``value``, ``sentence``, and `EVIDENCE`: the past leads that the sentence cites (counts,
        rate with its 95 % interval, rate of all, first and last day); in the order of the leads
        given, then by rank.

    Raises
    ------
    ModelError
        Contributions, rows and specs are not of the same columns or length.
    """
    values = _numbers(contributions, wording.specs)
    _check_columns(X, wording.specs)
    if len(values) != len(X):
        raise ModelError(
            "there are not as many explanations as leads",
            got=f"{len(values)} explanations, {len(X)} leads",
        )
    concepts, members = _nameable(wording.specs)
    sums = _summed(values, members)
    chosen = pd.concat(
        [
            _strongest(sums, values, members, "for", most_for),
            _strongest(sums, values, members, "against", most_against),
        ],
        ignore_index=True,
    )
    chosen["concept"] = [concepts[k] for k in chosen["concept_no"]]
    chosen["value"], chosen["sentence"], cited = _said(chosen, X, wording)
    chosen = pd.concat([chosen, cited], axis=1)
    rest = _remainder(chosen, values)
    frame = pd.concat([chosen, rest], ignore_index=True)
    frame["order"] = frame["direction"].map({"for": 0, "against": 1, OTHER: 2})
    frame = frame.sort_values(["lead", "order", "place"], kind="stable", ignore_index=True)
    frame["rank"] = frame.groupby("lead").cumcount() + 1
    lead = frame["lead"].to_numpy()
    whole = _summed(values, [range(values.shape[1])])[:, 0]
    frame["points"] = frame["contribution"] * mean_slope(base, base + whole)[lead]
    frame["row"] = lead if rows is None else np.asarray(rows)[lead]
    frame["lead_id"] = None if lead_ids is None else np.asarray(lead_ids, dtype=object)[lead]
    # The same types for any chunk of leads, also where nothing is named.
    types = dict.fromkeys(COLUMNS, np.float64) | dict.fromkeys(_TEXTS, object)
    return frame[COLUMNS].astype(types | {"row": np.int64, "rank": np.int64})


def as_text(frame: pd.DataFrame) -> pd.Series:
    """Return the reasons of each lead as one text, for spreadsheets.

    Parameters
    ----------
    frame : pandas.DataFrame
        Result of `reasons`.

    Returns
    -------
    pandas.Series
        By ``row``: "Scored higher because: … | …. Scored lower because: …."; leads of which
        nothing stands out are absent.

    Examples
    --------
    >>> as_text(pd.DataFrame({"row": [7, 7], "direction": ["for", "other"],
    ...                       "sentence": ["viewed no page", ""]}))[7]
    'Scored higher because: viewed no page.'
    """
    sentences: dict[int, dict[str, list[str]]] = {}
    columns = (frame["row"], frame["direction"], frame["sentence"])
    for row, direction, sentence in zip(*columns, strict=True):
        if direction != OTHER:
            sentences.setdefault(row, {}).setdefault(direction, []).append(sentence)
    texts = {
        row: " ".join(f"{HEADINGS[d].capitalize()}: {' | '.join(s)}." for d, s in told.items())
        for row, told in sentences.items()
    }
    return pd.Series(texts, dtype=object)


def _check_columns(frame: pd.DataFrame, specs: Sequence[Spec]) -> None:
    names = {spec.name for spec in specs}
    if names != set(frame.columns) or len(specs) != frame.shape[1]:
        odd = sorted(set(map(str, frame.columns)) ^ names)
        raise ModelError(
            "the columns to explain are not those of the model",
            where=", ".join(odd[:5]) or "a repeated column",
            do="give the contributions and rows of the same model",
        )


def _numbers(contributions: pd.DataFrame, specs: Sequence[Spec]) -> NDArray[np.float64]:
    """Return contributions in the order of the specs."""
    _check_columns(contributions, specs)
    return contributions[[spec.name for spec in specs]].to_numpy(dtype=float)


def _summed(values: NDArray[np.float64], members: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """Sum columns by group, one after the other: the same bits for any chunk of rows."""
    sums = np.zeros((len(values), len(members)))
    for group, positions in enumerate(members):
        for position in positions:
            sums[:, group] += values[:, position]
    return sums


def _nameable(specs: Sequence[Spec]) -> tuple[list[str], list[list[int]]]:
    """Return concepts and the positions of their columns that may be named."""
    members: dict[str, list[int]] = {}
    for position, spec in enumerate(specs):
        if spec.reason:
            members.setdefault(spec.concept, []).append(position)
    return list(members), list(members.values())


def _strongest(
    sums: NDArray[np.float64],
    values: NDArray[np.float64],
    members: Sequence[Sequence[int]],
    direction: Direction,
    most: int,
) -> pd.DataFrame:
    """Return lead, place, concept and speaking column of the strongest concepts of one sign."""
    signed = sums if direction == "for" else -sums
    # A share of all that moved the lead, what is never named included: small stays small.
    named = {position for positions in members for position in positions}
    unnamed = _summed(values, [[p for p in range(values.shape[1]) if p not in named]])
    moved = np.abs(sums).sum(axis=1) + np.abs(unnamed[:, 0])
    floor = np.maximum(NOISE_LOG_ODDS, NOISE_SHARE * moved)
    order = np.argsort(-signed, axis=1, kind="stable")[:, :most]
    leads = np.arange(len(sums))
    lead, place = np.nonzero(signed[leads[:, None], order] >= floor[:, None])
    concept = order[lead, place]
    column = np.empty(len(lead), dtype=np.intp)
    sign = 1.0 if direction == "for" else -1.0
    for number in np.unique(concept):
        here, positions = concept == number, np.array(members[number])
        own = sign * values[np.ix_(lead[here], positions)]
        column[here] = positions[own.argmax(axis=1)]
    return pd.DataFrame(
        {
            "lead": lead,
            "place": place,
            "direction": direction,
            "concept_no": concept,
            "column": column,
            "contribution": sums[lead, concept],
        }
    )


def _said(
    chosen: pd.DataFrame, X: pd.DataFrame, wording: Wording
) -> tuple[list[str], list[str], pd.DataFrame]:
    """Return value, sentence and evidence of each chosen reason; equal facts are worded once."""
    shown = np.empty(len(chosen), dtype=object)
    said = np.empty(len(chosen), dtype=object)
    cited = pd.DataFrame(None, index=chosen.index, columns=EVIDENCE, dtype=object)
    for (position, direction), group in chosen.groupby(["column", "direction"]):
        name = wording.specs[cast("int", position)].name
        codes, facts = pd.factorize(X[name].to_numpy()[group["lead"]], use_na_sentinel=False)
        towards = cast("Direction", direction)
        values = np.array([wording.value(name, fact) for fact in facts], dtype=object)
        sentences = np.array(
            [wording.sentence(name, fact, towards) for fact in facts], dtype=object
        )
        shown[group.index], said[group.index] = values[codes], sentences[codes]
        found = [wording.cited(name, fact, towards) for fact in facts]
        told = [[getattr(f, key) if f else None for key in EVIDENCE] for f in found]
        cited.loc[group.index] = np.array(told, dtype=object)[codes]
    return shown.tolist(), said.tolist(), cited


def _remainder(chosen: pd.DataFrame, values: NDArray[np.float64]) -> pd.DataFrame:
    named = np.zeros(len(values))
    np.add.at(named, chosen["lead"].to_numpy(), chosen["contribution"].to_numpy())
    return pd.DataFrame(
        {
            "lead": np.arange(len(values)),
            "place": 0,
            "direction": OTHER,
            "concept": OTHER,
            "contribution": _summed(values, [range(values.shape[1])])[:, 0] - named,
            "value": "",
            "sentence": "",
        }
    )
