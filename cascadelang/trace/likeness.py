"""Which of the vectors that are kept is nearest: exact, by looking at all of a group.

Takes: vectors of the length 1 with the keys of their answers, in groups. Gives: the nearest of a group that is young
enough, and the cosine. Guarantees: any thread may ask; of a group the `MOST_VECTORS` newest are held, of all together
`MOST_GROUPS` groups, the ones used last; numpy is imported with the first vector.
"""

from __future__ import annotations

import base64
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cascadelang.contracts.answer_cache import Alike
    from cascadelang.contracts.embedder import Vectors

MOST_VECTORS: Final = 10_000
MOST_GROUPS: Final = 64


class Nearest:
    """Vectors in groups."""

    def __init__(self) -> None:
        self._groups: OrderedDict[str, _Group] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, group: str, key: str, made_wall_s: float, vector: Vectors) -> None:
        """Add a vector, in place of the one that its key had."""
        with self._lock:
            held = self._groups.get(group)
            if held is None:
                held = self._groups[group] = _Group(len(vector))
                while len(self._groups) > MOST_GROUPS:
                    self._groups.popitem(last=False)
            held.add(key, made_wall_s, vector)

    def holds(self, group: str) -> bool:
        """Whether there are vectors of a group."""
        return group in self._groups

    def nearest(self, alike: Alike, since_wall_s: float) -> tuple[str, float] | None:
        """The nearest, the newest of several; ``None`` where there is none young enough."""
        with self._lock:
            held = self._groups.get(alike.group)
            if held is None:
                return None
            self._groups.move_to_end(alike.group)
            return held.nearest(alike.vector, since_wall_s)


class _Group:
    """The vectors of one group, as rows of a matrix that grows; the oldest place is used again when it is full."""

    def __init__(self, size: int) -> None:
        import numpy as np

        self._rows: Vectors = np.zeros((16, size), dtype=np.float32)
        self._made: Any = np.zeros(16, dtype=np.float64)
        self._keys: list[str] = []
        self._at: dict[str, int] = {}

    def add(self, key: str, made_wall_s: float, vector: Vectors) -> None:
        import numpy as np

        if len(vector) != self._rows.shape[1]:
            return
        at = self._at.get(key)
        if at is None and len(self._keys) == MOST_VECTORS:
            at = int(self._made[: len(self._keys)].argmin())
            del self._at[self._keys[at]]
            self._keys[at] = key
        elif at is None:
            at = len(self._keys)
            self._keys.append(key)
            if at == len(self._rows):
                more = min(2 * at, MOST_VECTORS)
                self._rows = np.resize(self._rows, (more, self._rows.shape[1]))
                self._made = np.resize(self._made, more)
        self._at[key] = at
        self._rows[at] = vector
        self._made[at] = made_wall_s

    def nearest(self, vector: Vectors, since_wall_s: float) -> tuple[str, float] | None:
        import numpy as np

        count = len(self._keys)
        if not count or len(vector) != self._rows.shape[1]:
            return None
        made = self._made[:count]
        cosines = np.where(made >= since_wall_s, self._rows[:count] @ vector, -2.0)
        best = float(cosines.max())
        if best < -1.5 or not np.isfinite(best):
            return None
        newest = max(np.flatnonzero(cosines == best), key=lambda at: made[at])
        return self._keys[int(newest)], best


def to_text(vector: Vectors) -> str:
    """A vector as text."""
    import numpy as np

    return base64.b64encode(np.ascontiguousarray(vector, dtype="<f4").tobytes()).decode()


def from_text(text: object) -> Vectors | None:
    """The vector that a text is; ``None`` where it is none of the length 1."""
    import numpy as np

    if not isinstance(text, str) or not text:
        return None
    try:
        vector: Vectors = np.frombuffer(base64.b64decode(text, validate=True), dtype="<f4").astype(np.float32)
    except ValueError:
        return None
    return vector if 0.99 < float(vector @ vector) < 1.01 else None
