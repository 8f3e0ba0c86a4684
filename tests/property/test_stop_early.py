"""What the beginning of an answer settles stays so however the answer goes on, and nothing but cost hangs on it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from importlib import import_module
from typing import Any

from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st
from random_policies import FREE, MODELS, Clock, files_of, policies, queries

from cascadelang.catalog.models import find
from cascadelang.contracts.check import Answer, Outlook
from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Delta, Query, Reply, Request, TokenLogprob, Usage
from cascadelang.contracts.result import RunResult
from cascadelang.graph.compile import compile_policy
from cascadelang.graph.model import Graph
from cascadelang.runtime.interpreter import Interpreter
from cascadelang.semantics.check import check
from cascadelang.workspace.catalog import InstalledCatalog
from cascadelang.workspace.makers import make_check, make_signal

EXAMPLES = int(os.environ.get("STOP_EARLY_EXAMPLES", "150"))
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
MOST_TOKENS = 150

FRAGMENTS = (
    "I'm sorry, but I can't help with that",
    "I cannot help but notice",
    "as an AI language model, I am not able to say.",
    "I am not certain",
    "I'm not sure",
    "it is hard to say",
    "Ich bin mir nicht sicher",
    "我不确定",
    "抱歉，我无法回答。",
    "数学の",
    "total",
    "start",
    "art",
    "cafe\u0301",
    "\u0301",
    "\u200b",
    "\ud83d",
    "\ude00",
    "word ",
    "word " * 5,
    "again and again and ",
    "x" * 50,
    "abcd" * 6,
    '"',
    "\u201c",
    "\u201d",
    "«",
    "»",
    "\n",
    "\r",
    "\r\n",
    " ",
    "\u00a0",
    "\u2028",
    "```",
    "```json\n",
    "```py\n",
    "~~~\n",
    "`",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"a": ',
    '"score": ',
    '"kind": "b"',
    '{"score": 0.5',
    '{"a": 1}',
    "[1, 2",
    "null",
    "tru",
    "true",
    "NaN",
    "-",
    "1",
    "0",
    ".5",
    "e9",
    "\\",
    "\\u00",
    "A",
    "B)",
    "yes",
    "no",
    "Ünï",
    ". ",
    "?",
)
TEXTS = st.lists(st.sampled_from(FRAGMENTS), min_size=6, max_size=30).map("".join)
LOGPROBS = st.sampled_from((0.0, -0.001, -0.1, -0.35, -0.9, -5.0, -20.0, float("-inf"), 0.3, -9999.0))
MARGINS = st.sampled_from((0.0, -0.5, -3.0))

SHAPES: tuple[Any, ...] = (
    {"type": "object", "properties": {"score": {"maximum": 1}}, "required": ["score"]},
    {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "kind": {"enum": ["a", "b"]}, "score": {"$ref": "#/$defs/share"}},
        "additionalProperties": False,
        "$defs": {"share": {"type": "number", "minimum": 0, "maximum": 1}},
    },
    {"type": "array", "items": {"type": "integer", "minimum": 1}, "maxItems": 2},
    {"type": ["string", "null"]},
    {"anyOf": [{"type": "object"}, {"type": "array"}], "allOf": [{"properties": {"a": {"const": 1}}}]},
    True,
)
USES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("words", {}),
    ("chars", {}),
    ("tokens", {}),
    ("empty", {}),
    ("contains", {"texts": ["total", "art", "café", "数学"]}),
    ("contains", {"texts": "I'm not"}),
    ("hedges", {"also": None}),
    ("hedges", {"also": ["again and again", "word"]}),
    ("refuses", {"also": ["yes", "x"]}),
    ("refuses", {"also": None}),
    ("repeats", {}),
    ("logprob", {"over": "mean"}),
    ("logprob", {"over": "min"}),
    ("logprob", {"over": "p10"}),
    ("perplexity", {}),
    ("margin", {}),
    ("json", {"strict": False}),
    ("json", {"strict": True}),
    *(("schema", {"file": shape, "strict": strict}) for shape in SHAPES for strict in (True, False)),
    *(
        ("matches", {"pattern": pattern})
        for pattern in (
            "yes",
            r"^[A-D]$",
            r"^[A-D]\b",
            r"(?i)^(yes|no)",
            r"(?i)^(yes|no)[.!]?\s*$",
            r"(?m)^yes$",
            r"^\s*\{",
            r"\d{3}$",
            r"^A{2,3}B?\)",
            r"(?s)^\W*yes.*art",
            r"^.*total",
            r"^[^\n]{1,20}$",
            r"\Ayes\z",
            r"^yes|total",
            r"^(yes$|no)",
            r"^a{,3}$",
            r"(?i)^[^Y]+$",
            r"^(?i:YES)",
            r"^(?P<word>\w+ )*no?$",
            r"^$",
            r"^",
        )
    ),
)


def deltas_of(text: str, step: int, logprobs: list[float], margin: float) -> list[Delta]:
    """A text in pieces of so many characters, each with a token and its logprob."""
    found = []
    for at in range(min(MOST_TOKENS, -(-len(text) // step))):
        piece = text[at * step : (at + 1) * step]
        logprob = logprobs[at % len(logprobs)]
        token = TokenLogprob(piece, logprob, ((piece, logprob), ("other", logprob + margin)))
        found.append(Delta(piece, (token,), Usage(7, at + 1)))
    return found


def reply_of(deltas: list[Delta]) -> Reply:
    text = "".join(delta.text for delta in deltas)
    logprobs = tuple(token for delta in deltas for token in delta.logprobs)
    return Reply(text, "m", Usage(7, max(1, len(deltas))), "stop", logprobs or None)


def holds(outlook: Outlook, value: Any) -> bool:
    """Whether what was certain is so."""
    if outlook.value is not None:
        return value is outlook.value
    if value is None:
        return True
    return (outlook.least is None or value >= outlook.least) and (outlook.most is None or value <= outlook.most)


@settings(max_examples=EXAMPLES * 4, deadline=None, suppress_health_check=SLOW)
@given(
    st.sampled_from(USES),
    TEXTS,
    st.integers(1, 12),
    st.lists(LOGPROBS, min_size=1, max_size=20),
    MARGINS,
)
@example(("refuses", {"also": None}), "I'm sorry, but I can't help with that. " * 4, 1, [-0.1], 0.0)
@example(("hedges", {"also": None}), "I am not certain, for I do not know, and so on and on." * 3, 40, [-0.1], 0.0)
def test_what_is_settled_stays_so(
    use: tuple[str, dict[str, Any]], text: str, step: int, logprobs: list[float], margin: float
):
    """At every piece, what a watcher says holds for the answer that ends there, and for all that go on from there."""
    made: Any = make_check(*use)
    watcher = made.watch(MOST_TOKENS) if hasattr(made, "watch") else None
    deltas = deltas_of(text, step, logprobs, margin)
    if watcher is None or not deltas:
        return
    certain: list[Outlook] = []
    for at, delta in enumerate(deltas, start=1):
        outlook = watcher.feed(delta)
        if outlook is not None:
            certain.append(outlook)
            if outlook.value is not None:
                event(f"{use[0]} is settled")
        value = made.judge(Answer(Query.of("?"), reply_of(deltas[:at]), "m")).value
        assert all(holds(each, value) for each in certain), (use, certain[-1], value)


def test_what_a_spec_says_can_be_settled_is_watched():
    catalog = InstalledCatalog()
    for name in catalog.names("check"):
        spec = catalog.spec("check", name)
        assert spec is not None
        made: Any = import_module(f"cascadelang.checks.{name}").CHECK
        assert bool(spec.early) == hasattr(made, "watch"), name
        assert not spec.early or name in {entry for entry, _ in USES}, name


# ---- Whole runs -------------------------------------------------------------------------------------------------

SAID = (
    "yes",
    "",
    "I'm not sure " * 9,
    "I'm sorry, but I can't help with that. " * 3,
    "word " * 35,
    "no: " + "again and again " * 10,
    '{"score": 0.5}',
    '{"score": "high", "more": [1, 2, 3]}',
    "Sure! Here it is:\n```json\n{}\n```",
    "数" * 30,
    "yes thanks",
    "A) because it is so, and not otherwise, as everybody can see",
)
ERRORS = ("rate_limit", "timeout", "connection", "server", "content_filter", "auth")


class Talker:
    """A provider that says a text word by word, with a logprob for each, and counts what it generated."""

    def __init__(self, turns: list[tuple[str, float, str, float]], *, stops: bool) -> None:
        self.turns = turns
        self.stops = stops
        self.clock = Clock()
        self.calls = 0
        self.generated = 0

    def can_stop(self, request: Request) -> bool:
        text, _, error, _ = self.turns[self.calls % len(self.turns)]
        return self.stops and not error and len(text.split(" ")) <= request.max_tokens

    async def send(self, request: Request) -> Reply:
        async for part in self.stream(request):
            if isinstance(part, Reply):
                return part
        raise AssertionError("a stream ends with its reply")

    async def stream(self, request: Request) -> AsyncIterator[Delta | Reply]:
        text, logprob, error, latency_s = self.turns[self.calls % len(self.turns)]
        self.calls += 1
        await self.clock.sleep(min(latency_s, request.timeout_s))
        if latency_s > request.timeout_s:
            raise CallFailed("timeout", "too slow")
        if error:
            raise CallFailed(error, "as drawn")  # type: ignore[arg-type]
        if request.purpose == "judge":
            text = '{"score": 0.9, "reason": "fine"}' if logprob > -0.5 else '{"score": 0.2, "reason": "no"}'
        if request.purpose == "ask":
            assert request.json_schema is not None
            text = f'{{"label": "{request.json_schema["properties"]["label"]["enum"][0]}"}}'
        words = text.split(" ")
        pieces = [piece for piece in (word + " " * (at < len(words) - 1) for at, word in enumerate(words)) if piece]
        wanted = request.logprobs is not None
        tokens = [TokenLogprob(piece, logprob, ((piece, logprob), ("x", logprob - 1))) for piece in pieces]
        for at, piece in enumerate(pieces):
            self.generated += 1
            yield Delta(piece, (tokens[at],) if wanted else (), Usage(9, at + 1))
        told = Usage(9, max(1, len(pieces)))
        yield Reply(text, request.model, told, "stop", tuple(tokens) or None if wanted else None)

    async def count_tokens(self, request: Request) -> int | None:
        return 9

    async def close(self) -> None:
        pass


TURNS = st.lists(
    st.tuples(
        st.sampled_from(SAID),
        st.sampled_from((-0.01, -0.4, -2.0)),
        st.sampled_from(("", "", "", "", *ERRORS)),
        st.sampled_from((0.0, 0.0, 0.3, 4.0)),
    ),
    min_size=1,
    max_size=5,
)


def ran(graph: Graph, policy: str, query: Query, turns: Any, *, stops: bool) -> tuple[RunResult, Talker]:
    talker = Talker(turns, stops=stops)
    interpreter = Interpreter(
        graph, providers={"x": talker}, make_check=make_check, make_signal=make_signal, clock=talker.clock
    )
    return asyncio.run(interpreter.run(query, policy, 5)), talker


def told(result: RunResult) -> tuple[Any, ...]:
    failure = result.failure.kind if result.failure else ""
    return result.status, result.model, result.path, result.verdict.outcome, result.answer, failure


def verdicts(result: RunResult) -> list[Any]:
    """Every verdict on the way. Whether it couldn't be known may be settled by what comes after the stop."""
    return [(e.node, e.data["check"], e.data["model"], e.data["outcome"]) for e in result.events if e.kind == "check"]


