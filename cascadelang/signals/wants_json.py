"""Whether the answer is wanted as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.patterns import finder
from cascadelang.contracts.spec import Spec
from cascadelang.signals._scope import scope_of, text_of

_VERB: Final = (
    r"\b(?:return|respond|reply|answer|output|format|give|provide|extract|list|produce|generate|convert|present|"
    r"summari[sz]e|classify|render|express|turn|put|send|print|emit|encode|structure|fill)\b"
)
_ADJECTIVES: Final = (
    r"(?:(?:an?|one|single|valid|strict|raw|pure|plain|only|well-formed|minified|the|this|following|just)\s+)*"
)
_SHAPES: Final = (
    _VERB + r"[^.?!\n]{0,120}\b(?:as|in|into|using|with)\s+" + _ADJECTIVES + r"json\b",
    r"\b(?:return|respond|reply|answer|output|emit|produce|generate|give me|provide)\s+(?:with\s+|in\s+|as\s+|me\s+)*"
    + _ADJECTIVES
    + r"json\b",
    r"\b(?:only|just)\s+(?:valid\s+|raw\s+)?json\b|\bjson\s+only\b",
    r"\bno (?:text|prose) (?:outside|besides) (?:of )?the json",
    r"\b(?:as|in)\s+" + _ADJECTIVES + r"json(?:\s+(?:object|array|format|form))?\s*(?:[:.!]|$|with the)",
    r"\b(?:with|having|match(?:es|ing)?|follow(?:s|ing)?) (?:the|this) (?:following )?json[ -]?schema\b",
    r"\bals json\b|\ben (?:formato |format )?json\b|\bau format json\b|\bim json-format\b",
    r"以\s*json|json\s*格式|json\s*形式で|jsonで(?:返|出|答|回)",
)
_PATTERN: Final = "(?im)" + "|".join(f"(?:{shape})" for shape in _SHAPES)
_ABOUT_PROGRAMS: Final = (
    r"(?i)\b(?:functions?|code|scripts?|programs?|parsers?|class|library|libraries|method|endpoint|api|python|javascript|"
    r"java|golang|rust|comments?|difference|work|possible|allowed)\b"
)


class WantsJson:
    """``wants_json``."""

    spec: ClassVar[Spec] = Spec(
        name="wants_json",
        kind="signal",
        summary="whether the answer is wanted as JSON",
        doc="""
True when the caller asked for JSON output (a response format or a schema), or the text does: "reply as JSON", "output
valid JSON only", "extract … into a JSON object", and the same in German, French, Spanish, Chinese and Japanese.
A mere mention ("what is JSON?", "write a function that returns JSON") is not a wish.
""",
        always_known=True,
        examples=("wants_json",),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._scope = scope_of(args)

    def read(self, query: Query) -> Finding:
        """See `Signal.read`."""
        if query.wants_json:
            return Finding(value=True, reason="the caller asked for JSON output")
        text = text_of(query, self._scope)
        if "json" not in text.lower():
            return Finding(value=False)
        found = finder(_PATTERN)(text)
        if found is None or finder(_ABOUT_PROGRAMS)(found) is not None:
            return Finding(value=False)
        return Finding(value=True, reason=f"the text says `{found.strip()[:80]}`")


SIGNAL = WantsJson
