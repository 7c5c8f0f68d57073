"""Forgetting on the command line: leads by their ids, or what has expired."""

from __future__ import annotations

from pathlib import Path

from predict.errors import InputError
from predict.home import Home


def forget(
    leads: list[str],
    definition: Path | None,
    expired: bool,
    because: str | None,
    as_of: str | None,
    home: Path | None,
) -> int:
    """Forget and print what was removed; 2 where an id is unknown, for it may be a slip."""
    from predict.cli.verbs import console, moment
    from predict.definition.schema import Definition
    from predict.jobs import forgetting

    if expired == bool(leads):
        raise InputError("name LEAD_ID, or say --expired: one of the two", where="predict forget")
    out, where = console(), Home.at(home)
    agreed = None if definition is None else Definition.read(definition)
    if expired:
        if agreed is None or agreed.retention is None:
            raise InputError(
                "nothing says when exports expire",
                where="predict forget --expired",
                do="name --definition FILE.toml with [retention] months = …",
            )
        found = forgetting.forget_expired(where, agreed)
        out.print(found[0].sentence if found else "Nothing has expired.")
        return 0
    when = moment(as_of)
    done = forgetting.forget(where, leads, when=when, definition=agreed, because=because)
    for one in done:
        out.print(one.sentence)
    out.print(
        "Folders that predict score wrote, and the CRM itself, are not in this home: remove the "
        "leads there too."
    )
    return 2 if any(one.unknown for one in done) else 0
