"""What is wrong with a definition: a key path, a sentence, what was found, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import tomlkit

#: Keys from the top of the file down to one value; numbers are places in a list.
KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Complaint:
    """One thing to put right.

    Parameters
    ----------
    path : tuple of str or int
        Where, from the section that complains (in `Contradiction`) or from the top of the file.
    what : str
        What is wrong, without a full stop.
    do : str, optional
        What to do about it.
    got : str, optional
        What was found, as it would be written in TOML. Never an address with a password in it.

    Examples
    --------
    >>> print(Complaint(("leads", "columns", "HubSpot Score"), "is no class", do="write incumbent"))
    leads.columns."HubSpot Score": is no class; write incumbent
    """

    path: KeyPath
    what: str
    do: str | None = None
    got: str | None = None

    def __str__(self) -> str:
        where = f"{dotted(self.path)}: " if self.path else ""
        found = f", found {self.got}" if self.got else ""
        cure = f"; {self.do}" if self.do else ""
        return f"{where}{self.what}{found}{cure}"

    def under(self, path: KeyPath) -> Complaint:
        """Return the same complaint seen from further up, where its section lies at ``path``."""
        return Complaint((*path, *self.path), self.what, self.do, self.got)


class Contradiction(ValueError):
    """Values that are right one by one and do not go together.

    Validators raise it. pydantic keeps it beside its own errors, so that all complaints of a
    definition reach the reader at once.

    Parameters
    ----------
    complaints : iterable of Complaint
        At least one; their paths start at the section that raises.

    Examples
    --------
    >>> raise Contradiction([Complaint(("every",), "goes with no ages_days")])
    Traceback (most recent call last):
    ...
    predict.definition.complaints.Contradiction: every: goes with no ages_days
    """

    def __init__(self, complaints: Iterable[Complaint]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("\n".join(str(c) for c in self.complaints))


def dotted(path: Sequence[str | int]) -> str:
    """Return a key path as TOML writes it.

    Examples
    --------
    >>> dotted(("leads", "columns", "HubSpot Score")), dotted(("snapshots", "ages_days", 2))
    ('leads.columns."HubSpot Score"', 'snapshots.ages_days[2]')
    """
    said = ""
    for step in path:
        if isinstance(step, int):
            said += f"[{step}]"
        else:
            said += ("." if said else "") + tomlkit.key(step).as_string()
    return said
