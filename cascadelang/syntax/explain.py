"""Why a token fits nowhere, in words.

Takes: the machine as it stopped, and the change that would mend it. Gives: the diagnostic.
Guarantees: names no terminal of the grammar; says what was expected where that is certain, and quotes what was found.

What surrounds the mistake is read off the machine's stack: the words and signs still waiting there (``route``, ``[``)
are the forms that are open.
"""

from __future__ import annotations

from cascadelang.diagnostics.model import Diagnostic, Fix, Label
from cascadelang.diagnostics.suggest import did_you_mean
from cascadelang.source import Span
from cascadelang.syntax import bad_tokens
from cascadelang.syntax.bad_tokens import DECLARATIONS, STRATEGIES
from cascadelang.syntax.changes import REST_LEFT_OUT, Change
from cascadelang.syntax.habits import habit
from cascadelang.syntax.machine import Machine

_CLOSERS = {"RIGHT_PAREN": ("(", ")"), "RIGHT_BRACKET": ("[", "]"), "RIGHT_BRACE": ("{", "}")}
_SPLIT = frozenset(["->", "<=", ">=", "!="])
"""Signs whose halves never stand side by side."""
_OPENING = {closing: opening for opening, closing in _CLOSERS.values()}
_VALUES = {
    "NAME": "a name",
    "TEXT": "a text in quotes",
    "NUMBER": "a number",
    "MONEY": "an amount of money, such as `$0.05`",
    "DURATION": "a duration, such as `20s`",
    "PERCENT": "a share, such as `90%`",
    "COUNT": "a count, such as `4k`",
}
_COMPARISONS = frozenset(["EQUAL", "UNEQUAL", "LESS", "AT_MOST", "MORE", "AT_LEAST"])
_OPTIONAL = frozenset(
    [
        "UNTIL",
        "FROM",
        "ORDER",
        "CARRY",
        "OTHERWISE",
        "WITHIN",
        "RETRY",
        "CACHED",
        "WITH_FIELDS",
        "AND",
        "OR",
        "IN",
        "NOT",
        "IS",
        "PLUS",
        "MINUS",
        "STAR",
        "SLASH",
        "DOT",
        "LEFT_PAREN",
        *_COMPARISONS,
    ]
)
_BELONGS = {
    "else": "`else` belongs to a `route`, a `signal` or, as `else pass`, to a `check`",
    "then": "an arm is written `condition -> strategy`",
    "if": "a choice is written `route condition -> strategy else strategy`",
    "after": "`after` belongs to `hedge`: `hedge a after 2s with b`",
    "by": "`by` follows `route`, `order`, `split { … }` or `vote [ … ]`",
    "on": "`on` belongs to `shadow`: `shadow a with b on 5%`; a fallback moves on `when rate_limit or server`",
    "when": "`when` belongs to a `fallback` or an `alert`",
    "until": "`until` belongs to a `cascade`",
    "otherwise": "`otherwise` belongs to a `cascade`; what a `route` does for the rest follows `else`",
    "over": "`over` belongs to an `alert`",
}
"""Where words belong, for those that are met elsewhere."""
_NEEDS_NAME = DECLARATIONS - {"use", "alert", "test", "require"}
_STRATEGY_HELP = (
    "a strategy is the name of a model, tier or policy, or begins with `route`, `cascade`, `fallback`, `hedge`, "
    "`split`, `shadow` or `vote`"
)
_DECLARATION_HELP = (
    "declarations start with `use`, `provider`, `model`, `tier`, `signal`, `check`, `tune`, `policy`, `require`, "
    "`alert` or `test`"
)


def explain(machine: Machine, index: int, change: Change | None) -> Diagnostic:
    """The diagnostic for the token at ``index``; ``change`` is what would mend it, if anything does."""
    return _Explanation(machine, index, change).diagnostic()


def too_many(machine: Machine, index: int, most: int) -> Diagnostic:
    """What is said when the rest of a file isn't read."""
    tokens = machine.tokens
    index = min(index, len(tokens.starts) - 1)
    return Diagnostic(
        "too-many-errors",
        "error",
        f"more than {most} mistakes; the rest of the file was not read",
        Span(machine.builder.path, tokens.starts[index], tokens.ends[index]),
        help="correct the ones above first",
    )


