"""The gate: may a new model replace the one in use? Judged on rows, never on stored figures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from statistics import NormalDist
from typing import TYPE_CHECKING

from predict.findings import Finding, blocking
from predict.learning.comparison import Comparison
from predict.learning.margins import Margins
from predict.learning.ratios import DRAWS
from predict.learning.verdict import Condition, Lane, Verdict
from predict.learning.waiting import Wait

if TYPE_CHECKING:
    import pandas as pd

    from predict.learning.ratios import Estimate

__all__ = ["Condition", "Lane", "Margins", "Verdict", "judge"]


#: Standard errors that the slope of outcomes on chances must lie above 0: 99.99 %, one-sided.
#: Under random labels that slope is 0 on average however loud a model is, so that the bound of 3.7
#: holds as it stands; a true model of 9 % skill lies above 5 with 100 wins.
_NOT_LUCK = NormalDist().inv_cdf(0.9999)
#: The same for a first model of few wins, where nothing better is in use.
_HARDLY_LUCK = NormalDist().inv_cdf(0.99)
_KEEP = {"champion": "Keep the model in use", "rule": "Use no new model yet"}


def judge(
    contest: pd.DataFrame,
    *,
    lane: Lane,
    capacity_per_month: float | None = None,
    findings: Iterable[Finding] = (),
    margins: Margins | None = None,
    exported_at: pd.Timestamp | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Verdict:
    """Judge two models by what became of the leads that both gave a chance.

    Everything must hold:

    ========  ====================================================================================
    wins      enough leads of either outcome to judge at all
    gain      *challenge*: the lower bound of the saved log loss is above 0. *refresh*, and
              *replacement* of a model that is only old: the lower bound is above −margin, so that
              it is surely not much worse. *first*, and *replacement* of one that cannot score: on
              these leads it is no worse than the best simple rule, and the verdict says where that
              is not sure
    skill     it saves log loss against the rate of the past, surely and at least a little; where
              few won and nothing is in use that can score, four to one is sure enough; and its
              chances have to do with the outcome beyond all luck: the slope of outcomes on
              log-odds is above 0 by a one-sided bound of 99.99 % (99 % with few wins)
    capacity  among the leads that can be followed up, it does not surely find fewer wins by more
              than the margin
    chances   as many wins come as its chances add up to, and its slope is near 1: not surely
              outside the band, or no further out than the model in use
    segments  no part of the leads is surely worse off by more than the margin, corrected for the
              number of parts
    findings  nothing blocks
    ========  ====================================================================================

    Parameters
    ----------
    contest : pandas.DataFrame
        One row per look: lead_id, as_of, group, cutoff (month), y, challenger and champion
        (probabilities; champion NaN in all rows where no model in use can score), rule and
        base_rate (probabilities of the best simple rule and of the past; optional). Every other
        column names the segment of a row. The order of rows changes nothing.
    lane : {"first", "challenge", "refresh", "replacement"}
        What has to be shown; see `predict.learning.contest.lane_of`.
    capacity_per_month : float, optional
        Leads that can be followed up in a month; without it a tenth of each month's.
    findings : iterable of Finding
        Of the export and the audit; a blocking one refuses the model.
    margins : Margins, optional
        What counts as worse.
    exported_at : pandas.Timestamp, optional
        The day from which waiting is counted; by default the newest look.
    draws, seed : int
        Resamples of whole accounts, and their seed.

    Returns
    -------
    Verdict

    Raises
    ------
    InputError
        A column is missing, or a value is no outcome or no probability.

    Notes
    -----
    Bounds are 95 %, from resampling whole accounts (see `predict.learning.ratios.estimates`). Both
    models are measured on the same rows, so what the months had in common cancels.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> true = rng.beta(1, 6, 2000)
    >>> rows = pd.DataFrame({"lead_id": [f"L{i}" for i in range(2000)], "challenger": true})
    >>> rows["as_of"] = pd.date_range("2025-01-01", periods=2000, freq="3h")
    >>> rows["cutoff"] = rows["as_of"].dt.to_period("M").dt.start_time
    >>> rows = rows.assign(group=rows["lead_id"], y=(rng.random(2000) < true).astype(int))
    >>> print(judge(rows.assign(champion=true.mean()), lane="challenge").sentence)
    Use the new model: it is better by 0.0634 in log loss, between 0.0496 and 0.0774, on 2,000 \
