"""How much validated tweets of production count beside the base's in a training."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

# Of 1, 2, 4, 8 and 16, tried with TF-IDF on another source: more gains little, and costs the base.
MOST_REPEATS = 4


def lesson_repeats(texts: Sequence[str], lessons: Collection[str]) -> tuple[int, ...] | None:
    """Return how often each training text counts: a lesson several times, any other text once.

    Lessons are few, and what is sent today; the base is large, and of another time. A lesson counts
    MOST_REPEATS times, but no more often than makes all lessons together as heavy as the base. None
    where no text is a lesson.

    >>> lesson_repeats(["a", "b", "c", "d", "new"], ["new"])
    (1, 1, 1, 1, 4)
    """
    own = frozenset(lessons)
    count = sum(text in own for text in texts)
    if not count:
        return None
    repeats = max(1, min(MOST_REPEATS, (len(texts) - count) // count))
    return tuple(repeats if text in own else 1 for text in texts)
