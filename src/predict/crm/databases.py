"""The result of a query, as rows of text, streamed from a database the environment names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from predict.crm.cells import shown
from predict.crm.sniffing import checked_header
from predict.errors import InputError

_BATCH = 10_000


@contextmanager
def query(
    sql: str, url_env: str | None
) -> Iterator[tuple[tuple[str, ...], Iterator[list[str | None]]]]:
    """Run a query and yield its column names and its rows, as text, while they stream.

    Parameters
    ----------
    sql : str
        One SELECT statement. Nothing is committed.
    url_env : str
        Environment variable that holds the database's SQLAlchemy URL. The URL itself never stands
        in a definition, a message or a log: it holds a password.

    Raises
    ------
    InputError
        The variable is not set, or the database refuses; its words are shown without the URL.
    """
    from sqlalchemy import create_engine, text
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

    if not url_env:
        raise InputError(
            "sql needs url_env, the environment variable that holds the URL", where=sql
        )
    address = os.environ.get(url_env)
    if not address:
        raise InputError(
            "the environment variable with the database URL is not set",
            where=url_env,
            do=f"export {url_env}=… before you run this",
        )
    try:
        url = make_url(address)
        engine = create_engine(url)
    except (ArgumentError, NoSuchModuleError, ImportError):
        # Chained errors would carry the address along.
        raise InputError(
            "the database URL is not one SQLAlchemy knows, or its driver is not installed",
            where=url_env,
            do="write it as dialect+driver://user:password@host/database",
        ) from None
    secrets = [s for s in (address, str(url.password or ""), url.render_as_string()) if s]
    try:
        with engine.connect() as connection:
            streaming = connection.execution_options(stream_results=True, yield_per=_BATCH)
            result = streaming.execute(text(sql))
            if not result.returns_rows:
                raise InputError("the statement returns no rows", where=url_env, do="SELECT them")
            columns = checked_header(list(result.keys()), url_env)
            yield columns, ([shown(value) for value in row] for row in result)
    except SQLAlchemyError as error:
        words = str(getattr(error, "orig", None) or type(error).__name__)
        for secret in secrets:
            words = words.replace(secret, "…")
        raise InputError("the database refused the query", where=url_env, got=words) from None
    finally:
        engine.dispose()
