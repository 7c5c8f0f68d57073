"""Figures as a reader reads them: numbers with their unit, durations, percentages, chances."""

from __future__ import annotations

import math
from datetime import date

#: Chances of one half and more are said as one of these; below, as "1 in n".
_LIKELY: tuple[tuple[int, int], ...] = ((1, 2), (3, 5), (2, 3), (3, 4), (4, 5), (9, 10))
_UNLIKELY: tuple[int, ...] = (3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 40, 50, 75, 100)
_SECONDS = {"seconds": 1.0, "minutes": 60.0, "hours": 3600.0, "days": 86400.0}
_DECIMALS = (0, 1, 2)
_HAIR = 1e-9
#: Percentages are told apart down to 0.001 %.
_SMALLEST, _DECADES = 1e-5, 4
_HALF_YEARS = (
    ("January", "February", "March", "April", "May", "June"),
    ("July", "August", "September", "October", "November", "December"),
)


def number(value: float) -> str:
    """Return a number with thousands separated and no more digits than it deserves.

    Whole numbers are exact; others have two significant digits below 10, one decimal below 100
    and none above. A value that is not zero never reads "0".

    Examples
    --------
    >>> [number(v) for v in (4, 1234567, 2.345, 0.0371, 61.26, 812.4, -3.5)]
    ['4', '1,234,567', '2.3', '0.037', '61.3', '812', '-3.5']
    """
    if not math.isfinite(value):
        return "not known" if math.isnan(value) else "beyond measure"
    if float(value).is_integer():
        return f"{int(value):,}"
    size = abs(value)
    if size >= 10:
        text = f"{value:,.{0 if size >= 100 else 1}f}"
    else:
        text = f"{value:.{max(1, 1 - math.floor(math.log10(size)))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def with_unit(value: float, unit: str | None) -> str:
    """Return a number and its unit, singular where it reads as 1; times in the unit that fits.

    Of what is counted in days only whole units that are over are said, as ages are: a lead that
    came 6.9 days ago came 6 days ago, and what it did then is no older.

    Examples
    --------
    >>> with_unit(1, "days"), with_unit(1200, "EUR"), with_unit(3, None)
    ('1 day', '1,200 EUR', '3')
    >>> with_unit(0.25, "days"), with_unit(5400, "seconds"), with_unit(12.4, "days")
    ('6 hours', '90 minutes', '12 days')
    >>> with_unit(6.9, "days"), with_unit(6.9, "hours")
    ('6 days', '7 hours')
    """
    if unit is None:
        return number(value)
    if unit in _SECONDS and math.isfinite(value) and value > 0:
        return _duration(value * _SECONDS[unit], unit)
    return _counted(number(value), unit)


def percents(rate: float, overall: float) -> tuple[str, str] | None:
    """Return two rates in as few decimals as tell them apart, or None where nothing does.

    Neither is rounded to 0 % or 100 % unless it is exactly that.

    Parameters
    ----------
    rate, overall : float
        Shares in [0, 1].

    Examples
    --------
    >>> percents(0.19, 0.07)
    ('19 %', '7 %')
    >>> percents(0.004, 0.0121)
    ('0.4 %', '1.2 %')
    >>> percents(0.07001, 0.07) is None
    True
    """
    for decimals in _DECIMALS:
        first, second = (f"{100 * value:.{decimals}f}" for value in (rate, overall))
        if first == second or _overstated(first, rate) or _overstated(second, overall):
            continue
        return _percent(first), _percent(second)
    return None


