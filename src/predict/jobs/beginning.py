"""Beginning: look at exports, ask what only people know, write a first definition."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from predict.crm.draft import Draft, draft
from predict.crm.drafting.questions import Question
from predict.crm.drafting.sketch import Answers
from predict.crm.gathering import gather
from predict.crm.survey import Survey, TableLook
from predict.errors import InputError, PredictError
from predict.jobs.first_look import PAGE, write_first_look
from predict.publish import publish_file

#: Given the questions with their defaults, returns what was answered.
Ask = Callable[[list[Question]], Answers]


@dataclass(frozen=True)
class Beginning:
    """What `begin` found and wrote.

    Parameters
    ----------
    path : Path
        The definition. ``Definition.read(path)`` reads it.
    draft : Draft
        Its text, the questions with what holds, what each file is and what became of it.
    tables : tuple of TableLook
        What each file holds: rows, columns, spans; the working copies are gone.
    page : Path or None
        ``first_look.html`` beside the definition.
    trouble : PredictError or None
        Why there is no page: the export cannot be opened under the draft as it stands.
    """

    path: Path
    draft: Draft
    tables: tuple[TableLook, ...]
    page: Path | None = None
    trouble: PredictError | None = None


def begin(
    exports: Sequence[str | os.PathLike[str]],
    to: Path,
    answers: Answers | Ask | None = None,
    *,
    force: bool = False,
) -> Beginning:
    """Look at exports; write a commented definition that maps them, and a page about them.

    Parameters
    ----------
    exports : sequence of path
        CSV, Parquet and XLSX files, zips, folders of those.
    to : Path
        The definition; paths in it are relative to its folder.
    answers : Answers or callable, optional
        Answers to the questions, or what asks them once the exports were looked at. Left out, the
        defaults hold.
    force : bool
        Write over a definition that is there.

    Returns
    -------
    Beginning
        What was found and written.

    Raises
    ------
    InputError
        A file is missing, no table can be the leads, or ``to`` is there already.
    """
    if to.exists() and not force:
        raise InputError(
            "the definition is there already and may have been edited",
            where=str(to),
            do="name another file with --to, or say --force",
        )
    if to.suffix.lower() != ".toml":
        raise InputError("a definition is a TOML file", where=str(to), do="name it like my.toml")
    folder = to.absolute().parent
    with _made(folder):  # paths in a definition start there, so it must be there to follow them
        places = [p for p in gather(exports, folder) if p.file != to.resolve()]
        with Survey(places, folder) as survey:
            drafted = draft(survey)
            if answers is not None:
                given = answers if isinstance(answers, Answers) else answers(drafted.questions)
                drafted = draft(survey, given)
            tables = tuple(survey.tables)
        publish_file(to, drafted.text.encode())
    try:
        page = write_first_look(to, to.with_name(PAGE))
    except PredictError as error:
        return Beginning(to, drafted, tables, trouble=error)
    return Beginning(to, drafted, tables, page)


@contextlib.contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Make a folder; should nothing come of it, take away again what was made."""
    new = [f for f in (folder, *folder.parents) if not f.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            "the folder of the definition cannot be made",
            where=str(folder),
            got=error.strerror,
            do="name another place with --to",
        ) from error
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            for made in new:
                made.rmdir()
        raise