def compare(graph: Graph, policy: str, query: Query, turns: Any, *, only_wanted: bool = False) -> int:
    """Runs a policy in both ways; gives how many answers were stopped."""
    whole, talker = ran(graph, policy, query, turns, stops=False)
    result, other = ran(graph, policy, query, turns, stops=True)
    stopped = [e for e in result.events if e.kind == "call" and "stopped" in e.data]
    if not only_wanted or whole.status == "accepted":
        assert told(result) == told(whole)
    assert verdicts(result) == verdicts(whole)
    assert other.generated <= talker.generated
    if whole.cost_usd is not None:
        assert result.cost_usd is not None
        assert result.cost_usd <= whole.cost_usd + 1e-12
    return len(stopped)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW)
@given(policies(), queries(), TURNS)
def test_a_run_goes_the_same_way_and_costs_no_more(text: str, query: Query, turns: Any):
    checked = check("policy.cl", files_of(text), InstalledCatalog(), find)
    if not checked.ok:
        return
    graph = compile_policy(checked)
    for policy in graph.policies:
        stopped = compare(graph, policy, query, turns)
        event("some were stopped" if stopped else "none was stopped")


MORE_GATES = (
    *FREE,
    "json(strict: true)",
    'schema("shape.json", strict: true)',
    "matches(/^[A-D]/)",
    "not refuses",
    "not hedges",
    "not repeats",
    "words <= 12 or logprob(mean) >= -0.2",
    "well and not repeats",
    "not (hedges or refuses) and chars < 200",
    'not contains(["again", "sorry"])',
    "words - query.words < 9",
    "kind and perplexity < 1.3",
    "logprob(p10) > -1 and words <= query.words * 10",
    "language == query.language or hedges == false",
)


