"""The abstract syntax: one frozen class per form of the language.

Spans say where a node was written and take no part in equality, so that two files that say the same compare equal.
Nothing is ever written onto a node: what later passes find out stands in tables of their own (``semantics.checked``).
"""

from __future__ import annotations

import typing as t
from dataclasses import field
from decimal import Decimal

from cascadelang.source import NO_SPAN, Span
from cascadelang.source.frozen import dataclass


class Node:
    """What every form of the language is."""

    __slots__ = ()
    __match_args__: t.ClassVar[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A name where it is written: ``opus``, ``m.haiku`` (parts ``("m", "haiku")``), ``meta.plan``."""

    parts: tuple[str, ...]
    span: Span = field(default=NO_SPAN, compare=False)

    def __str__(self) -> str:
        return ".".join(self.parts)


# ---- Expressions ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text(Node):
    """A text in quotes, unescaped; ``long`` remembers the three-quote form."""

    value: str
    long: bool = False
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Regex(Node):
    """``/pattern/flags``, an escaped slash unescaped; flags out of ``i``, ``m``, ``s``."""

    pattern: str
    flags: str = ""
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A plain number; ``text`` is how it was written (``0.80``)."""

    value: Decimal
    text: str = field(default="", compare=False)
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Count(Node):
    """``4k`` (4,000), ``2M`` (2,000,000)."""

    value: int
    text: str = field(default="", compare=False)
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Percent(Node):
    """``60%``; the value is the share, 0.6."""

    value: Decimal
    text: str = field(default="", compare=False)
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Money(Node):
    """``$0.02``, in US dollars."""

    value: Decimal
    text: str = field(default="", compare=False)
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Duration(Node):
    """``250ms``, ``8s``, ``5m``, ``12h``, ``30d``; the value is in seconds."""

    value_s: Decimal
    text: str = field(default="", compare=False)
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Bool(Node):
    """``true`` or ``false``."""

    value: bool
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class ListExpr(Node):
    """``[a, b]``."""

    items: tuple[Expr, ...]
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Entry(Node):
    """``key: value`` in a record or a declaration's braces."""

    key: str
    value: Expr
    key_span: Span = field(default=NO_SPAN, compare=False)
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Record(Node):
    """``{ key: value, … }``."""

    entries: tuple[Entry, ...]
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Price(Node):
    """``$1 / $5``: US dollars per million tokens in and out. Only a model's ``price`` takes it."""

    input: Money
    output: Money
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Ref(Node):
    """A name used as a value: a signal, check, tune, label, model, or a catalogue entry without parentheses."""

    name: Name
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Arg(Node):
    """An argument: positional when ``name`` is empty."""

    value: Expr
    name: str = ""
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Call(Node):
    """``name(args)``."""

    name: Name
    args: tuple[Arg, ...]
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Not(Node):
    """``not x``."""

    value: Expr
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """``a and b and c`` or ``a or b``; never mixed without parentheses."""

    op: t.Literal["and", "or"]
    values: tuple[Expr, ...]
    span: Span = field(default=NO_SPAN, compare=False)


CompareOp = t.Literal["==", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """``a >= b``; comparisons don't chain."""

    op: CompareOp
    left: Expr
    right: Expr
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class In(Node):
    """``x in [a, b]`` or, ``negated``, ``x not in [a, b]``."""

    value: Expr
    items: ListExpr
    negated: bool = False
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class IsMissing(Node):
    """``meta.plan is missing`` or, ``negated``, ``meta.plan is not missing``."""

    value: Ref
    negated: bool = False
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Arith(Node):
    """``a + b``, ``- * /``."""

    op: t.Literal["+", "-", "*", "/"]
    left: Expr
    right: Expr
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Negative(Node):
    """``-x``."""

    value: Expr
    span: Span = field(default=NO_SPAN, compare=False)


Literal = Text | Regex | Number | Count | Percent | Money | Duration | Bool
Expr = Literal | ListExpr | Record | Price | Ref | Call | Not | Logic | Compare | In | IsMissing | Arith | Negative


# ---- Strategies -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NameStrategy(Node):
    """A model, tier or policy by name."""

    name: Name
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Arm(Node):
    """``condition -> strategy`` of a ``route``."""

    condition: Expr
    strategy: Strategy
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Route(Node):
    """``route c1 -> s1, c2 -> s2 else s3``. ``otherwise`` (the ``else``) is ``None`` only if it is missing."""

    arms: tuple[Arm, ...]
    otherwise: Strategy | None
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class LabelArm(Node):
    """``label -> strategy`` of a ``route by``."""

    label: str
    strategy: Strategy
    label_span: Span = field(default=NO_SPAN, compare=False)
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class RouteBy(Node):
    """``route by label a -> s1, b -> s2 else s3``."""

    by: Expr
    arms: tuple[LabelArm, ...]
    otherwise: Strategy | None
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Rung(Node):
    """One rung; ``until`` is its own gate, ``None`` for the cascade's."""

    strategy: Strategy
    until: Expr | None = None
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Otherwise(Node):
    """What a cascade does when no rung passes: ``last``, ``best``, ``fail`` or a strategy."""

    kind: t.Literal["last", "best", "fail", "strategy"]
    strategy: Strategy | None = None
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Cascade(Node):
    """``cascade [s1, s2] until check from signal order by … carry … otherwise …``; the clauses in any order."""

    rungs: tuple[Rung, ...]
    until: Expr | None = None
    start: Expr | None = None
    order_by: Expr | None = None
    carry: t.Literal["draft", "reasons"] | None = None
    otherwise: Otherwise | None = None
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Fallback(Node):
    """``fallback [a, b]``, or ``fallback [a, b] when rate_limit or server``.

    ``when`` names the kinds of failure that move on; empty for all that do unless said.
    """

    members: tuple[Strategy, ...]
    when: tuple[Name, ...] = ()
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Hedge(Node):
    """``hedge a after 2s with b``."""

    first: Strategy
    after: Duration
    second: Strategy
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Share(Node):
    """``90% -> a`` of a ``split``."""

    share: Percent
    strategy: Strategy
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Split(Node):
    """``split { 90% -> a, 10% -> b } by meta.user``."""

    shares: tuple[Share, ...]
    by: Expr | None
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Shadow(Node):
    """``shadow a with b on 5%``."""

    live: Strategy
    beside: Strategy
    share: Percent | None
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Vote(Node):
    """``vote [a, b, c] by judge(…)``."""

    members: tuple[Strategy, ...]
    by: Expr | None = None
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Within(Node):
    """``strategy within $0.05 and 20s``; at least one of the two."""

    strategy: Strategy
    money: Money | None = None
    time: Duration | None = None
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Retry(Node):
    """``strategy retry 2``: every call inside is tried up to that many times more."""

    strategy: Strategy
    times: Number
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Cached(Node):
    """``strategy cached 1d`` or ``cached 1d similar 0.97``."""

    strategy: Strategy
    ttl: Duration
    similar: Number | None = None
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class With(Node):
    """``strategy with { temperature: 0 }``: settings for every call inside."""

    strategy: Strategy
    fields: Record
    span: Span = field(default=NO_SPAN, compare=False)


Strategy = (
    NameStrategy
    | Route
    | RouteBy
    | Cascade
    | Fallback
    | Hedge
    | Split
    | Shadow
    | Vote
    | Within
    | Retry
    | Cached
    | With
)


# ---- Declarations -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Use(Node):
    """``use "file.cl" as m``."""

    path: Text
    alias: str = ""
    alias_span: Span = field(default=NO_SPAN, compare=False)
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class ProviderDecl(Node):
    """``provider acme = openai { … }``."""

    name: str
    kind: Name
    fields: Record
    name_span: Span = field(default=NO_SPAN, compare=False)
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class ModelDecl(Node):
    """``model haiku = anthropic("claude-haiku-4-5") { … }``."""

    name: str
    provider: Name
    model: Text
    fields: Record
    name_span: Span = field(default=NO_SPAN, compare=False)
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class TierDecl(Node):
    """``tier cheap = fallback [haiku, mini]``."""

    name: str
    strategy: Strategy
    name_span: Span = field(default=NO_SPAN, compare=False)
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class SignalDecl(Node):
    """``signal topic: {a, b} = expr else value``."""

    name: str
    expr: Expr
    labels: tuple[Name, ...] | None = None
    default: Expr | None = None
    name_span: Span = field(default=NO_SPAN, compare=False)
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class CheckDecl(Node):
    """``check sound = expr else pass``."""

    name: str
    expr: Expr
    else_pass: bool = False
    name_span: Span = field(default=NO_SPAN, compare=False)
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class TuneDecl(Node):
    """``tune strict = 0.80 in 0.50 .. 0.99``; numbers may be negative (log probabilities)."""

    name: str
    value: Expr
    low: Expr
    high: Expr
    name_span: Span = field(default=NO_SPAN, compare=False)
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class PolicyDecl(Node):
    """``policy name = strategy``; a bare strategy is ``main`` with ``bare`` set."""

    name: str
    strategy: Strategy
    bare: bool = False
    name_span: Span = field(default=NO_SPAN, compare=False)
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Bound(Node):
    """``cost <= $0.30`` in a ``require``."""

    what: str
    op: CompareOp
    limit: Expr
    what_span: Span = field(default=NO_SPAN, compare=False)
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class RequireDecl(Node):
    """``require main for input <= 4k { cost <= $0.30, calls <= 5 }``."""

    policy: Name
    bounds: tuple[Bound, ...]
    input_limit: Expr | None = None
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class AlertDecl(Node):
    """``alert "words" when expr over 500 queries``."""

    words: Text
    condition: Expr
    over: Expr | None = None
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class CaseQuery(Node):
    """``query "…"``."""

    text: Expr
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class CaseMeta(Node):
    """``meta { plan: "gold" }``."""

    fields: Record
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class CaseReply(Node):
    """``reply haiku "…" { logprob: -0.1 }`` or ``reply haiku error rate_limit``.

    ``details`` may say ``logprob``, ``logprobs``, ``finish_reason``, ``latency``, ``input_tokens``,
    ``output_tokens``. Replies of one model are used in order; the last one repeats.
    """

    model: Name
    text: Expr | None = None
    error: str = ""
    details: Record | None = None
    error_span: Span = field(default=NO_SPAN, compare=False)
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class CaseJudge(Node):
    """``judge sonnet 0.9 "reason"`` or ``judge sonnet error timeout``: what the model says when it is to judge."""

    model: Name
    score: Expr | None = None
    reason: Text | None = None
    error: str = ""
    error_span: Span = field(default=NO_SPAN, compare=False)
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class CaseAsk(Node):
    """``ask mini billing { logprob: -0.1 }`` or ``ask mini error timeout``: what the model says as a signal.

    ``label`` is a name, a text or ``case.NAME``; ``details`` are those of `CaseReply`.
    """

    model: Name
    label: Expr | None = None
    error: str = ""
    details: Record | None = None
    error_span: Span = field(default=NO_SPAN, compare=False)
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class CasePolicy(Node):
    """``policy NAME``: which policy of the file the case runs; ``main`` unless said."""

    name: Name
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class CaseExpect(Node):
    """``expect path == [haiku, sonnet]``, over ``path``, ``model``, ``passed``, ``failed``, ``cost`` and so on."""

    expr: Expr
    span: Span = field(default=NO_SPAN, compare=False)


CaseClause = CaseQuery | CaseMeta | CaseReply | CaseJudge | CaseAsk | CasePolicy | CaseExpect


@dataclass(frozen=True, slots=True)
class CaseDecl(Node):
    """``test "words" for each "cases.yaml" { … }``."""

    words: Text
    clauses: tuple[CaseClause, ...]
    for_each: Text | None = None
    span: Span = field(default=NO_SPAN, compare=False)


Decl = (
    Use
    | ProviderDecl
    | ModelDecl
    | TierDecl
    | SignalDecl
    | CheckDecl
    | TuneDecl
    | PolicyDecl
    | RequireDecl
    | AlertDecl
    | CaseDecl
)


@dataclass(frozen=True, slots=True)
class Comment(Node):
    """``# text``, as written, with the line it stands on."""

    text: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class PolicyFile(Node):
    """A whole file."""

    path: str
    decls: tuple[Decl, ...]
    comments: tuple[Comment, ...] = field(default=(), compare=False)
    span: Span = field(default=NO_SPAN, compare=False)
