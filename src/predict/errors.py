"""The errors a user meets: each says what is wrong, where, what was found, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PredictError(Exception):
    """Something the user can put right.

    Parameters
    ----------
    what : str
        What is wrong, as a sentence without a full stop.
    where : str, optional
        File, row, column or key path.
    got : object, optional
        What was found there. Never pass personal data.
    do : str, optional
        What to do about it.

    Attributes
    ----------
    exit_code : int
        What the command line returns: 1 an error, 2 a refusal (a blocking finding, a failed gate).

    Examples
    --------
    >>> raise PredictError("the column is missing", where="leads.csv", got="Titel", do="rename it")
    Traceback (most recent call last):
    ...
    predict.errors.PredictError: the column is missing
      where: leads.csv
      found: Titel
      do:    rename it
    """

    exit_code = 1

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        got: object = None,
        do: str | None = None,
    ) -> None:
        self.what, self.where, self.got, self.do = what, where, got, do
        lines = [what]
        if where is not None:
            lines.append(f"  where: {where}")
        if got is not None:
            lines.append(f"  found: {got}")
        if do is not None:
            lines.append(f"  do:    {do}")
        super().__init__("\n".join(lines))


class DefinitionError(PredictError):
    """The definition file cannot be used as it is written."""


class InputError(PredictError):
    """An export or a list cannot be read as it is."""


class ModelError(PredictError):
    """A model folder is incomplete, altered, or does not fit what it is asked to score."""


class NotBuiltError(PredictError):
    """The definition asks for something this version does not do yet."""


class RefusedError(PredictError):
    """A check or gate refuses to go on; nothing was changed."""

    exit_code = 2


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name closest to ``name``, or None where none is close.

    Examples
    --------
    >>> nearest("creatd_at", ["lead_id", "created_at"])
    'created_at'
    """
    lowered = {k.lower(): k for k in known}
    found = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else None