@st.composite
def gates(draw: st.DrawFn) -> str:
    one, other = draw(st.sampled_from(MORE_GATES)), draw(st.sampled_from(MORE_GATES))
    forms = (one, one, f"({one}) and ({other})", f"({one}) or ({other})", f"not (({one}) and not ({other}))")
    return draw(st.sampled_from(forms))


@settings(max_examples=EXAMPLES * 2, deadline=None, suppress_health_check=SLOW)
@given(st.lists(gates(), min_size=3, max_size=3), st.sampled_from(("fail", "e", "last")), queries(), TURNS)
def test_gates_of_all_kinds_stop_only_what_fails(until: list[str], otherwise: str, query: Query, turns: Any):
    from random_policies import HEAD

    models = "\n".join(
        f'model {name} = x("{name}") {{ max_tokens: 40, timeout: 9s, price: $1 / $5, '
        "can: [logprobs, top_logprobs, json] }"
        for name in MODELS[:4]
    )
    rungs = ", ".join(f"{name} until {gate}" for name, gate in zip("abc", until, strict=True))
    wanted = " with { stop_early: true }" if otherwise == "last" else ""
    text = f"{HEAD}\n{models}\npolicy main = (cascade [{rungs}] otherwise {otherwise}){wanted}\n"
    checked = check("policy.cl", files_of(text), InstalledCatalog(), find)
    assert checked.ok, checked.diagnostics
    stopped = compare(compile_policy(checked), "main", query, turns, only_wanted=bool(wanted))
    event("some were stopped" if stopped else "none was stopped")
