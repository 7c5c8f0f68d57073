"""Ids as vendors give them: one record number, one id, in the same order as the numbers."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Ids = npt.NDArray[np.object_]

#: Salesforce: what kind of record an id is of, by its first three characters.
LEAD, CONTACT, ACCOUNT, OPPORTUNITY = "00Q", "003", "001", "006"
CAMPAIGN, MEMBER, TASK, USER = "701", "00v", "00T", "005"
LEAD_CHANGE, DEAL_STEP = "017", "008"

#: HubSpot: where the numbers of a kind of record begin; all have eleven digits.
HUBSPOT_CONTACT, HUBSPOT_COMPANY, HUBSPOT_DEAL = 10_000_000_001, 20_000_000_001, 30_000_000_001
_STEP: Final = 50  # contacts are numbered in fifties; what was merged away lies between them

_DIGITS: Final = np.frombuffer(
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", dtype=np.uint8
)
_CHECKS: Final = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", dtype=np.uint8)
_INSTANCE: Final = b"Sf0"  # of the simulated company; the fourth to sixth character
_WIDTH: Final = 9


def salesforce_ids(prefix: str, number: Numbers) -> Ids:
    """Return ids of 18 characters; a larger number is a later id.

    Fifteen characters, of which case matters, and three that tell the case of the others: which
    letters are capitals, five to a character. Ids that differ by case alone so differ in any case.

    Parameters
    ----------
    prefix : str
        Kind of record: `LEAD`, `CONTACT` …
    number : ndarray of int
        From 0; negative for none.

    Returns
    -------
    ndarray of object
        Ids as text, None where the number is negative.

    Examples
    --------
    >>> salesforce_ids(LEAD, np.array([0, 35, 61, -1])).tolist()
    ['00QSf0000000000MAA', '00QSf000000000ZMAQ', '00QSf000000000zMAA', None]
    """
    rest, digits = np.maximum(number, 0), np.zeros((len(number), _WIDTH), dtype=np.int64)
    for place in range(_WIDTH - 1, -1, -1):
        rest, digits[:, place] = np.divmod(rest, len(_DIGITS))
    letters = np.zeros((len(number), 18), dtype=np.uint8)
    letters[:, :6] = np.frombuffer(prefix.encode() + _INSTANCE, dtype=np.uint8)
    letters[:, 6:15] = _DIGITS[digits]
    capital = (letters[:, :15] >= ord("A")) & (letters[:, :15] <= ord("Z"))
    letters[:, 15:] = _CHECKS[capital.reshape(-1, 3, 5) @ (1 << np.arange(5))]
    ids = letters.view("S18").ravel().astype("U18").astype(object)
    ids[number < 0] = None
    return ids


def hubspot_ids(first: int, number: Numbers) -> Ids:
    """Return record ids as text: all of one length; None where the number is negative.

    Examples
    --------
    >>> hubspot_ids(HUBSPOT_DEAL, np.array([41, -1])).tolist()
    ['30000000042', None]
    """
    return np.array([str(first + n) if n >= 0 else None for n in number.tolist()], dtype=object)


def hubspot_contacts(number: Numbers, merged: int = 0) -> Ids:
    """Return the record ids of contacts, or of one that was merged into each of them.

    Parameters
    ----------
    number : ndarray of int
        Numbers of leads.
    merged : int
        0 for the contact itself, 1 and 2 for the first and second that were merged into it.

    Examples
    --------
    >>> hubspot_contacts(np.array([0, 1])).tolist()
    ['10000000001', '10000000051']
    >>> hubspot_contacts(np.array([0, 1]), merged=1).tolist()
    ['10000000018', '10000000068']
    """
    within = np.where(number < 0, -1, number * _STEP + merged * 17)
    return hubspot_ids(HUBSPOT_CONTACT, within)
