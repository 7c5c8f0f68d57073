"""The first look of an export, written as one page before anything is agreed."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from predict.definition.schema import Definition
from predict.publish import publish_file

#: Name of the page.
PAGE = "first_look.html"


def write_first_look(
    definition: Definition | str | PathLike[str],
    to: str | PathLike[str],
    *,
    data: str | PathLike[str] | None = None,
) -> Path:
    """Look at an export through a definition, drafted or agreed, and write ``first_look.html``.

    Parameters
    ----------
    definition : Definition or path
        Which files, columns and roles. Its stage and days are taken as a proposal.
    to : path
        File to write; a folder gets ``first_look.html``.
    data : path, optional
        Folder that relative paths start from, where ``definition`` is a path.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    PredictError
        The export cannot be opened under this definition.
    """
    from predict.crm.opening import open_crm
    from predict.history.first_look import look
    from predict.report.first_look import render_first_look

    if not isinstance(definition, Definition):
        definition = Definition.read(definition, data=data)
    path = Path(to)
    if path.is_dir():
        path = path / PAGE
    crm = open_crm(definition)
    try:
        text = render_first_look(look(crm))
    finally:
        crm.close()
    publish_file(path, text.encode("utf-8"))
    return path
