"""The guard of CSV cells against spreadsheets, which would run some texts as formulas."""

from __future__ import annotations

import re

# What a spreadsheet runs, with any apostrophes that stand before it already.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def escape_formula(cell: str) -> str:
    """Return a cell that a spreadsheet shows instead of running: an apostrophe precedes a formula.

    >>> escape_formula("=1+1"), escape_formula("late again")
    ("'=1+1", 'late again')
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def restore_formula(cell: str) -> str:
    """Return the cell that `escape_formula` was given.

    >>> restore_formula("'=1+1"), restore_formula("'tis late")
    ('=1+1', "'tis late")
    """
    return cell.removeprefix("'") if _FORMULA.match(cell) else cell
