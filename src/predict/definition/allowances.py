"""Allowances: columns that may be learned from although the leakage audit would stop there."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from predict.definition.section import ASIDE, Day, Section, Text


class Allowance(Section):
    """Why a column may be learned from although it seems to know the outcome.

    Parameters
    ----------
    reason : str
        Why it is known in time.
    by : str
        Who answers for it.
    until : date
        The last day of exports for which it holds; then somebody looks again.
    """

    reason: Text
    by: Text
    until: Day


class AuditSection(Section):
    """What the leakage audit is told.

    No model depends on it: it silences a check and alters no row. What was allowed is kept with
    the audit of each version.

    Parameters
    ----------
    allow : dict of str to Allowance
        Column → why it may be learned from.

    Examples
    --------
    >>> from datetime import date
    >>> said = {"reason": "asked in the form", "by": "A. Muster", "until": date(2027, 1, 31)}
    >>> AuditSection.model_validate({"allow": {"budget": said}}).allow["budget"].by
    'A. Muster'
    """

    allow: Annotated[dict[Text, Allowance], ASIDE] = Field(default_factory=dict)
