"""What an embedder promises: texts become vectors of length 1, whose product says how alike two texts are.

Takes: texts. Gives: a matrix, one row a text, in the order of the texts. Guarantees: every row has the length 1 (so
the cosine of two is their product, from -1 to 1), the same text gives the same row, in whatever company, up to the
last bits of a float; an embedder's ``name`` changes when its vectors do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vectors = npt.NDArray[np.float32]
    """A matrix of floats: one row a text."""


class Embedder(Protocol):
    """Turns texts into vectors. One instance serves a whole process and may be used from any thread.

    Attributes:
        name: the encoder with its version: vectors of embedders with different names can't be compared, so it is a
            part of every key that a vector is kept under.
        size: how many numbers a vector has.
    """

    name: str
    size: int

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of some texts, as ``float32`` of shape ``(len(texts), size)``.

        It computes: some milliseconds a text, and a second once to load. A coroutine calls it through
        `cascadelang.embedding.off_loop`.
        """
        ...
