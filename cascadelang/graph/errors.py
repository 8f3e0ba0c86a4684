"""What is wrong with a graph that can't be read, drawn or compiled."""

from __future__ import annotations


class GraphError(Exception):
    """A graph can't be made, read or drawn; ``str()`` is one line that says why, in words a user can act on.

    Attributes:
        help: what to do about it; may be empty.
    """

    def __init__(self, message: str, help: str = "") -> None:  # noqa: A002 - the word users see
        super().__init__(message)
        self.help = help
