"""Customers: firms that have bought already; whoever writes from there is no lead."""

from __future__ import annotations

from pydantic import model_validator

from predict.definition.complaints import Complaint, Contradiction
from predict.definition.exports import Export
from predict.definition.section import Text


class CustomersTable(Export):
    """Which firms are customers, and since when: by a stage, by a table, or by both.

    A lead of a firm that was a customer before the look is not looked at, trains nothing, and
    comes back from a list with the status "customer".

    Parameters
    ----------
    stage : str, optional
        The stage that makes a firm a customer, reached by any lead of the firm ("won").
    account_id : str, optional
        A table of customers: the column with the firm's id, as leads carry it.
    since : str, optional
        Its column with the day the firm became one. Without it nobody knows whether a firm was a
        customer when a past lead came, so the table counts from its export on: for lists, not for
        learning.

    Examples
    --------
    >>> CustomersTable(stage="won").account_id is None
    True
    """

    stage: Text | None = None
    account_id: Text | None = None
    since: Text | None = None

    @model_validator(mode="after")
    def _says_who(self) -> CustomersTable:
        placed = [key for key in ("path", "sql", "since") if getattr(self, key) is not None]
        if self.account_id is None and placed:
            cure = 'add account_id = "…", the column that names the firm'
            raise Contradiction([Complaint((placed[0],), "it is not said which firms", cure)])
        if self.account_id is None and self.stage is None:
            cure = 'add stage = "won", or path and account_id of a table of customers'
            raise Contradiction([Complaint((), "it is not said who is a customer", cure)])
        return self
