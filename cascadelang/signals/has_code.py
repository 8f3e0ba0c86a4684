"""Whether the query holds source code, a stack trace or a shell session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from cascadelang.contracts.check import Finding
from cascadelang.contracts.messages import Query
from cascadelang.contracts.patterns import finder
from cascadelang.contracts.spec import Spec
from cascadelang.signals._scope import scope_of, text_of

_SHAPES: Final = (
    r"^[ \t]{0,3}(?:```|~~~)",  # a fenced block
    r"Traceback \(most recent call last\)",
    r'^\s*File "[^"\n]+", line \d+',
    r"^\s+at [\w$.<>]+\([\w.$ :/\\-]*\)",  # a frame of Java or JavaScript
    r"^\s*(?:async )?def \w+\([^)\n]*\)[^:\n]{0,60}:",
    r"^\s*class \w+(?:\([\w., =]*\)):\s*$",
    r"^\s*from [\w.]+ import [\w*, ()]+$",
    r"^\s*import [\w]+(?:\.\w+)+;?\s*$|^\s*import \w+ as \w+\s*$|^\s*import [\w{}*, ]+ from ['\"]",
    r"^\s*#include\s*[<\"]|^#!/",
    r"\bfunction\s*\w*\s*\([^)\n]*\)\s*\{|\)\s*=>\s*[{(\w]|\b(?:const|let|var) \w+ = ",
    r"\b(?:public|private|protected) (?:static )?(?:final )?[\w<>\[\]]+ \w+\s*[(=;]",
    r"\bfunc (?:\([^)\n]*\) )?\w+\([^)\n]*\)|\bfn \w+(?:<[^>\n]*>)?\(",
    r"\bSELECT\b[^;]{1,300}\bFROM\b|\bINSERT INTO \w|\bCREATE TABLE \w|\bUPDATE \w+ SET\b",
    r"(?i)\bselect \* from \w",
    r"</(?:div|span|p|a|html|body|script|table|td|tr|li|ul|head|style|button|form|h[1-6])>|<\?(?:php|xml)\b",
    r"\b(?:console\.log|System\.out\.print(?:ln)?|printf?|println!|std::\w+)\s*(?:\(|<<|::)",
    r"^[^\n]*(?:\w\(|\w ?[-+*/]?= ?\w|\{)[^\n]*[;{}]\s*$",  # statements that end in semicolons, blocks in braces
    r"[(,]\s*\w+ => \w",
    r"^\s*(?:\$|>>>) \S",  # a prompt of a shell or of Python
    r"^\s*(?:for|while|if) [^\n]{1,120}:\s*\n[ \t]+\w+[\w.]*(?: [-+*/]?= |\()",
    r"\b\w+(?:\.\w+)*\([^()\n]*\)\s*;|\w+(?:\.\w+)+\([\w\"'=, .]*\)",  # a call
    r"^\s*\w+(?:\[[\w'\"]+\])? [-+*/]?= (?:\w+\(|\[|\{|['\"])",  # an assignment of a call or a literal
    r"(?:Error|Exception): [^\n]{3,}\n\s+at |\b(?:Type|Value|Key|Name|Index|Attribute|Syntax|Reference)Error:? ",
)
_PATTERN: Final = "(?m)" + "|".join(f"(?:{shape})" for shape in _SHAPES)


class HasCode:
    """``has_code``."""

    spec: ClassVar[Spec] = Spec(
        name="has_code",
        kind="signal",
        summary="whether the query holds source code, a stack trace or a shell session",
        doc="""
Looks for shapes that prose doesn't have: fenced blocks, definitions and imports of the usual languages, stack traces
and error names, SQL, markup, calls, lines that end in semicolons, prompts. Talk *about* code ("write a function that
sorts a list") is not code: `contains(["code", "function"])` finds that.
""",
        always_known=True,
        examples=("has_code", "has_code and tokens > 200"),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._scope = scope_of(args)

    def read(self, query: Query) -> Finding:
        """See `Signal.read`."""
        found = finder(_PATTERN)(text_of(query, self._scope))
        return Finding(found is not None, f"code at `{found.strip()[:60]}`" if found is not None else "")


SIGNAL = HasCode
