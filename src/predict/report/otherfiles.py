"""Other files: what is dropped as a list and is none, by its first bytes or its suffix."""

from __future__ import annotations

from predict.report.troubles import DROP, OLD_SHEET, Trouble

_MAGIC = {
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"BM": "a picture",
    b"%PDF": "a PDF",
    b"{\\rtf": "a text document",
}
_COPY = (
    "Open it, copy its table into an empty Excel workbook, names of the columns first, and save "
    "that."
)
_ASK = "Ask for the list as an Excel or CSV file."
_EXPORT = "Open it in Numbers and choose File, Export To, Excel."
#: Suffix → what the file is, and how it becomes a list.
_SUFFIXES = {
    **dict.fromkeys((".doc", ".docx", ".docm"), ("a Word document", _COPY)),
    **dict.fromkeys((".odt", ".rtf", ".pages"), ("a text document", _COPY)),
    **dict.fromkeys((".ppt", ".pptx", ".odp", ".key"), ("a presentation", _COPY)),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".heic", ".tif"), ("a picture", _ASK)),
    **dict.fromkeys((".msg", ".eml"), ("an e-mail", "Save its attachment, and drop that.")),
    ".numbers": ("a Numbers file of Apple", _EXPORT),
    ".pdf": ("a PDF", _ASK),
    ".vcf": ("a file of address cards", _ASK),
    ".rar": ("packed in a way that is not read", "Unpack it, and drop the list itself."),
    ".7z": ("packed in a way that is not read", "Unpack it, and drop the list itself."),
}
_OLD_SHEETS, _OLD_OFFICE = (".xls", ".ods"), b"\xd0\xcf\x11\xe0"


def other_file(suffix: str, head: bytes) -> Trouble | None:
    """Return the trouble with a file that is no list, or None.

    Examples
    --------
    >>> other_file(".csv", b"\\x89PNG....").title
    'The file is a picture, not a list'
    >>> other_file(".DOCX", b"PK").title
    'The file is a Word document, not a list'
    >>> other_file(".csv", b"Name;Email") is None
    True
    """
    kind = next((words for magic, words in _MAGIC.items() if head.startswith(magic)), None)
    # A list may begin with the letters BM; a picture of that kind goes on with bytes that no
    # list has.
    if kind is not None and not (head.startswith(b"BM") and b"\0" not in head):
        step = _ASK
    elif suffix.lower() in _SUFFIXES:
        kind, step = _SUFFIXES[suffix.lower()]
    else:
        return None
    return Trouble(
        "",
        f"The file is {kind}, not a list",
        "Nobody can be read out of it.",
        (step, DROP),
        parts=None,
    )


def old_sheet(suffix: str, head: bytes) -> Trouble | None:
    """Return the trouble with a workbook of an older kind that could not be read, or None.

    Examples
    --------
    >>> old_sheet(".ods", b"PK") is not None, old_sheet(".xlsx", b"PK") is None
    (True, True)
    """
    return OLD_SHEET if suffix.lower() in _OLD_SHEETS or head.startswith(_OLD_OFFICE) else None