class _Explanation:
    """One token that doesn't fit, and what can be said of it."""

    def __init__(self, machine: Machine, index: int, change: Change | None) -> None:
        self.machine = machine
        self.tokens = machine.tokens
        self.index = index
        self.change = change
        self.path = machine.builder.path
        self.text = machine.text
        self.signs = {kind: sign for sign, kind in machine.tables.signs.items()}
        self.words = {kind: word for word, kind in machine.tables.words.items()}
        self.at = change.at if change and change.at < index else index

    # ---- Places and words

    def span(self, index: int) -> Span:
        return Span(self.path, self.tokens.starts[index], self.tokens.ends[index])

    def gap(self, index: int) -> Span:
        """The place just after the token before ``index``: where something is missing."""
        end = self.tokens.ends[index - 1] if index else 0
        return Span(self.path, end, end)

    def said(self, index: int) -> str:
        """A token as it was written, shortened, in backticks."""
        if self.tokens.kinds[index] == "$END":
            return "the end of the file"
        start, end = self.tokens.starts[index], self.tokens.ends[index]
        written = self.text[start:end] or self.tokens.texts[index]
        written = written.replace("\n", " ")
        return f"`{written[:37]}…`" if len(written) > 40 else f"`{written}`"

    def after(self, index: int) -> str:
        return f" after {self.said(index - 1)}" if index else ""

    def tell(
        self,
        name: str,
        message: str,
        span: Span,
        *,
        label: str = "",
        help: str = "",  # noqa: A002
        related: tuple[Label, ...] = (),
        fix: Fix | None = None,
    ) -> Diagnostic:
        return Diagnostic(name, "error", message, span, label, help, (), related, fix)

    def waiting(self) -> list[int]:
        """The tokens still waiting on the stack: the forms that are open, outermost first."""
        return [value for value in self.machine.values if isinstance(value, int)]

    def opener(self, closer: str) -> int | None:
        """The innermost open bracket that ``closer`` would close."""
        sign = _CLOSERS[closer][0]
        return next((at for at in reversed(self.waiting()) if self.tokens.texts[at] == sign), None)

    def innermost(self) -> str:
        """The innermost word that is open."""
        waiting = [self.tokens.texts[at] for at in self.waiting() if self.tokens.kinds[at] == "NAME"]
        return next((word for word in reversed(waiting) if word in self.machine.tables.words), "")

    def expected(self) -> set[str]:
        """The terminals that fit."""
        row = self.machine.tables.actions[self.machine.states[-1]]
        return {kind for kind in row if kind.isupper() and self.machine.accepts(self.machine.states, kind)}

    # ---- What to say

    def diagnostic(self) -> Diagnostic:
        told = self.special()
        if told:
            return told
        change = self.change
        if change is None or change.cost >= REST_LEFT_OUT:
            return self.unexpected()
        if change.swap:
            return self.tell(
                "unexpected",
                f"{self.said(self.at)} and {self.said(self.at + 1)} are the wrong way round",
                self.span(self.at).to(self.span(self.at + 1)),
                help=f"write {self.said(self.at + 1)} before {self.said(self.at)}",
            )
        if not change.put:
            return self.superfluous()
        if change.removed:
            return self.instead(change.put[0])
        return self.missing(change.put[0])

    def special(self) -> Diagnostic | None:
        """Mistakes with an explanation of their own."""
        tokens, index = self.tokens, self.index
        for at in (index, index - 1, index - 2):
            if 0 <= at < len(tokens.kinds) and tokens.kinds[at] == "NAME":
                run = bad_tokens.glued(self.text, tokens.starts[at])
                if (
                    "-" in run
                    and tokens.starts[at] + len(run) >= tokens.ends[index] - 1
                    and "->" not in self.text[tokens.starts[at] : tokens.starts[at] + len(run) + 1]
                ):
                    return bad_tokens.hyphenated(self.machine.builder.source, tokens.starts[at], run)
        if index and (sign := "".join(tokens.texts[index - 1 : index + 1])) in _SPLIT:
            apart = self.span(index - 1).to(self.span(index))
            if self.text[apart.start : apart.end].replace(" ", "") == sign:
                return self.tell(
                    "wrong-sign",
                    f"`{sign}` is written as one",
                    apart,
                    help=f"write `{sign}`, without the space",
                    fix=Fix(apart, sign, f"change to `{sign}`"),
                )
        expected = self.expected()
        if expected <= {"TEXT", "LONG_TEXT"} and tokens.kinds[index] == "NAME":
            run = self.text[tokens.starts[index] :].split(None, 1)[0].split(")")[0].split("{")[0].strip(",")
            return self.tell(
                "missing-quotes",
                f"expected a text in quotes{self.after(index)}",
                Span(self.path, tokens.starts[index], tokens.starts[index] + len(run)),
                help=f'write `"{run}"`',
            )
        if index > 1 and tokens.texts[index - 2 : index] == ["route", "else"]:
            return self.tell(
                "missing-value",
                f"expected a condition before {self.said(index - 1)}",
                self.span(index - 1),
                help="a `route` without conditions is a strategy alone: leave `route else` out",
            )
        if self.machine.states[-1] in self.machine.base or self.at_declaration(expected):
            return self.no_declaration()
        return None

    def at_declaration(self, expected: set[str]) -> bool:
        """Whether the mistake stands at the start of a line, where the declaration before it could end."""
        return (
            "SIGNAL" in expected
            and self.tokens.kinds[self.index] != "$END"
            and self.machine.first_on_line(self.index)
            and not (self.change and self.change.put and self.change.put[0] not in self.words)
        )

    def no_declaration(self) -> Diagnostic:
        """About what starts a line and is no declaration."""
        tokens, index = self.tokens, self.index
        if tokens.kinds[index] in ("RIGHT_PAREN", "RIGHT_BRACKET", "RIGHT_BRACE"):
            return self.superfluous_bracket(index)
        word = tokens.texts[index]
        if tokens.kinds[index] == "NAME":
            meant = did_you_mean(word, DECLARATIONS | STRATEGIES)
            if meant and tokens.kinds[index + 1] in ("NAME", "TEXT", "LONG_TEXT", "LEFT_BRACKET", "LEFT_BRACE"):
                return self.tell(
                    "unexpected",
                    f"`{word}` doesn't start a declaration",
                    self.span(index),
                    help=f"did you mean `{meant}`?",
                    fix=Fix(self.span(index), meant, f"write `{meant}`"),
                )
            if tokens.kinds[index + 1] in ("BIND", "COLON"):
                return self.tell(
                    "unexpected",
                    f"`{word}` is declared without a word that says what it is",
                    self.span(index),
                    help=f"write `signal {word} = …`, `check {word} = …`, `tier {word} = …` or `policy {word} = …`",
                )
            if tokens.kinds[index + 1] == "$END" or self.machine.first_on_line(index + 1):
                return self.tell(
                    "bare-name",
                    f"`{word}` alone is not a policy",
                    self.span(index),
                    help=f"write `policy main = {word}`",
                    fix=Fix(self.span(index), f"policy main = {word}", "make it the policy `main`"),
                )
        return self.tell(
            "unexpected", f"{self.said(index)} doesn't start a declaration", self.span(index), help=_DECLARATION_HELP
        )

    def superfluous(self) -> Diagnostic:
        at = self.at
        if self.tokens.kinds[at] in ("RIGHT_PAREN", "RIGHT_BRACKET", "RIGHT_BRACE"):
            return self.superfluous_bracket(at)
        span = self.span(at)
        if at and self.tokens.texts[at] == self.tokens.texts[at - 1]:
            return self.tell(
                "unexpected",
                f"{self.said(at)} stands here twice",
                span,
                help="delete one of them",
                fix=Fix(span, "", "delete the second one"),
            )
        return self.unexpected()

    def superfluous_bracket(self, at: int) -> Diagnostic:
        closing = self.tokens.texts[at]
        return self.tell(
            "unmatched-bracket",
            f"this `{closing}` closes nothing",
            self.span(at),
            help=f"delete it, or open it with `{_OPENING[closing]}`",
        )

    def missing(self, kind: str) -> Diagnostic:  # noqa: PLR0911 - one case after the other
        """About a token that isn't there."""
        at = self.at
        if kind in _CLOSERS:
            return self.unclosed(kind, at)
        if kind == "COMMA":
            gap = self.gap(at)
            return self.tell(
                "missing-comma",
                f"expected `,` between {self.said(at - 1)} and {self.said(at)}",
                gap,
                help="write a comma",
                fix=Fix(gap, ",", "write a comma"),
            )
        if kind == "ARROW":
            return self.tell(
                "missing-arrow", f"expected `->` {self.arrow_place(at)}", self.place(at), help=self.arrow_help()
            )
        if kind in _VALUES:
            return self.missing_value(at)
        written = self.signs.get(kind) or self.words.get(kind, "")
        if kind in _COMPARISONS:
            return self.tell(
                "unexpected", f"expected a comparison, such as `==` or `<=`{self.after(at)}", self.place(at)
            )
        if kind.lower() in DECLARATIONS:
            return self.tell(
                "unexpected", f"{self.said(at)} doesn't start a declaration", self.span(at), help=_DECLARATION_HELP
            )
        if self.is_guess(kind):
            return self.unexpected()
        if at and self.tokens.texts[at - 1] == written:  # it stands there, and was taken for the name that is missing
            message = f"expected a name before {self.said(at - 1)}"
            return self.tell("missing-value", message, self.span(at - 1))
        return self.tell(
            "unexpected", f"expected `{written}`{self.after(at)}", self.place(at), help=f"write `{written}` here"
        )

    def is_guess(self, kind: str) -> bool:
        """Whether a terminal is only one of many that fit, so that naming it would mislead."""
        if self.change is not None and self.change.slip:
            return False
        return kind in _OPTIONAL or (kind in self.words and len(self.expected() - _OPTIONAL) > 4)

    def place(self, at: int) -> Span:
        """What to underline where something is missing before ``at``: the token there, if it is on the same line."""
        if self.tokens.kinds[at] == "$END" or self.machine.first_on_line(at):
            return self.gap(at)
        return self.span(at)

    def arrow_place(self, at: int) -> str:
        word = self.innermost()
        if word == "split":
            return "after the share"
        if word == "by":
            return f"after the label {self.said(at - 1)}"
        return "after the condition"

    def arrow_help(self) -> str:
        word = self.innermost()
        if word == "split":
            return "a share is written `90% -> opus`"
        return (
            "an arm is written `condition -> strategy`" if word != "by" else "an arm is written `label -> strategy`"
        )

    def unclosed(self, kind: str, at: int) -> Diagnostic:
        opening, closing = _CLOSERS[kind]
        opener = self.opener(kind)
        related = (Label(self.span(opener), f"this `{opening}` is not closed"),) if opener is not None else ()
        return self.tell(
            "unclosed-bracket",
            f"unclosed `{opening}`: expected `{closing}`{self.after(at)}",
            self.gap(at),
            help=f"close it with `{closing}`",
            related=related,
        )

    def missing_value(self, at: int) -> Diagnostic:
        before = self.tokens.texts[at - 1] if at else ""
        if before in _NEEDS_NAME and "BIND" not in self.expected():
            return self.tell(
                "missing-name", f"`{before}` needs a name", self.place(at), help=f"write `{before} some_name = …`"
            )
        what = self.phrase()
        help_ = _STRATEGY_HELP if what == "a strategy" else ""
        message = f"expected {what or 'something'}{self.after(at)}"
        return self.tell("missing-value", message, self.place(at), label=self.found(at), help=help_)

    def found(self, at: int) -> str:
        return "" if self.place(at).start == self.place(at).end else f"found {self.said(at)}"

    def phrase(self) -> str:
        """What is expected, as one phrase; empty if it is too many things."""
        expected = self.expected() if self.at == self.index else set()
        if "SIGNAL" not in expected and len(expected) > 5:  # more is needed: leave out what needn't be
            expected = expected - _OPTIONAL or expected
        if not expected:
            return _VALUES.get(self.change.put[0], "a value") if self.change and self.change.put else "a value"
        if "CASCADE" in expected and "NAME" in expected:
            return "a strategy" if "LAST" not in expected else "`last`, `best`, `fail` or a strategy"
        if {"NUMBER", "TEXT", "NAME"} <= expected:
            return "a value" if self.innermost() not in ("route", "until", "when", "not") else "a condition"
        named = [words for kind, words in _VALUES.items() if kind in expected]
        named += [f"`{self.words[kind]}`" for kind in sorted(expected) if kind in self.words and kind not in _VALUES]
        named += [f"`{self.signs[kind]}`" for kind in sorted(expected) if kind in self.signs]
        if not named or len(named) > 5:
            return ""
        return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} or {named[-1]}"

    def instead(self, kind: str) -> Diagnostic:  # noqa: PLR0911 - one case after the other
        """About a token that stands for another one."""
        at = self.at
        written = self.tokens.texts[at]
        meant = self.signs.get(kind) or self.words.get(kind, "")
        span = self.span(at)
        if kind in _CLOSERS and self.tokens.kinds[at] in _CLOSERS:
            return self.mismatched(kind, at)
        if meant and written in ("=", "==", ":"):
            why = {
                "=": "`=` binds a name to what it means",
                "==": "`==` compares two values",
                ":": "`:` stands between a key and its value",
            }
            return self.tell(
                "wrong-sign",
                f"`{written}` stands where `{meant}` is meant",
                span,
                help=f"{why[written]}; write `{meant}` here",
                fix=Fix(span, meant, f"write `{meant}`"),
            )
        if meant and self.is_guess(kind):
            return self.unexpected()
        if meant:
            close = self.change is not None and self.change.cost < 0.9
            name = "missing-arrow" if kind == "ARROW" else "unexpected"
            message = f"expected `{meant}`{self.after(at)}, found {self.said(at)}"
            if close and written.isalpha() and kind in self.words:
                message, name = f"`{written}` is not a word that fits here", "unexpected"
                return self.tell(
                    name, message, span, help=f"did you mean `{meant}`?", fix=Fix(span, meant, f"write `{meant}`")
                )
            usual = habit(self.tokens.texts, self.tokens.kinds, at)
            fix = Fix(span, meant, f"write `{meant}`") if close and not usual else None
            return self.tell(name, message, span, help=usual or f"write `{meant}`", fix=fix)
        what = self.phrase()
        if not what:
            return self.unexpected()
        help_ = habit(self.tokens.texts, self.tokens.kinds, at)
        if self.tokens.kinds[at] == "NUMBER" and kind == "PERCENT":
            help_ = f"write `{written}%`"
        elif self.tokens.kinds[at] == "NUMBER" and at and self.tokens.texts[at - 1] == "when":
            help_ = "say the kind of failure: 429 is `rate_limit`, 5xx is `server`"
        return self.tell("unexpected", f"expected {what}{self.after(at)}, found {self.said(at)}", span, help=help_)

    def mismatched(self, kind: str, at: int) -> Diagnostic:
        opening, closing = _CLOSERS[kind]
        opener = self.opener(kind)
        related = (Label(self.span(opener), f"this `{opening}` is closed here"),) if opener is not None else ()
        return self.tell(
            "unmatched-bracket",
            f"`{opening}` is closed with `{self.tokens.texts[at]}`",
            self.span(at),
            help=f"write `{closing}`",
            related=related,
        )

    def unexpected(self) -> Diagnostic:
        """When only the token itself can be named."""
        at = self.at = self.index
        what = self.phrase()
        after = self.after(at)
        if self.tokens.kinds[at] == "$END":
            return self.tell("unexpected", f"the file ends too early: expected {what or 'more'}{after}", self.gap(at))
        if what and self.machine.begins(at):
            return self.tell("missing-value", f"expected {what}{after}", self.gap(at))
        help_ = _BELONGS.get(self.tokens.texts[at], "") if self.tokens.kinds[at] == "NAME" else ""
        help_ = habit(self.tokens.texts, self.tokens.kinds, at) or help_
        if what:
            return self.tell(
                "unexpected", f"expected {what}{after}, found {self.said(at)}", self.span(at), help=help_
            )
        return self.tell("unexpected", f"{self.said(at)} doesn't fit{after}", self.span(at), help=help_)
