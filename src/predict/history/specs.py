"""What one feature column means: its type, concept, words; no expression, only data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

DType = Literal["number", "category", "text"]
View = Literal["profile", "behaviour", "account", "outcome", "age", "calendar", "ours"]


@dataclass(frozen=True)
class Spec:
    """Description of one feature column, kept with the model and read by reasons.

    Parameters
    ----------
    name : str
        Column of ``X``.
    dtype : {"number", "category", "text"}
        ``number`` is float64 with NaN for missing; ``category`` and ``text`` are text or None.
    view : str
        The rows the feature is computed from. ``profile`` columns alone feed the profile-only fit.
    concept : str
        Key that groups columns which are one reason to a reader (all counts of one page).
    concept_words : str
        The concept as a noun phrase: "the pricing page", "industry".
    words : mapping of str to str
        Sentence parts about the lead, in the past tense, without subject, first letter small.
        Numbers: ``many`` (with ``{n}``), ``one``, ``zero``, ``less`` (below zero), ``missing``.
        Categories and text:
        ``value`` (with ``{value}``), ``missing``.
    unit : str or None
        "days", "seconds", "EUR"; None for counts and categories.
    reason : bool
        Whether it may ever be shown as a reason (never: our own actions, calendar, incumbents).

    Examples
    --------
    >>> spec = Spec("n_page_view_30d", "number", "behaviour", "page_view", "page views",
    ...             {"many": "viewed {n} pages in the last 30 days"})
    >>> Spec.from_dict(spec.as_dict()) == spec
    True
    """

    name: str
    dtype: DType
    view: View
    concept: str
    concept_words: str
    words: Mapping[str, str] = field(default_factory=dict)
    unit: str | None = None
    reason: bool = True

    def as_dict(self) -> dict[str, object]:
        """Return a JSON-ready mapping."""
        return {**asdict(self), "words": dict(self.words)}

    @classmethod
    def from_dict(cls, value: Mapping[str, object]) -> Spec:
        """Return the spec that `as_dict` described."""
        return cls(**value)  # type: ignore[arg-type]
