"""Stages as a reader names them: "opportunity" is said "became an opportunity"."""

from __future__ import annotations

import re

#: (past tense, base form) of the stages that CRMs commonly have.
_WORDS: dict[str, tuple[str, str]] = {
    "opportunity": ("became an opportunity", "become an opportunity"),
    "won": ("became a customer", "become a customer"),
    "closed won": ("became a customer", "become a customer"),
    "closedwon": ("became a customer", "become a customer"),
    "customer": ("became a customer", "become a customer"),
    "deal": ("became a deal", "become a deal"),
    "mql": ("became a marketing-qualified lead", "become a marketing-qualified lead"),
    "sal": ("was accepted by sales", "be accepted by sales"),
    "sql": ("became a sales-qualified lead", "become a sales-qualified lead"),
    "qualified": ("was qualified by sales", "be qualified by sales"),
    "meeting": ("had a meeting with us", "have a meeting with us"),
}


def stage_words(stage: str) -> tuple[str, str]:
    """Return the past tense and the base form of reaching a stage, without subject.

    Examples
    --------
    >>> stage_words("Closed_Won")
    ('became a customer', 'become a customer')
    >>> stage_words("demo booked")
    ('became “demo booked”', 'become “demo booked”')
    """
    key = re.sub(r"[\s_-]+", " ", stage).strip().lower()
    return _WORDS.get(key, (f"became “{stage}”", f"become “{stage}”"))
