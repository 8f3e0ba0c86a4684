"""One case of a ``test`` block: its query, its scripted replies, and what is expected of the run.

Takes: a ``test`` declaration, and a row of its case file where it has one. Gives: a `Case`, which is plain data.
Guarantees: what the block says wins over what the row says; a field of the row that has the wrong form is a `Mistake`
that names it, never ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from cascadelang.contracts.failure import FAILURE_KINDS, FailureKind
from cascadelang.contracts.messages import Query
from cascadelang.providers.scripted import ScriptedReply
from cascadelang.semantics.cases import RESULTS
from cascadelang.syntax import ast
from cascadelang.syntax.visit import walk
from cascadelang.workspace.case_file import Row
from cascadelang.workspace.expectations import Sight, shown
from cascadelang.workspace.mistake import Mistake, nearest
from cascadelang.workspace.query_file import query_of

USED = ("name", "query", "messages", "meta", "reply", "judge", "ask", "policy", "path")
"""The fields of a row that a test uses where its block doesn't say them."""


Scripting = ast.CaseReply | ast.CaseJudge | ast.CaseAsk
"""A clause that says what a model replies."""


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
        at: the file and line of the row.
        said: for each of `replies`, the clause of the block that says it; ``None`` for one of the row's.
    """

    name: str
    decl: ast.CaseDecl
    query: Query
    policy: str
    replies: Mapping[str, Sequence[ScriptedReply]]
    expectations: tuple[ast.CaseExpect, ...]
    row: Mapping[str, Any] = field(default_factory=dict)
    at: str = ""
    said: Mapping[str, Sequence[Scripting | None]] = field(default_factory=dict)


def check_rows(decl: ast.CaseDecl, rows: Sequence[Row]) -> None:
    """See that the rows and the block mean the same fields.

    Raises:
        Mistake: when the block looks at a field that no row has, or the rows have one that looks like a field that is
            used, or like something to expect, and nothing looks at it.
    """
    looked = _looked_at(decl)
    there: dict[str, str] = {}
    for row in rows:
        for name in row.fields:
            there.setdefault(name, row.at)
    for name in looked:
        if name not in there:
            meant = nearest(name, list(there))
            names = ", ".join(f"`{n}`" for n in there)
            raise Mistake(
                f"no case of `{decl.for_each.value if decl.for_each else ''}` has a field `{name}`",
                f"did you mean `case.{meant}`?" if meant else f"they have {names}" if names else "",
            )
    for name, at in there.items():
        if name in looked or name in USED:
            continue
        if name in RESULTS:
            raise Mistake(
                f"{at}: nothing looks at `{name}` of the cases", f"add a line: `expect {name} == case.{name}`"
            )
        if meant := nearest(name, USED):
            raise Mistake(f"{at}: nothing looks at `{name}` of the cases", f"did you mean `{meant}`?")


def _looked_at(decl: ast.CaseDecl) -> set[str]:
    """The fields of a row that the block names."""
    names = (node.name.parts for clause in decl.clauses for node in walk(clause) if isinstance(node, ast.Ref))
    return {parts[1] for parts in names if len(parts) > 1 and parts[0] == "case"}


def case_of(decl: ast.CaseDecl, row: Row | None = None, number: int = 0) -> Case:
    """The case that a test makes, with a row of its case file or without.

    Raises:
        Mistake: when there is no query, or a field of the row can't be used.
    """
    fields = row.fields if row else {}
    sight = Sight(facts={}, case=fields)
    text: Any = fields.get("query")
    meta = dict(_mapping(fields, "meta"))
    policy = str(fields.get("policy") or "main")
    for clause in decl.clauses:
        match clause:
            case ast.CaseQuery(text=asked):
                text = _given(asked, sight)
            case ast.CaseMeta(fields=record):
                meta.update({k: _plain(v) for k, v in sight.value(record).items()})
            case ast.CasePolicy(name=name):
                policy = str(name)
    messages = fields.get("messages")
    if text is None and messages is None:
        raise Mistake("the case has no `query`")
    if isinstance(text, list | Mapping):
        raise Mistake("`query` of the case is no text", "put it in quotes")
    if wrong := next((key for key, value in meta.items() if isinstance(value, list | Mapping)), ""):
        raise Mistake(f"`meta.{wrong}` of the case must be a text, a number, or true or false")
    replies, said = _scripts(decl, fields, sight)
    return Case(
        name=case_name(decl, row, number),
        decl=decl,
        query=query_of(
            None if text is None else shown(text), messages, {k: v for k, v in meta.items() if v is not None}
        ),
        policy=policy,
        replies=replies,
        expectations=tuple(clause for clause in decl.clauses if isinstance(clause, ast.CaseExpect)),
        row=fields,
        at=row.at if row else "",
        said=said,
    )


def _scripts(
    decl: ast.CaseDecl, fields: Mapping[str, Any], sight: Sight
) -> tuple[dict[str, list[ScriptedReply]], dict[str, list[Scripting | None]]]:
    """What each model says, and the clause that each of it comes from."""
    replies: dict[str, list[ScriptedReply]] = {}
    said: dict[str, list[Scripting | None]] = {}
    for clause in decl.clauses:
        if isinstance(clause, ast.CaseReply):
            given = _reply(clause, sight)
        elif isinstance(clause, ast.CaseJudge):
            given = _judged(clause, sight)
        elif isinstance(clause, ast.CaseAsk):
            given = _asked(clause, sight)
        else:
            continue
        replies.setdefault(str(clause.model), []).append(given)
        said.setdefault(str(clause.model), []).append(clause)
    for model, given in _from_row(fields, replies):
        replies.setdefault(model, []).append(given)
        said.setdefault(model, []).append(None)
    return replies, said


def _given(expr: ast.Expr, sight: Sight) -> Any:
    """The value of what a clause says.

    Raises:
        Mistake: when it is a field that the row hasn't.
    """
    value = sight.value(expr)
    if value is None and isinstance(expr, ast.Ref):
        raise Mistake(f"the case has no `{'.'.join(expr.name.parts[1:])}`")
    return value


def case_name(decl: ast.CaseDecl, row: Row | None, number: int) -> str:
    """The test's words; with a row ``routing table [3]``, or with the row's own name."""
    words = decl.words.value
    if row is None:
        return words
    own = row.fields.get("name")
    return f"{words} [{number if own is None or own == '' else shown(own)}]"


def _reply(clause: ast.CaseReply, sight: Sight) -> ScriptedReply:
    """One ``reply`` line."""
    details = {e.key: sight.value(e.value) for e in clause.details.entries} if clause.details else {}
    text = _said(_given(clause.text, sight), str(clause.model)) if clause.text is not None else ""
    return _scripted(text, clause.error, details)


def _judged(clause: ast.CaseJudge, sight: Sight) -> ScriptedReply:
    """One ``judge`` line."""
    if clause.score is None:
        return ScriptedReply(error=cast("FailureKind", clause.error), purpose="judge")
    score = _score(_given(clause.score, sight), f"the judgement of `{clause.model}`")
    return ScriptedReply(purpose="judge", score=score, reason=clause.reason.value if clause.reason else "")


def _asked(clause: ast.CaseAsk, sight: Sight) -> ScriptedReply:
    """One ``ask`` line."""
    details = {e.key: sight.value(e.value) for e in clause.details.entries} if clause.details else {}
    label = clause.label
    if isinstance(label, ast.Ref) and len(label.name.parts) == 1:
        text = str(label.name)
    else:
        text = "" if label is None else _said(_given(label, sight), str(clause.model))
    return replace(_scripted(text, clause.error, details), purpose="ask")


def _scripted(text: str, error: str, details: Mapping[str, Any]) -> ScriptedReply:
    """A reply with what its braces say."""
    logprob, logprobs, margin = details.get("logprob"), details.get("logprobs"), details.get("margin")
    tokens_in, tokens_out = details.get("input_tokens"), details.get("output_tokens")
    return ScriptedReply(
        text,
        error=cast("FailureKind", error) if error else None,
        logprob=None if logprob is None else float(logprob),
        logprobs=None if logprobs is None else tuple(float(v) for v in logprobs),
        margin=None if margin is None else float(margin),
        finish_reason=details.get("finish_reason") or "stop",
        latency_s=float(details.get("latency") or 0),
        input_tokens=None if tokens_in is None else int(tokens_in),
        output_tokens=None if tokens_out is None else int(tokens_out),
    )


def _from_row(
    row: Mapping[str, Any], replies: Mapping[str, Sequence[ScriptedReply]]
) -> Iterable[tuple[str, ScriptedReply]]:
    """Replies and judgements of the row, for models that the block gives none.

    ``reply: {haiku: "text", mini: {error: rate_limit}, sonnet: ["first", "second"]}``, ``judge: {sonnet: 0.9}``,
    ``ask: {mini: billing}``.
    """
    scripted = {model: {r.purpose for r in given} for model, given in replies.items()}
    found: list[tuple[str, ScriptedReply]] = []
    for model, said in _mapping(row, "reply").items():
        if "answer" not in scripted.get(model, ()):
            given = said if isinstance(said, list) else [said]
            found += [(model, _row_reply(model, each)) for each in given]
    for model, said in _mapping(row, "judge").items():
        if "judge" not in scripted.get(model, ()):
            for score in said if isinstance(said, list) else [said]:
                found.append((model, _row_judgement(model, score)))
    for model, said in _mapping(row, "ask").items():
        if "ask" not in scripted.get(model, ()):
            given = said if isinstance(said, list) else [said]
            found += [(model, replace(_row_reply(model, each, "ask"), purpose="ask")) for each in given]
    return found


def _row_judgement(model: str, said: Any) -> ScriptedReply:
    """One judgement of a row: a score, or a failure as `_row_reply` reads it."""
    if isinstance(said, Mapping) or (isinstance(said, str) and said.partition(" ")[0] == "error"):
        failed = _row_reply(model, said, "judge")
        if failed.error is not None:
            return replace(failed, purpose="judge")
    return ScriptedReply(purpose="judge", score=_score(said, f"`judge.{model}` of the case"))


def _row_reply(model: str, said: Any, clause: str = "reply") -> ScriptedReply:
    """One reply of a row: a text, or ``{error: KIND}``, which a table writes as ``error KIND``."""
    if isinstance(said, Mapping):
        error = said.get("error", "")
        if set(said) <= {"error"} and error in FAILURE_KINDS:
            return ScriptedReply(error=error)
        raise Mistake(f"`{clause}.{model}` of the case is neither a text nor an error", "write `{error: rate_limit}`")
    word, _, kind = said.partition(" ") if isinstance(said, str) else ("", "", "")
    if word == "error" and kind in FAILURE_KINDS:
        return ScriptedReply(error=kind)
    return ScriptedReply(_said(said, model))


def _said(value: Any, model: str) -> str:
    """A reply's text.

    Raises:
        Mistake: when it is none.
    """
    if value is None or isinstance(value, list | Mapping):
        raise Mistake(f"the reply of `{model}` is no text", "put it in quotes")
    return shown(value)


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
    """A field of the row that holds fields itself; one that isn't there holds none."""
    value = row.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise Mistake(f"`{name}` of the case must be fields with names", _FORMS.get(name, ""))
    return value


_FORMS = {
    "meta": "write `meta: {plan: gold}`",
    "reply": 'write `reply: {haiku: "…"}`',
    "judge": "write `judge: {sonnet: 0.9}`",
}


def _plain(value: Any) -> Any:
    """A decimal as the number a caller would give."""
    from decimal import Decimal

    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