looks at 2,000 leads with 297 wins over 9 months.
    >>> print(judge(rows.assign(champion=true), lane="challenge").sentence)
    Keep the model in use: the new one is no better and no worse in log loss, between 0.0000 and \
0.0000; more data would not change it.
    """
    if contest.empty:
        return _nothing(lane, findings)
    seen = Comparison.of(contest, capacity_per_month=capacity_per_month, draws=draws, seed=seed)
    since = contest["as_of"].max() if exported_at is None else exported_at
    return decided(seen, lane, since, findings, margins or Margins())


def decided(
    seen: Comparison,
    lane: Lane,
    since: pd.Timestamp,
    findings: Iterable[Finding],
    margins: Margins,
) -> Verdict:
    """Return the verdict on a comparison that was made; see `judge`."""
    alone = lane in ("first", "replacement") and seen.rival == "rule"
    conditions = [_wins(seen, margins, since, alone)]
    if conditions[0].passed:
        newer = lane in ("refresh", "replacement")
        gain = _no_worse if alone else _refreshed if newer else _gained
        conditions += [
            gain(seen, margins, since),
            _skilled(seen, margins, since, alone),
            _capacity(seen, margins),
            _chances(seen, margins),
            _segments(seen, margins),
        ]
    conditions.append(_findings(findings))
    promote = all(c.passed for c in conditions)
    figures = {f"{c.name}/{key}": v for c in conditions for key, v in c.figures.items()}
    return Verdict(
        promote, lane, _said(promote, lane, seen, conditions), tuple(conditions), figures
    )


def _nothing(lane: Lane, findings: Iterable[Finding]) -> Verdict:
    told = "Too early to judge: in no past month could both models have learned from enough leads."
    conditions = (_condition("wins", False, told, {"wins": 0}), _findings(findings))
    figures = {f"{c.name}/{key}": v for c in conditions for key, v in c.figures.items()}
    keep = _KEEP["rule" if lane == "first" else "champion"]
    said = f"{keep}: {told[0].lower()}{told[1:]}"
    return Verdict(False, lane, said, conditions, figures)


# ---- conditions --------------------------------------------------------------------------------


def _condition(
    name: str, passed: bool, sentence: str, figures: Mapping[str, float] | None = None
) -> Condition:
    known = {k: float(v) for k, v in (figures or {}).items() if math.isfinite(v)}
    return Condition(name, bool(passed), sentence, known)


def _wins(seen: Comparison, margins: Margins, since: pd.Timestamp, alone: bool) -> Condition:
    needed = margins.first_wins if alone else margins.wins
    accounts = margins.first_accounts if alone else margins.accounts
    least = min(seen.wins, seen.others)
    figures: dict[str, float] = {
        "wins": seen.wins,
        "winning_accounts": seen.winners,
        "leads": seen.leads,
        "looks": seen.rows,
        "months": seen.months,
        "needed": needed,
    }
    if least >= needed and seen.winners < accounts:
        told = f"{seen.wins:,} wins came from {seen.winners} accounts, {accounts} are needed"
        return _condition("wins", False, f"Too early to judge: {told}.", figures)
    if least >= needed:
        told = f"{seen.wins:,} of {seen.leads:,} leads won over {seen.months} months"
        return _condition("wins", True, f"Enough to judge: {told}.", figures)
    kind = "wins" if seen.wins <= seen.others else "leads without a win"
    told = f"Too early to judge: {least:,} {kind} over {_months(seen)}, {needed} are needed"
    if kind == "wins":
        missing = float(needed - least)
        months = missing * seen.months / least if least else math.inf
        wait = Wait(missing, months)
        told += f"; {wait.sentence(since, 'are missing')}" if least else ""
        figures |= {"more_wins": wait.wins, "more_months": wait.months}
    return _condition("wins", False, f"{told}.", figures)


def _gained(seen: Comparison, margins: Margins, since: pd.Timestamp) -> Condition:
    gain, figures = seen.gain, _losses(seen) | seen.gain.as_dict()
    than = " than the best simple rule" if seen.rival == "rule" else ""
    told = f"The new one is {_by(gain, than)}"
    if gain.low > 0:
        return _condition("gain", True, f"{told}.", figures)
    wait = _wait(seen, gain, 0.0)
    figures |= {"more_wins": wait.wins, "more_months": wait.months}
    return _condition("gain", False, f"{told}; {wait.sentence(since)}.", figures)


def _no_worse(seen: Comparison, margins: Margins, since: pd.Timestamp) -> Condition:
    gain, figures = seen.gain, _losses(seen) | seen.gain.as_dict()
    told = f"The new one is {_by(gain, ' than the best simple rule')}"
    if gain.low > 0:
        return _condition("gain", True, f"{told}.", figures)
    if gain.value >= 0:
        told = f"{told}: not surely so, which is enough while nothing else can score"
        return _condition("gain", True, f"{told}.", figures)
    return _condition("gain", False, f"{told}: so far the rule serves better.", figures)


def _refreshed(seen: Comparison, margins: Margins, since: pd.Timestamp) -> Condition:
    gain, margin = seen.gain, margins.refresh * seen.losses["rival"]
    figures = _losses(seen) | gain.as_dict() | {"margin": margin}
    told = f"On newer data the same model is {_by(gain)}"
    # Two models that say the same have a gain of exactly 0, and bounds of exactly 0.
    if gain.low > -margin:
        return _condition("gain", True, f"{told}; {margin:.4f} worse is allowed.", figures)
    wait = _wait(seen, gain, -margin)
    figures |= {"more_wins": wait.wins, "more_months": wait.months}
    limit = f"it must surely be less than {margin:.4f} worse"
    return _condition("gain", False, f"{told}, and {limit}; {wait.sentence(since)}.", figures)


def _skilled(seen: Comparison, margins: Margins, since: pd.Timestamp, alone: bool) -> Condition:
    sure = margins.first_sure if alone and seen.wins < margins.few else None
    skill, least = seen.skill, margins.skill * seen.losses["base_rate"]
    low = skill.low if sure is None else skill.value - NormalDist().inv_cdf(sure) * skill.se
    slope = seen.slopes["challenger"]
    sure_slope = slope.value - (_NOT_LUCK if sure is None else _HARDLY_LUCK) * slope.se
    figures = skill.as_dict() | {"least": least, "sure_slope": sure_slope}
    told = f"Against giving every lead the same chance it is {_by(skill)}"
    # No slope: no winner lies below a loser, or all chances are one, which saves nothing.
    related = sure_slope > 0 or not math.isfinite(slope.value)
    if low > 0 and skill.value >= least and related:
        odds = f"; {sure:.0%} sure is enough for a first model" if skill.low <= 0 else ""
        return _condition("skill", True, f"{told}{odds}.", figures)
    if low > 0 and skill.value < least:
        return _condition("skill", False, f"{told}; at least {least:.4f} is needed.", figures)
    if low > 0:
        wait = Wait.for_bound(slope.value, sure_slope, 0.0, wins=seen.wins, months=seen.months)
        often = "10,000" if sure is None else "100"
        told = f"{told}, but luck alone does so more often than once in {often} times"
    else:
        wait = Wait.for_bound(skill.value, low, 0.0, wins=seen.wins, months=seen.months)
    figures |= {"more_wins": wait.wins, "more_months": wait.months}
    return _condition("skill", False, f"{told}; {wait.sentence(since)}.", figures)


def _capacity(seen: Comparison, margins: Margins) -> Condition:
    new, old, gain = seen.precision["challenger"], seen.precision["rival"], seen.precision_gain
    figures = gain.as_dict() | {"challenger": new, "rival": old, "taken": seen.taken}
    worse = gain.high < 0 and gain.value < -margins.precision * old
    told = f"Of the {seen.taken:,.0f} best looks a month {new:.1%} led to a win, against {old:.1%}"
    if worse:
        return _condition("capacity", False, f"{told}: it surely finds fewer wins.", figures)
    return _condition("capacity", True, f"{told}: it does not surely find fewer wins.", figures)


def _chances(seen: Comparison, margins: Margins) -> Condition:
    new, old = seen.observed["challenger"], seen.observed["rival"]
    steep, old_steep = seen.slopes["challenger"], seen.slopes["rival"]
    figures = {
        **{f"observed_{k}": v for k, v in new.as_dict().items()},
        **{f"slope_{k}": v for k, v in steep.as_dict().items()},
        "observed_rival": old.value,
        "slope_rival": old_steep.value,
        "expected": seen.expected,
    }
    came = seen.expected * new.value
    told = f"{seen.expected:,.0f} looks were expected to lead to a win and {came:,.0f} did"
    if _outside(new, old, margins.observed):
        kind = "low" if new.value > 1 else "high"
        return _condition("chances", False, f"Its chances are too {kind}: {told}.", figures)
    if _outside(steep, old_steep, margins.slope):
        kind = "far apart" if steep.value < 1 else "close together"
        told = f"slope {steep.value:.2f}, between {steep.low:.2f} and {steep.high:.2f}"
        return _condition("chances", False, f"Its chances lie too {kind}: {told}.", figures)
    return _condition("chances", True, f"Its chances add up: {told}.", figures)


def _outside(new: Estimate, old: Estimate, band: tuple[float, float]) -> bool:
    """Tell whether a ratio lies surely outside its band, and further out than the rival's."""
    if not (new.high < band[0] or new.low > band[1]):
        return False  # also where it has no value
    return not (math.isfinite(old.value) and old.value > 0 < new.value) or abs(
        math.log(new.value)
    ) > abs(math.log(old.value))