def percent(rate: float) -> str:
    """Return a share as a percentage of two significant digits, 100 % only where it is exact.

    Halves are rounded up, so that the printed figure changes at `percent_steps`.

    Examples
    --------
    >>> [percent(r) for r in (0.194, 0.07, 0.0145, 0.0004, 0.0, 0.9996)]
    ['19 %', '7 %', '1.5 %', '0.04 %', '0 %', 'more than 99 %']
    """
    if not 0 < rate < 1:
        return _percent(f"{100 * rate:.0f}")
    if rate < _SMALLEST:
        return "less than 0.001 %"
    decimals = max(0, 1 - math.floor(math.log10(100 * rate)))
    # The tolerance keeps a step that floating point holds a hair too low on its upper side.
    rounded = math.floor(100 * rate * 10**decimals + 0.5 + _HAIR) / 10**decimals
    if rounded >= 100:
        return "more than 99 %"
    return _percent(f"{rounded:.{decimals}f}")


def percent_steps() -> tuple[float, ...]:
    """Return the shares at which the figure printed by `percent` changes, ascending.

    A limit that lies on a step agrees with what is printed: 0.285 is where "29 %" begins.

    Examples
    --------
    >>> steps = percent_steps()
    >>> 0.285 in steps, percent(0.285), percent(0.2849)
    (True, '29 %', '28 %')
    """
    return tuple(
        round((k - 0.5) / 100 / 10**decade, 12)
        for decade in range(_DECADES, -1, -1)
        for k in range(11, 101)
    )


def chance_fraction(probability: float) -> tuple[int, int] | None:
    """Return the plain fraction nearest to a chance, as in 1 of 5; None below 1 in 120.

    Nearness is measured in odds, so that 1 in 50 and 1 in 100 are as different as they feel.

    Examples
    --------
    >>> chance_fraction(0.19), chance_fraction(0.67), chance_fraction(0.001)
    ((1, 5), (2, 3), None)
    """
    if probability < 1 / 120:
        return None
    fractions = [*_LIKELY, (2, 5), *((1, n) for n in _UNLIKELY)]
    target = _logit(min(probability, 0.99))
    return min(fractions, key=lambda f: (abs(_logit(f[0] / f[1]) - target), f[1]))


def chance(probability: float) -> str:
    """Return a chance in words.

    Examples
    --------
    >>> [chance(p) for p in (0.19, 0.52, 0.97, 0.001)]
    ['about 1 in 5', 'about 1 in 2', 'more than 9 in 10', 'less than 1 in 100']
    """
    fraction = chance_fraction(probability)
    if fraction is None:
        return "less than 1 in 100"
    if probability > 0.935:
        return "more than 9 in 10"
    return f"about {fraction[0]} in {fraction[1]}"


def day(moment: date) -> str:
    """Return a day as a reader writes it, in English whatever the locale.

    Examples
    --------
    >>> day(date(2026, 3, 3))
    '3 March 2026'
    """
    return (
        f"{moment.day} {_HALF_YEARS[(moment.month - 1) // 6][(moment.month - 1) % 6]} {moment.year}"
    )


def _counted(text: str, unit: str) -> str:
    if text != "1" or not unit.islower() or not unit.endswith("s") or unit.endswith("ss"):
        return f"{text} {unit}"
    return f"1 {unit[:-3] + 'y' if unit.endswith('ies') else unit[:-1]}"


def _duration(seconds: float, unit: str) -> str:
    """Below two of a unit the next smaller one is said, above two of the larger ones that."""
    units = list(_SECONDS)
    index = units.index(unit)
    exact = seconds / _SECONDS[unit]
    if exact != round(exact) or exact >= 120:
        fitting = [u for u in units if seconds >= 2 * _SECONDS[u]] or units[:1]
        # Never a larger unit for what is counted in days: "45 days", not "1.5 months".
        index = units.index(fitting[-1])
    size = seconds / _SECONDS[units[index]]
    whole = math.floor(size + _HAIR) if unit == "days" else round(size)
    return _counted(number(whole if size >= 2 else size), units[index])


def _overstated(shown: str, rate: float) -> bool:
    return (float(shown) == 0 and rate > 0) or (float(shown) == 100 and rate < 1)


def _percent(text: str) -> str:
    return (text.rstrip("0").rstrip(".") if "." in text else text) + " %"


def _logit(probability: float) -> float:
    return math.log(probability / (1 - probability))
