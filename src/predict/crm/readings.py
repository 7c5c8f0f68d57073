"""Two ways to read the same text: the one that the values speak for, or an error naming both."""

from __future__ import annotations

from dataclasses import dataclass

from predict.errors import InputError

# A value that only the other reading can read is a slip of the pen while such values are this
# rare; more of them are two exports in one table, of which half would be misread in silence.
_STRAY = 0.01


@dataclass(frozen=True)
class Evidence:
    """How many values speak for each of two readings, with one example of each kind.

    Parameters
    ----------
    first, second : int
        Values that only the first, only the second reading can read.
    either : int
        Values that both can read, as different things.
    examples : tuple of str or None
        A value of each of the three kinds, for messages.
    """

    first: int
    second: int
    either: int
    examples: tuple[str | None, str | None, str | None] = (None, None, None)


def choose(evidence: Evidence, names: tuple[str, str], *, where: str, do: str) -> int | None:
    """Return which reading holds, 0 or 1, or None where no value makes a difference.

    Parameters
    ----------
    evidence : Evidence
        Over all values that have one format.
    names : tuple of str
        The readings in words, for the message.
    where, do : str
        Place and cure, for the message.

    Raises
    ------
    InputError
        Both readings hold, or both are spoken for.

    Examples
    --------
    >>> choose(Evidence(0, 3, 5), ("day first", "month first"), where="", do="")
    1
    """
    first, second, either = evidence.first, evidence.second, evidence.either
    if first and second and min(first, second) > _STRAY * (first + second):
        raise InputError(
            f"some values only make sense with {names[0]}, others only with {names[1]}",
            where=where,
            got=f"{evidence.examples[0]} ({first:,} such) and {evidence.examples[1]} ({second:,})",
            do=do,
        )
    if first or second:
        return 0 if first > second else 1
    if either:
        raise InputError(
            f"the values can be read with {names[0]} or with {names[1]}",
            where=where,
            got=f"{evidence.examples[2]} (and {either - 1:,} more, none of which decides)",
            do=do,
        )
    return None
