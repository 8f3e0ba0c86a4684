"""Where a text visibly breaks off.

Takes: an answer's text. Gives: how it shows that its end is missing, or the empty text. Guarantees: linear time.
"""

from __future__ import annotations

from cascadelang.checks._fences import blocks
from cascadelang.checks._json_value import unclosed


def cut_at(text: str) -> str:
    """How the text shows that it was cut off, in words; empty when it doesn't show."""
    body = text.strip()
    if not body:
        return ""
    fenced = blocks(body)
    if fenced and not fenced[-1].closed:
        return "a fenced block is never closed"
    if _json_like(body) and unclosed(body):
        return "the JSON ends inside itself"
    if body[-1] in ",([{、\uff0c\uff08「":
        return f"the answer ends in `{body[-1]}`"
    return ""


def _json_like(body: str) -> bool:
    """Whether the text sets out to be a JSON object or list, rather than prose that starts with a bracket."""
    inside = body[1:].lstrip()[:1]
    return (body[0] == "{" and inside in ('"', "")) or (body[0] == "[" and inside in ("{", "[", '"', ""))
