"""Intake: an export opened, held against the last one, archived; what has expired is removed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from predict.crm.archive import archive_export
from predict.crm.archived_sizes import last_archived, refuse_doubtful, sizes_of
from predict.crm.migration import migrate
from predict.crm.opening import open_crm
from predict.findings import blocking
from predict.jobs.forgetting import expire

if TYPE_CHECKING:
    from predict.crm.tables import Crm
    from predict.definition.schema import Definition
    from predict.home import Home


@contextlib.contextmanager
def taken_in(definition: Definition, home: Home, *, accept: bool = True) -> Iterator[Crm]:
    """Yield an opened export that is in the archive, unless a check blocks it.

    The caller holds the lock of the home. The same export a second time changes nothing.

    Parameters
    ----------
    definition : Definition
        Where the export is.
    home : Home
        Its archive.
    accept : bool
        Take an export that is older than the last one archived, or of half its size.

    Raises
    ------
    RefusedError
        It is older, or of half the size; nothing was changed.
    """
    rewritten = migrate(home.archive, definition)
    with contextlib.ExitStack() as held:
        crm = open_crm(definition, archive=home.archive)
        held.callback(crm.close)
        if not accept:
            refuse_doubtful(sizes_of(crm), last_archived(home.archive, definition.name))
        if not blocking(crm.findings):
            archive_export(home.archive, crm)
            expired = expire(home, definition, crm.exported_at)
            if expired:
                # Read without what is gone, or a second run would read something else.
                held.close()
                crm = open_crm(definition, archive=home.archive)
                held.callback(crm.close)
                crm.findings.extend(expired)
        crm.findings.extend(rewritten)
        yield crm
