"""The ids of compacted feedback: sorted, 16 bytes each, searched without unpacking them."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from sentiment.feedback.part import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sentiment.feedback.objects import Objects

_WIDTH = 16
_KEPT_BYTES = 64 * 1024 * 1024  # of ids in memory; the oldest file goes
_LOOKS = 3  # a part that vanishes was merged into another, which a second look finds


def pack_ids(feedback_ids: Iterable[str]) -> bytes:
    """Return ids as the content of a file of ids."""
    return b"".join(sorted(bytes.fromhex(feedback_id) for feedback_id in feedback_ids))


def holds_id(packed: bytes, feedback_id: str) -> bool:
    """Return whether an id is among packed ones.

    >>> holds_id(pack_ids(["0" * 32, "f" * 32]), "f" * 32)
    True
    """
    sought, low, high = bytes.fromhex(feedback_id), 0, len(packed) // _WIDTH
    while low < high:
        middle = (low + high) // 2
        if packed[middle * _WIDTH : (middle + 1) * _WIDTH] < sought:
            low = middle + 1
        else:
            high = middle
    return packed[low * _WIDTH : (low + 1) * _WIDTH] == sought


class PartIds:
    """The ids of an inbox's parts, read when they are asked for; threads may share it."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def holds(self, day: str, feedback_id: str) -> bool:
        """Return whether a part of a day holds a feedback, by what the inbox has now."""
        for _ in range(_LOOKS):
            names = [name for name in self._objects.names(f"{day}/{FOLDER}/") if name.endswith(".ids")]
            contents = self.read(names)
            if any(holds_id(packed, feedback_id) for packed in contents if packed):
                return True
            if None not in contents:
                return False
        return False

    def read(self, names: Sequence[str]) -> list[bytes | None]:
        """Return what files of ids hold, in the order of their names; None for a missing one."""
        kept = {name: self._kept.get(name) for name in names}
        new = [name for name, packed in kept.items() if packed is None]
        if new:
            found = dict(zip(new, self._objects.read_many(new), strict=True))
            kept |= found
            self._kept.update((name, packed) for name, packed in found.items() if packed)
        while sum(map(len, self._kept.values())) > _KEPT_BYTES:
            self._kept.popitem(last=False)
        return list(kept.values())