def _segments(seen: Comparison, margins: Margins) -> Condition:
    worse = [s for s in seen.segments if s.high < 0 and s.gain < -margins.segment * s.loss]
    figures = {"judged": float(len(seen.segments)), "worse": float(len(worse))}
    if not worse:
        told = f"Of {len(seen.segments)} groups of leads none is clearly worse off."
        return _condition("segments", True, told, figures)
    worst = min(worse, key=lambda s: (s.gain, s.column, s.level))
    figures |= {"worst_value": worst.gain, "worst_high": worst.high, "worst_leads": worst.leads}
    told = (
        f"Leads with {worst.column} “{worst.level}” are clearly worse off: by {-worst.gain:.4f} "
        f"in log loss ({worst.leads:,} leads)"
    )
    return _condition("segments", False, f"{told}.", figures)


def _findings(findings: Iterable[Finding]) -> Condition:
    stops = blocking(findings)
    told = " ".join(f.sentence for f in stops) or "Nothing blocks."
    return _condition("findings", not stops, told, {"blocking": float(len(stops))})


def _losses(seen: Comparison) -> dict[str, float]:
    return {f"log_loss_{name}": value for name, value in seen.losses.items()}


def _wait(seen: Comparison, found: Estimate, limit: float, bound: float | None = None) -> Wait:
    low = found.low if bound is None else bound
    return Wait.for_bound(found.value, low, limit, wins=seen.wins, months=seen.months)


