"""One case of a ``test`` block: its query, its scripted replies, and what is expected of the run.

Takes: a ``test`` declaration, and a row of its case file where it has one. Gives: a `Case`, which is plain data.
Guarantees: what the block says wins over what the row says; a field of the row that has the wrong form is a `Mistake`
that names it, never ignored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from cascadelang.contracts.failure import FAILURE_KINDS, FailureKind
from cascadelang.contracts.messages import Query
from cascadelang.providers.scripted import ScriptedReply
from cascadelang.syntax import ast
from cascadelang.workspace.expectations import Sight, shown
from cascadelang.workspace.mistake import Mistake


@dataclass(frozen=True, slots=True)
class Case:
    """What one case asks and expects.

    Attributes:
        name: the test's words, and the case's number or name where there are several.
        query: what is asked.
        policy: the policy that is asked, as the file names it.
        replies: by model name.
        expectations: what must hold.
        row: the fields of the case file's row.
    """

    name: str
    decl: ast.CaseDecl
    query: Query
    policy: str
    replies: Mapping[str, Sequence[ScriptedReply]]
    expectations: tuple[ast.CaseExpect, ...]
    row: Mapping[str, Any] = field(default_factory=dict)


def case_of(decl: ast.CaseDecl, row: Mapping[str, Any] | None = None, number: int = 0) -> Case:
    """The case that a test makes, with a row of its case file or without.

    Raises:
        Mistake: when there is no query, or a field of the row can't be used.
    """
    fields = row or {}
    sight = Sight(facts={}, case=fields)
    text: Any = fields.get("query")
    meta: dict[str, Any] = {}
    if "meta" in fields:
        meta.update(_mapping(fields, "meta"))
    policy = str(fields.get("policy") or "main")
    replies: dict[str, list[ScriptedReply]] = {}
    for clause in decl.clauses:
        match clause:
            case ast.CaseQuery(text=said):
                text = sight.value(said)
            case ast.CaseMeta(fields=record):
                meta.update({k: _plain(v) for k, v in sight.value(record).items()})
            case ast.CasePolicy(name=name):
                policy = str(name)
            case ast.CaseReply(model=model):
                replies.setdefault(str(model), []).append(_reply(clause, sight))
            case ast.CaseJudge(model=model, score=score, reason=reason):
                said_score = _score(sight.value(score), f"the judgement of `{model}`")
                judged = ScriptedReply(purpose="judge", score=said_score, reason=reason.value if reason else "")
                replies.setdefault(str(model), []).append(judged)
    _from_row(fields, replies)
    if text is None:
        raise Mistake("the case has no `query`")
    return Case(
        name=_name(decl, fields, number),
        decl=decl,
        query=Query.of(shown(text), {k: v for k, v in meta.items() if v is not None}),
        policy=policy,
        replies=replies,
        expectations=tuple(clause for clause in decl.clauses if isinstance(clause, ast.CaseExpect)),
        row=fields,
    )


def _name(decl: ast.CaseDecl, row: Mapping[str, Any], number: int) -> str:
    """``routing table [3]``, or with the row's own name."""
    words = decl.words.value
    if not number:
        return words
    own = row.get("name")
    return f"{words} [{own}]" if isinstance(own, str) and own else f"{words} [{number}]"


def _reply(clause: ast.CaseReply, sight: Sight) -> ScriptedReply:
    """One ``reply`` line."""
    details = {e.key: sight.value(e.value) for e in clause.details.entries} if clause.details else {}
    text = shown(sight.value(clause.text)) if clause.text is not None else ""
    return _scripted(text, clause.error, details)


def _scripted(text: str, error: str, details: Mapping[str, Any]) -> ScriptedReply:
    """A reply with what its braces say."""
    logprob, logprobs = details.get("logprob"), details.get("logprobs")
    tokens_in, tokens_out = details.get("input_tokens"), details.get("output_tokens")
    return ScriptedReply(
        text,
        error=cast("FailureKind", error) if error else None,
        logprob=None if logprob is None else float(logprob),
        logprobs=None if logprobs is None else tuple(float(v) for v in logprobs),
        finish_reason=details.get("finish_reason") or "stop",
        latency_s=float(details.get("latency") or 0),
        input_tokens=None if tokens_in is None else int(tokens_in),
        output_tokens=None if tokens_out is None else int(tokens_out),
    )


def _from_row(row: Mapping[str, Any], replies: dict[str, list[ScriptedReply]]) -> None:
    """Replies and judgements of the row, for models that the block gives none.

    ``reply: {haiku: "text", mini: {error: rate_limit}, sonnet: ["first", "second"]}``, ``judge: {sonnet: 0.9}``.
    """
    scripted = {model: {r.purpose for r in given} for model, given in replies.items()}
    if "reply" in row:
        for model, said in _mapping(row, "reply").items():
            if "answer" not in scripted.get(model, ()):
                given = said if isinstance(said, list) else [said]
                replies.setdefault(model, []).extend(_row_reply(model, each) for each in given)
    if "judge" in row:
        for model, score in _mapping(row, "judge").items():
            if "judge" not in scripted.get(model, ()):
                judged = ScriptedReply(purpose="judge", score=_score(score, f"`judge.{model}` of the case"))
                replies.setdefault(model, []).append(judged)


def _row_reply(model: str, said: Any) -> ScriptedReply:
    """One reply of a row: a text, or ``{error: KIND}``."""
    if isinstance(said, Mapping):
        error = said.get("error", "")
        if set(said) <= {"error"} and error in FAILURE_KINDS:
            return ScriptedReply(error=error)
        raise Mistake(f"`reply.{model}` of the case is neither a text nor an error", "write `{error: rate_limit}`")
    return ScriptedReply(shown(said))


def _score(value: Any, what: str) -> float:
    """A judge's score, 0..1."""
    try:
        score = float(value)
    except (TypeError, ValueError):
        raise Mistake(f"{what} is not a number") from None
    if not 0 <= score <= 1:
        raise Mistake(f"{what} is not between 0 and 1")
    return score


def _mapping(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A field of the row that holds fields itself."""
    value = row[name]
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise Mistake(f"`{name}` of the case must be fields with names")
    return value


def _plain(value: Any) -> Any:
    """A decimal as the number a caller would give."""
    from decimal import Decimal

    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
