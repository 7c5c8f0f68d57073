"""Questions of ``predict init`` at the terminal, and what it says when it is done."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from predict.crm.drafting.questions import Question
    from predict.crm.drafting.sketch import Answers
    from predict.crm.survey import TableLook
    from predict.jobs.beginning import Beginning

#: Choices that are listed with a question.
_LISTED = 8


def asker(out: Console, read: Callable[[str], str] = input) -> Callable[[list[Question]], Answers]:
    """Return what asks the questions, one after the other; Enter takes the default.

    Parameters
    ----------
    out : Console
        Where questions are written.
    read : callable
        Reads a line, given a prompt.
    """

    def ask(asked: list[Question]) -> Answers:
        from predict.crm.drafting.sketch import Answers

        given: dict[str, object] = {}
        for number, question in enumerate(asked, 1):
            out.print(f"\n{number} of {len(asked)}  {question.text}")
            for choice, meaning in list(question.choices.items())[:_LISTED]:
                out.print(f"    {choice}  {meaning}".rstrip(), style="dim")
            given[question.key] = _answer(out, question, read)
        return Answers(**given)  # type: ignore[arg-type]

    return ask


def _answer(out: Console, question: Question, read: Callable[[str], str]) -> object:
    """Return what was typed, once it can be understood; the default for nothing."""
    default = question.value
    shown = ", ".join(default) if isinstance(default, tuple) else default
    shown = f"{shown:g}" if isinstance(shown, float) else shown or "none"
    while True:
        try:
            typed = read(f"    [{shown}] ").strip()
        except EOFError:
            typed = ""
        if not typed:
            return default
        value, wrong = understood(question, typed)
        if wrong is None:
            return value
        out.print(f"    {wrong}", style="yellow")


def understood(question: Question, typed: str) -> tuple[object, str | None]:
    """Return an answer and what is wrong with it, if anything.

    Examples
    --------
    >>> from predict.crm.drafting.questions import Question
    >>> days = Question("within_days", "Within how many days?", 90.0, {})
    >>> understood(days, "60"), understood(days, "soon")
    ((60.0, None), ('soon', 'a number, please, such as 90'))
    """
    if question.key in ("within_days", "capacity_per_month"):
        return _number(question, typed)
    if question.key == "time_zone":
        known = typed in zoneinfo.available_timezones()
        return typed, None if known else "an IANA name, please, such as Europe/Berlin"
    if question.key == "after_contact":
        names = tuple(n.strip() for n in typed.split(",") if n.strip())
        names = () if typed.lower() == "none" else names
        unknown = [n for n in names if n not in question.choices]
        return names, f"no such column: {', '.join(unknown)}" if unknown else None
    odd = bool(question.choices) and typed not in question.choices
    return typed, f"one of {', '.join(question.choices)}, please" if odd else None


def _number(question: Question, typed: str) -> tuple[object, str | None]:
    try:
        value = float(typed)
    except ValueError:
        return typed, "a number, please, such as 90"
    if question.key == "within_days" and question.value == 0:
        return value, None if value == 0 else "0: the outcome stands in the row and has no date"
    return value, None if 0 < value < float("inf") else "a number above 0, please"


def print_beginning(out: Console, done: Beginning) -> None:
    """Print what each file is, what was written, what was assumed, and what to do next."""
    from rich.table import Table

    table = Table(title="What you gave me", title_justify="left")
    for name in ("file", "what it is", "rows", "from", "to", "in the definition"):
        table.add_column(name, justify="right" if name == "rows" else "left")
    for one, became in done.draft.tables:
        look = one.look
        first, last = _span(look)
        rows = f"{look.rows:,}" if look.problem is None else "–"
        what = one.title if one.preset is not None else "no known object"
        what += f" ({one.sure})" if one.sure == "likely" else ""
        table.add_row(look.name, what, rows, first, last, became)
    out.print(table)
    for look in done.tables:
        for note in look.notes:
            out.print(f"note  {look.name}: {note}")
    for note in done.draft.notes:
        out.print(f"note  {note}")
    held = {q.key: q.value for q in done.draft.questions}
    days = held["within_days"]
    when = f"within {days:g} days" if days else "as the row says"
    out.print(
        f"\nWritten: {done.path}. Success is “{held['stage']}” {when}; stamps without a time zone "
        f"are {held['time_zone']}; sales can follow up {held['capacity_per_month']:g} a month."
    )
    out.print("Read it once: what was guessed says so, with the reason beside it.")
    if done.page is not None:
        out.print(f"What these files hold, on one page: {done.page}")
    if done.trouble is not None:
        out.print(f"No first_look.html yet, as the export cannot be opened:\n{done.trouble}")
    out.print(f"Then:  predict check {done.path}   and   predict train {done.path}")


def _span(look: TableLook) -> tuple[str, str]:
    """Return the first and the last day of the fullest column of moments."""
    dated = [c for c in look.columns.values() if c.first is not None and c.last is not None]
    if not dated:
        return "–", "–"
    told = max(dated, key=lambda c: c.filled)
    assert told.first is not None and told.last is not None
    return f"{told.first:%Y-%m-%d}", f"{told.last:%Y-%m-%d}"
