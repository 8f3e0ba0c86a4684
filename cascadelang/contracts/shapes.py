"""Shapes that a text can have: code, mathematics, web addresses, a wish for JSON.

Takes: a text. Gives: where the shape is, as a piece of the text, or ``None``. Guarantees: time linear in the text
(RE2); never raises. The signals ``has_code``, ``has_math``, ``has_url`` and ``wants_json`` say what each means.
"""

from __future__ import annotations

from typing import Final

from cascadelang.contracts.patterns import finder

_CODE_SHAPES: Final = (
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
_CODE: Final = "(?m)" + "|".join(f"(?:{shape})" for shape in _CODE_SHAPES)

_NUMBER: Final = r"(?:\d[\d,.]*)"
_LATEX: Final = (
    r"frac|sqrt|sum|int|prod|lim|cdot|times|leq?|geq?|neq|infty|partial|alpha|beta|theta|pi|"
    r"begin\{(?:align|equation|p?matrix)"
)
_EXERCISES: Final = (
    r"solve for [a-z]\b|derivative of|integral of|integrate|differentiate|square root of|factori[sz]e|"
    r"quadratic equation|system of equations|prime factor|least common multiple|greatest common divisor|"
    r"standard deviation of|determinant of|eigenvalues?|modulo \d|divisible by \d"
)
_MATHS_SHAPES: Final = (
    rf"\\(?:{_LATEX})\b",
    r"\\\([^\n]+?\\\)|\\\[[^\]]+\\\]|\$\$[^$]+\$\$",
    r"\$[^$\n]{0,80}[\\^_=][^$\n]{0,80}\$",  # $x^2$, not $5 and $10
    r"[∑∏∫√∂∇≤≥≠≈∞±∈∀∃]",
    rf"{_NUMBER}\s*[*\x{{D7}}÷^]\s*\(?-?{_NUMBER}",  # D7 is the multiplication sign
    rf"{_NUMBER}\s*\+\s*\(?-?{_NUMBER}",
    rf"{_NUMBER} [-\x{{2212}}/] \(?{_NUMBER}\b[^\n]{{0,40}}(?:=|\?)",  # 2212 is the minus sign
    (
        rf"\b{_NUMBER}?[a-z](?:\s*[-+*/]\s*{_NUMBER}?[a-z]?)?\s*=\s*-?{_NUMBER}(?:\s*[-+*/]\s*{_NUMBER})*"
        r"\s*(?:[.,;?]|$|\band\b)"
    ),
    r"\b[xyzn](?:\^\d|[²³])|\b(?:sin|cos|tan|log|ln|exp|sqrt)\s*\(|\bf\(x\)",
    rf"(?i:\b(?:{_EXERCISES}))",
    rf"(?i:{_NUMBER}\s?% of {_NUMBER}|\b{_NUMBER} (?:times|plus|minus|divided by|multiplied by) {_NUMBER})",
)
_MATHS: Final = "(?m)" + "|".join(f"(?:{shape})" for shape in _MATHS_SHAPES)

_ADDRESS: Final = r"(?i)\b(?:(?:https?|ftp)://[^\s<>\"']{2,}|www\.[a-z0-9-]+\.[a-z]{2,})"

_VERB: Final = (
    r"\b(?:return|respond|reply|answer|output|format|give|provide|extract|list|produce|generate|convert|present|"
    r"summari[sz]e|classify|render|express|turn|put|send|print|emit|encode|structure|fill)\b"
)
_ADJECTIVES: Final = (
    r"(?:(?:an?|one|single|valid|strict|raw|pure|plain|only|well-formed|minified|the|this|following|just)\s+)*"
)
_JSON_SHAPES: Final = (
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
_JSON: Final = "(?im)" + "|".join(f"(?:{shape})" for shape in _JSON_SHAPES)
_ABOUT_PROGRAMS: Final = (
    r"(?i)\b(?:functions?|code|scripts?|programs?|parsers?|class|library|libraries|method|endpoint|api|python|javascript|"
    r"java|golang|rust|comments?|difference|work|possible|allowed)\b"
)


def code_in(text: str) -> str | None:
    """Source code, a stack trace or a shell session."""
    return finder(_CODE)(text)


def mathematics_in(text: str) -> str | None:
    """Mathematics."""
    return finder(_MATHS)(text)


def address_in(text: str) -> str | None:
    """A web address."""
    if "://" not in text and "www." not in text.lower():
        return None
    return finder(_ADDRESS)(text)


def json_wished_in(text: str) -> str | None:
    """A wish for JSON output."""
    if "json" not in text.lower():
        return None
    found = finder(_JSON)(text)
    return None if found is None or finder(_ABOUT_PROGRAMS)(found) is not None else found
