"""An export: where a table is, when it was taken, which rows of it count."""

from __future__ import annotations

import codecs
import re
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from predict.definition.complaints import Complaint, Contradiction
from predict.definition.section import ASIDE, Day, Moment, Section, Text, Texts

#: Why an address never stands in the file.
NO_ADDRESS = (
    "an address of a server or database does not stand here, for it may hold a password and this "
    'file goes into git: put it in an environment variable and name that, url_env = "CRM_URL"'
)
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: A moment whose day, month and year cannot be taken for one another.
_TRIAL = datetime(2021, 11, 30, 13, 45, 57)


def _several(value: object) -> object:
    """Take one text or number as a list of one; rows are compared as text, so numbers are text."""
    values = value if isinstance(value, list | tuple) else [value]
    if values and all(isinstance(v, str | int) and not isinstance(v, bool) for v in values):
        return tuple(str(v) for v in values)
    raise ValueError("must be a text or a list of texts, as they stand in the file")


#: Column → values as they stand in the file; ``*`` and ``?`` match any characters, any one.
Where = dict[Text, Annotated[tuple[str, ...], BeforeValidator(_several)]]


class Export(Section):
    """What all tables have in common.

    Either ``path`` or ``sql`` says where the rows are; neither where the table is handed over in
    Python as a data frame.

    Parameters
    ----------
    path : str or tuple of str, optional
        File, folder, pattern (its newest match) or zip entry, relative to `Definition.folder`;
        or several files.
    sql : str, optional
        A SELECT; goes with ``url_env``.
    url_env : str, optional
        Name of the environment variable that holds the address of the database.
    exported_at : "from-name", date or datetime, optional
        When the table was exported: by its file name, at the end of a day, at a moment (without
        offset: in `Definition.time_zone`). Left out: the newest moment inside.
    covers_from : date, optional
        The day from which the table is complete; before it, what is not there is unknown and
        not zero.
    where : dict of str to tuple of str
        Rows that count: column → accepted values, compared as text; ``"A_*"`` is a pattern. One
        value needs no brackets. Several columns must all fit.
    sheet : str, optional
        Sheet of a workbook.
    delimiter, encoding, decimal, dates : str, optional
        How the text of a file is read: field separator, character encoding, ``"."`` or ``","``,
        format of dates as in ``strptime`` (``"%d/%m/%Y"``). Left out, they are recognised, and
        the run stops where two readings are possible.

    Examples
    --------
    >>> Export(path="leads.csv", where={"Type": "New Business"}).where
    {'Type': ('New Business',)}
    >>> Export(path=("a.csv", "b.csv")).paths
    ('a.csv', 'b.csv')
    """

    refused: ClassVar[dict[str, str]] = {"url": NO_ADDRESS}

    path: Annotated[Text | Texts | None, ASIDE] = None
    sql: Text | None = None
    url_env: Annotated[Text | None, ASIDE] = None
    exported_at: Annotated[Moment | None, ASIDE] = None
    covers_from: Day | None = None
    where: Where = Field(default_factory=dict)
    sheet: Annotated[Text | None, ASIDE] = None
    delimiter: Annotated[Annotated[str, Field(min_length=1, max_length=1)] | None, ASIDE] = None
    encoding: Annotated[Text | None, ASIDE] = None
    decimal: Annotated[Literal[".", ","] | None, ASIDE] = None
    dates: Annotated[Text | None, ASIDE] = None

    @property
    def paths(self) -> tuple[str, ...]:
        """The declared paths, as a tuple; empty for SQL and data frames."""
        if self.path is None:
            return ()
        return (self.path,) if isinstance(self.path, str) else self.path

    @field_validator("path", mode="before")
    @classmethod
    def _text_or_texts(cls, value: object) -> object:
        values = value if isinstance(value, list | tuple) else [value]
        _refuse_address(*values)
        if value is None or (values and all(isinstance(v, str) and v for v in values)):
            return tuple(values) if isinstance(value, list) else value
        raise ValueError("must be a text or a list of texts")

    @field_validator("url_env")
    @classmethod
    def _a_variable(cls, value: str | None) -> str | None:
        _refuse_address(value)
        if value is not None and not _ENV_NAME.fullmatch(value):
            raise ValueError("must be the name of an environment variable")
        return value

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str | None) -> str | None:
        try:
            codecs.lookup(value or "utf-8")
        except LookupError:
            raise ValueError('is no encoding known here, such as "utf-8" or "cp1252"') from None
        return value

    @field_validator("dates")
    @classmethod
    def _names_a_day(cls, value: str | None) -> str | None:
        if value is not None and not _tells_days(value):
            raise ValueError('must tell day, month and year, such as "%d/%m/%Y"')
        return value

    @model_validator(mode="after")
    def _one_place(self) -> Export:
        if self.path is not None and self.sql is not None:
            raise Contradiction(
                [Complaint(("sql",), "a table has a path or an SQL query, not both")]
            )
        if (self.sql is None) != (self.url_env is None):
            missing, there = ("url_env", "sql") if self.url_env is None else ("sql", "url_env")
            raise Contradiction([Complaint((there,), f"goes with {missing}, which is missing")])
        return self


def _refuse_address(*values: object) -> None:
    if any(isinstance(value, str) and "://" in value for value in values):
        raise Contradiction([Complaint((), NO_ADDRESS)])


def _tells_days(pattern: str) -> bool:
    """Say whether a date format written and read again gives the same day."""
    try:
        return datetime.strptime(_TRIAL.strftime(pattern), pattern).date() == _TRIAL.date()
    except ValueError:
        return False
