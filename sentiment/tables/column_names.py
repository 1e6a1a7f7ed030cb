"""Names for columns of ours that no column of the user's has."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def free_names(wanted: Sequence[str], taken: Collection[str]) -> tuple[str, ...]:
    """Return the wanted names, all with the same number where one of them is taken.

    >>> free_names(["label", "model"], ["text", "model"])
    ('label_2', 'model_2')
    """
    there = {name.strip().casefold() for name in taken}
    if not there.intersection(name.casefold() for name in wanted):
        return tuple(wanted)
    numbered = (tuple(f"{name}_{number}" for name in wanted) for number in count(2))
    return next(names for names in numbered if not there.intersection(name.casefold() for name in names))