# ---- words -------------------------------------------------------------------------------------


def _by(found: Estimate, than: str = "") -> str:
    """Return a gain in words: by how much, than what, and between which bounds."""
    low, high = _number(found.low), _number(found.high)
    if found.value == 0:
        return f"no better and no worse in log loss{than}, between {low} and {high}"
    if found.value > 0:
        return f"better by {_number(found.value)} in log loss{than}, between {low} and {high}"
    worse = _number(-found.value)
    return f"worse by {worse} in log loss{than} (better by between {low} and {high})"


def _number(value: float) -> str:
    return f"{value:.4f}".replace("-", "−")


def _months(seen: Comparison) -> str:
    return f"{seen.months} month" if seen.months == 1 else f"{seen.months} months"


def _small(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _said(promote: bool, lane: Lane, seen: Comparison, conditions: list[Condition]) -> str:
    """Return the verdict as a manager reads it."""
    than = " than the best simple rule" if seen.rival == "rule" else ""
    if promote:
        new = "the same model on newer data" if lane == "refresh" else "the new model"
        if seen.rival == "rule" and not seen.gain.low > 0:
            new = "the new model as the first one, not yet surely better than the best simple rule"
            than = ""
        return (
            f"Use {new}: it is {_by(seen.gain, than)}, on {seen.rows:,} looks at {seen.leads:,} "
            f"leads with {seen.wins:,} wins over {_months(seen)}."
        )
    first, *others = [c for c in conditions if not c.passed]
    told = _small(first.sentence)
    if first.name not in ("wins", "gain", "findings"):
        told = f"the new one is {_by(seen.gain, than)}, but: {told}"
    also = f" Also: {' '.join(c.sentence for c in others)}" if others else ""
    return f"{_KEEP[seen.rival]}: {told}{also}"
