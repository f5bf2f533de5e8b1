"""Cells of a CSV file that a spreadsheet opens: texts stay texts, numbers are short."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable


def text_cell(cell: str) -> str:
    """Keep a spreadsheet from taking a text for a formula, which it would compute when the file is opened.

    >>> text_cell("=1+1"), text_cell("ana")
    ("'=1+1", 'ana')
    """
    formula = cell.lstrip().startswith(("=", "+", "-", "@")) or cell.startswith(("\t", "\r"))
    return f"'{cell}" if formula else cell


def number_cell(points: float | None) -> str:
    """Write a number with at most four decimals; an empty cell for None.

    >>> number_cell(1.5), number_cell(2.0), number_cell(None)
    ('1.5', '2', '')
    """
    return "" if points is None else f"{points:.4f}".rstrip("0").rstrip(".")


def csv_text(rows: Iterable[Iterable[str]]) -> str:
    """Write rows as CSV, with the line ends that spreadsheets expect."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8", "replace").decode("utf-8")  # a name may hold what is no character
