"""The questions that only people can answer: at most five, each with a default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from predict.crm.drafting.sketch import Answers, Sketch

Key = Literal["stage", "within_days", "time_zone", "capacity_per_month", "after_contact"]


@dataclass(frozen=True)
class Question:
    """A question with its default.

    Parameters
    ----------
    key : str
        Attribute of `Answers`.
    text : str
        The question.
    value : str, float, tuple of str or None
        The default, or what was answered.
    choices : dict of str to str
        Answers that are possible → what they mean; empty where any is.
    """

    key: Key
    text: str
    value: str | float | tuple[str, ...] | None
    choices: dict[str, str]


def questions(sketch: Sketch, answers: Answers) -> list[Question]:
    """Return the questions about a sketch, with the defaults or answers that will hold.

    Parameters
    ----------
    sketch : Sketch
        What is known.
    answers : Answers
        What was answered already.
    """
    stages = {s: f"{n:,} rows: {why}" for s, (n, why) in sketch.stages.items()}
    stage = answers.stage or next(iter(stages), "converted")
    days = answers.within_days if answers.within_days is not None else sketch.days
    flat = sketch.days == 0
    capacity = answers.capacity_per_month or sketch.capacity
    asked = [
        Question("stage", "Which stage counts as success?", stage, stages),
        Question(
            "within_days",
            "Within how many days?" if not flat else "The outcome stands in the row; days",
            0.0 if flat else float(days),
            {},
        ),
        Question(
            "time_zone",
            "Time zone of stamps that name none?",
            answers.time_zone or "UTC",
            {},
        ),
        Question("capacity_per_month", "How many leads can sales follow up a month?", capacity, {}),
    ]
    filled = answers.after_contact
    guessed = tuple(sketch.columns.after_contact) if filled is None else filled
    known = dict.fromkeys((*sketch.columns.classed, *sketch.columns.shortlist), "")
    asked.append(
        Question("after_contact", "Which columns does sales fill in after contact?", guessed, known)
    )
    return asked
