"""Random policies as text, queries for them, and providers that do what they like with every call."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from cascadelang.contracts.clock import VirtualClock
from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.messages import Delta, Message, Query, Reply, Request, TokenLogprob, Usage
from cascadelang.graph.limits import MESSAGE_TOKENS
from cascadelang.source import MemoryFiles

# ---- Policies, as text ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Breadth:
    """What random policies are made of beside what all of them are made of.

    Attributes:
        at_once: the forms, of `AT_ONCE`, in which several models answer at the same time.
        head: further declarations.
        conditions, free, paid: further conditions of routes, and gates that call no model or may.
        by: further scores that a ``vote`` goes by.
        suffixes: further suffixes.
        orders: clauses of cascades with the rungs `ORDERED`.
        tails: what may stand at the end of a file.
    """

    at_once: Sequence[str] = ()
    head: str = ""
    conditions: Sequence[str] = ()
    free: Sequence[str] = ()
    paid: Sequence[str] = ()
    by: Sequence[str] = ()
    suffixes: Sequence[str] = ()
    orders: Sequence[str] = ()
    tails: Sequence[str] = ("",)


PLAIN = Breadth()


MODELS = ("a", "b", "c", "d", "e", "lib.f")
"""Declared in the policy itself, in a file that it uses as it is, and in one behind an alias."""
TIERS = ("low", "lib.pair")

BASE = """
provider x = openai { base_url: "http://127.0.0.1:9/v1" }
model e = x("e") { max_tokens: 60, timeout: 5s, price: $2 / $8, can: [logprobs, top_logprobs, json] }
signal asks = contains("please") or turns > 2
check  brief = words < 50 and not repeats
tune   low_bar = 0.3 in 0.1 .. 0.9
"""
LIB = """
use "base.cl"
model f = x("f") { max_tokens: 25, timeout: 4s, retry: 1, price: $7 / $3, can: [logprobs, top_logprobs, json] }
signal long = conversation.words > 8
signal plan: {free, gold} = meta.plan
check  fine = brief and judge(e, "Is it \\"fine\\"?") >= low_bar
tune   bar = 0.6 in 0.2 .. 0.9
tier   pair = fallback [f, e] retry 0
policy helper = cascade [f until brief, e] until fine carry reasons
policy settled = (e with { max_tokens: 44, temperature: 0.5 }) within $0.05 and 30s
"""
QUALITY = {
    "cascadelang": "learned 1",
    "gives": "scores",
    "outputs": ["a", "b", "c"],
    "bias": [0.3, -0.2, 0.1],
    "features": [
        {
            "kind": "numbers",
            "names": ["query.words", "query.has_code"],
            "mean": [6, 0],
            "scale": [6, 1],
            "weights": [[-2, -1], [0, 2], [2, 0]],
        }
    ],
    "made": {"on": "2026-11-24", "records": {}},
}
ROUTER = {
    "cascadelang": "learned 1",
    "gives": "label",
    "outputs": ["easy", "hard"],
    "bias": [0.4, -0.4],
    "least": 0.55,
    "features": [
        {"kind": "numbers", "names": ["query.words"], "mean": [4], "scale": [4], "weights": [[-0.9], [0.9]]},
    ],
    "made": {"on": "2026-11-24", "records": {}},
}
SCORER = {
    "cascadelang": "learned 1",
    "gives": "score",
    "outputs": ["score"],
    "bias": [0.2],
    "features": [
        {
            "kind": "numbers",
            "names": ["answer.words", "answer.logprob_mean", "query.words"],
            "mean": [5, -0.5, 4],
            "scale": [5, 0.5, 4],
            "weights": [[-0.8, 1.5, 0.3]],
        }
    ],
    "made": {"on": "2026-11-24", "records": {}},
}
FILES = {
    "quality.json": json.dumps(QUALITY),
    "router.json": json.dumps(ROUTER),
    "scorer.json": json.dumps(SCORER),
    "base.cl": BASE,
    "lib.cl": LIB,
    "rubric.md": '# What is right\n\n- all of it\n- "quoted"\n',
    "shape.json": '{"type": "object", "properties": {"score": {"maximum": 1}}, "required": ["score"]}',
}
"""What the policies read beside themselves."""


def files_of(text: str) -> MemoryFiles:
    """A random policy as ``policy.cl``, with the files it reads."""
    return MemoryFiles({**FILES, "policy.cl": text})


HEAD = """
use "base.cl"
use "lib.cl" as lib
signal code = has_code
signal gold = meta.plan == "gold"
signal told = meta.words > 3 else true
signal plan: {free, gold_, other} = meta.level
signal sure: {a, b} = meta.level else b
signal start: {a, b, c} = band(score(has_code: 0.5, gold: 0.4), a: 0.3, b: 0.6, c)
signal from_who: {a, b, c} = meta.level
signal flag = meta.flag == true
signal size = meta.words * 2 + words
signal weight = score(code: 0.3, flag: 0.5, asks: 0.4)
signal grade = band(meta.words / 10, low: 0.2, mid: 0.5, high)
check  well = not empty and not hedges
check  kind = words <= 5 or contains("thanks") else pass
check  sure_of_it = logprob(mean) >= -0.5 else pass
check  strict = well and judge(b, "rubric.md") >= enough
check  lenient = (judge(c, "Is it kind?") >= 0.5 and words > 1) else pass
tune   enough = 0.5 in 0.1 .. 0.9
signal asked: {a, b, c} = ask(d, "Which \\"kind\\"?", [a, b, c])
signal known: {x, y} = ask(b, "x or y?", ["x", "y"]) else y
signal sure_of = ask(e, "Sure?", [yes, no], sure: 0.5) == yes
"""
CONDITIONS = (
    "code",
    "gold",
    "told",
    "words > 4",
    'contains("please") and not code',
    "meta.plan is missing",
    "has_url",
    "flag",
    "not flag",
    "not gold or told",
    "flag and (gold or has_url)",
    "meta.words is not missing and not asks",
    'meta.plan in ["gold", "free"]',
    'meta.plan not in ["gold", "free"]',
    "meta.words in [3, 4.5, 7]",
    "size > 9",
    "size - meta.words >= meta.words",
    "weight >= 0.5",
    "grade == high",
    "grade != low",
    "plan == free",
    "lib.plan == gold",
    "lib.long",
    "conversation.turns > 1 or matches(/gr(ü|u)/i)",
    "lines > 1 and chars < 2k",
    "meta.plan < meta.level",
    "asked == a",
    "has_code or sure_of",
    "not (sure_of and gold)",
    "known == y and words > 2",
    'conversation.ask(c, "And now?", [x, y]) == x',
)
FREE = (
    "well",
    "kind",
    "json",
    "not truncated",
    "words < 4",
    'contains("yes")',
    "logprob(mean) >= -0.5",
    "chars > 9000",
    "not (logprob(min) < -0.5)",
    "sure_of_it",
    "perplexity <= 2",
    "brief",
    'schema("shape.json")',
    "matches(/^(yes|no)/) or refuses",
    "query.words > words",
    "query.has_code or tokens < 40",
    'not query.contains("yes")',
    "words / 10 >= logprob(mean) + 1",
    "margin >= 0.1",
)
PAID = (
    "strict",
    "lenient",
    "lib.fine",
    "not strict",
    "lenient and strict",
    "(strict or lenient) and json",
    "sure_of",
    "asked != a or json",
)


def pick(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


@st.composite
def gates(draw: st.DrawFn, breadth: Breadth = PLAIN) -> str:
    every = (*FREE, *breadth.free)
    free = draw(st.sampled_from(every))
    judge = f'judge({draw(st.sampled_from(MODELS))}, "Is it\\n\\"right\\"?") >= {draw(pick("0.5", "enough", "0"))}'
    more, paid = draw(st.sampled_from(every)), draw(st.sampled_from((*PAID, *breadth.paid)))
    forms = (
        free,
        free,
        f"({free}) and ({more})",
        judge,
        f"({free}) and {judge}",
        f"{judge} or ({free})",
        f"not ({judge})",
        paid,
        f"{judge} and (({free}) or ({paid}))",
        f"({paid}) and not (({more}) or {judge})",
    )
    return draw(st.sampled_from(forms))


@st.composite
def model_lines(draw: st.DrawFn) -> str:
    lines = []
    for name in MODELS[:4]:
        fields = [f"max_tokens: {draw(pick(1, 40, 300, 4000))}", f"timeout: {draw(pick('2s', '10s', '60s'))}"]
        if draw(st.integers(0, 19)):
            fields.append(f"price: {draw(pick('$1 / $5', '$4 / $2', '$30 / $150', '$90 / $90', '$0 / $0'))}")
        if draw(st.booleans()):
            fields.append(f"retry: {draw(pick(0, 1, 3))}")
        if draw(st.booleans()):
            fields.append('system: "Be brief, and say \\"I don\'t know\\" when you don\'t."')
        lines.append(f'model {name} = x("{name}") {{ {", ".join(fields)}, can: [logprobs, top_logprobs, json] }}')
    return "\n".join(lines)


def in_parens(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return inner.map(lambda text: text if text.replace(".", "").isidentifier() else f"({text})")


@st.composite
def routes(draw: st.DrawFn, inner: st.SearchStrategy[str], breadth: Breadth = PLAIN) -> str:
    if draw(st.booleans()):
        every = st.sampled_from((*CONDITIONS, *breadth.conditions))
        arms = [f"{draw(every)} -> {draw(inner)}" for _ in range(draw(st.integers(1, 3)))]
        return f"route {', '.join(arms)} else {draw(inner)}"
    if draw(st.booleans()):
        return f"route by sure a -> {draw(inner)}, b -> {draw(inner)}"
    if draw(st.integers(0, 2)) == 0:
        return f"route by asked a -> {draw(inner)}, b -> {draw(inner)} else {draw(inner)}"
    if draw(st.booleans()):
        return f"route by grade high -> {draw(inner)}, low -> {draw(inner)} else {draw(inner)}"
    other = f", other -> {draw(inner)}" if draw(st.booleans()) else ""
    return f"route by plan free -> {draw(inner)}, gold_ -> {draw(inner)}{other} else {draw(inner)}"


ORDERED = (
    "a",
    "b",
    "c",
    "a cached 1h",
    "b retry 1",
    "b cached 5s",
    "c retry 0 within 9s",
    "c with { max_tokens: 90 }",
    'a with { system: "Be kind." } within $0.01',
)
"""Rungs whose quality is predicted, for cascades with an order of their own."""


@st.composite
def cascades(draw: st.DrawFn, inner: st.SearchStrategy[str], breadth: Breadth = PLAIN) -> str:
    tails = []
    if breadth.orders and draw(st.integers(0, 3)) == 0:
        rungs = draw(st.lists(st.sampled_from(ORDERED), min_size=1, max_size=4))
        tails.append(draw(st.sampled_from(breadth.orders)))
    elif draw(st.integers(0, 3)):
        rungs = draw(st.lists(inner, min_size=1, max_size=3))
    else:
        rungs = ["a", "b retry 1", draw(pick("c", "c with { max_tokens: 90 }", "c retry 0 within 9s"))]
        tails.append(draw(pick("from start", "from from_who", "from asked")))
    gate = gates(breadth)
    rungs = [f"{rung} until {draw(gate)}" if draw(st.integers(0, 4)) == 0 else rung for rung in rungs]
    if draw(st.integers(0, 9)):
        tails.append(f"until {draw(gate)}")
    if draw(st.booleans()):
        tails.append(draw(pick("carry draft", "carry reasons")))
    if draw(st.booleans()):
        tails.append(f"otherwise {draw(st.one_of(pick('last', 'best', 'fail'), inner))}")
    return f"cascade [{', '.join(rungs)}] {' '.join(draw(st.permutations(tails)))}".strip()


@st.composite
def splits(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    shares = draw(pick(("90%", "10%"), ("33.3%", "33.3%", "33.4%"), ("0%", "100%", "0%")))
    parts = [f"{share} -> {draw(inner)}" for share in shares]
    key = draw(pick("", " by meta.level", " by plan", " by words", " by asked", " by known", " by meta.words"))
    return f"split {{ {', '.join(parts)} }}{key}"


AT_ONCE = ("hedge", "vote", "shadow")


@st.composite
def several_at_once(draw: st.DrawFn, inner: st.SearchStrategy[str], breadth: Breadth) -> str:
    """A hedge, a vote or a shadow, in parentheses where it needs them."""
    which = draw(st.sampled_from(breadth.at_once))
    if which == "hedge":
        return f"hedge {draw(inner)} after {draw(pick('100ms', '1s', '3s', '90s'))} with {draw(inner)}"
    if which == "shadow":
        return f"shadow {draw(inner)} with {draw(inner)} {draw(pick('', 'on 50%'))}".strip()
    members = draw(st.lists(inner, min_size=1, max_size=3))
    judge = f' by judge({draw(st.sampled_from(MODELS))}, "Is it right?")'
    by = draw(pick("", "", judge, " by agree(2)", *breadth.by))
    return f"vote [{', '.join(members)}]{by}"


AMOUNTS = ("$0.0001", "$0.002", "$0.01", "$0.02", "$0.05", "$0.1", "$0.4", "$1")


@st.composite
def suffixed(draw: st.DrawFn, inner: st.SearchStrategy[str], breadth: Breadth = PLAIN) -> str:
    money = draw(st.sampled_from(AMOUNTS))
    time = draw(pick("1s", "5s", "30s", "500ms"))
    limits = (f"within {money}", f"within {time}", f"within {money} and {time}")
    rest = (
        "retry 0",
        "retry 2",
        "with { max_tokens: 77, temperature: 0 }",
        'with { timeout: 3s, system: "Be kind." }',
        "with { max_tokens: 5, top_p: 0.5, seed: 4 } retry 1",
        'retry 3 with { timeout: 6s, stop: ["END"], effort: "low" }',
        "retry 2 within 20s retry 0",
    )
    return f"{draw(inner)} {draw(st.sampled_from((*limits, *rest, *breadth.suffixes)))}"


def strategies(names: tuple[str, ...], depth: int = 3, breadth: Breadth = PLAIN) -> st.SearchStrategy[str]:
    """A strategy that is none of the names, with strategies of less depth, or names, in it."""
    inner: st.SearchStrategy[str] = st.sampled_from(names)
    if depth > 1:
        inner = st.one_of(inner, inner, in_parens(strategies(names, depth - 1, breadth)))
    kinds = st.sampled_from(("", "", " when rate_limit or server", " when timeout", " when unmet or over_budget"))
    members = st.lists(inner, min_size=1, max_size=3)
    fallbacks = st.builds(lambda found, when: f"fallback [{', '.join(found)}]{when}", members, kinds)
    cascading, suffix = cascades(inner, breadth), suffixed(inner, breadth)
    forms = [cascading, cascading, routes(inner, breadth), fallbacks, suffix, splits(inner)]
    return st.one_of(*forms, *([several_at_once(inner, breadth)] * 2 if breadth.at_once else []))


UNASKED = {
    'ask(d, "Which \\"kind\\"?", [a, b, c])': "meta.level",
    'ask(b, "x or y?", ["x", "y"])': "meta.flag",
    'ask(e, "Sure?", [yes, no], sure: 0.5) == yes': "meta.flag == false",
    'conversation.ask(c, "And now?", [x, y]) == x': "conversation.turns > 3",
}


AGREEING = {
    "strict": "agree(3) >= 0.6 or strict",
    "json": "agree(2) >= 1",
    "well": "agrees(previous)",
    "kind": "not agrees(previous) or agrees(c)",
    "brief": "agrees(c) and not empty",
}
"""Gates of random policies, and what agreement can stand in their place."""


def agreeing(text: str) -> str:
    """A random policy, some of whose gates ask whether answers come to the same."""
    for gate, instead in AGREEING.items():
        text = text.replace(f" until {gate}", f" until {instead}")
    return text


KEEPING = {
    "from start": 'order by learned("quality.json")',
    "from from_who": 'order by learned("quality.json", worth: $0.01)',
    " retry 2": " cached 1h",
    " with { max_tokens: 77, temperature: 0 }": " with { max_tokens: 77, temperature: 0 } cached 5s",
}
"""Clauses of random policies, and the ``order by`` and ``cached`` that can stand in their place."""


def keeping(text: str) -> str:
    """A random policy, some of whose answers are kept, and some of whose rungs have an order of their own."""
    for clause, instead in KEEPING.items():
        text = text.replace(clause, instead)
    return text


def without_asking(text: str) -> str:
    """A random policy, made without ``at_once``, in which no model is asked for a signal or a second answer."""
    for asked, instead in UNASKED.items():
        text = text.replace(asked, instead)
    assert not any(word in text for word in ("ask(", "agree", "hedge ", "vote ", "shadow "))
    return text


@st.composite
def policies(draw: st.DrawFn, *, at_once: Sequence[str] = (), breadth: Breadth = PLAIN) -> str:
    """The text of a policy file; `files_of` gives it with the files it reads.

    ``at_once``: as in `Breadth`, which says what else the policies are made of.
    """
    breadth = replace(breadth, at_once=at_once) if at_once else breadth
    lines = [HEAD + breadth.head, draw(model_lines()), f"tier low = {draw(strategies(MODELS, 1, breadth))}"]
    names = (*MODELS, *TIERS, "lib.helper", "lib.settled")
    for name in ("first", "second")[: draw(st.integers(0, 2))]:
        lines.append(f"policy {name} = {draw(strategies(names, 2, breadth))}")
        names = (*names, name)
    ends = ["", *(f" {suffix}" for suffix in breadth.suffixes), f" within {draw(st.sampled_from(AMOUNTS))}"]
    limit = draw(st.sampled_from(("", ends[-1]))) if draw(st.booleans()) else draw(st.sampled_from(ends))
    lines.append(f"policy main = ({draw(strategies(names, 3, breadth))}){limit}")
    lines.append(draw(st.sampled_from(breadth.tails)))
    return "\n".join(lines) + "\n"


# ---- Queries and providers --------------------------------------------------------------------------------------

WORDS = (
    "please",
    "yes",
    "def f(x):\n    return x",
    "```py\n1\n```",
    "Grüße",
    "数学\x01",
    '"quoted"\n',
    '"\n' * 1500,
    "https://x.example",
)


@st.composite
def queries(draw: st.DrawFn) -> Query:
    texts = st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join)
    said = [Message("user", draw(texts))]
    if draw(st.booleans()):
        said = [
            Message("system", draw(texts)),
            Message("user", draw(texts)),
            Message("assistant", draw(texts)),
            *said,
        ]
    if draw(st.integers(0, 9)) == 0:  # many short messages: what is put around each of them counts most
        said = [Message("user" if at % 2 else "assistant", "ok") for at in range(200)] + said
    meta = {
        "plan": draw(st.sampled_from(("gold", "free", 3, True, ""))),
        "level": draw(st.sampled_from(("free", "gold_", "a", "b", "nothing", 0.5))),
        "words": draw(st.sampled_from((4, 3.0, -1, 0, True, "4", 1e200, float("nan"), [4], 10**400))),
        "flag": draw(st.sampled_from((True, False, "true", 1, {"a": 1}, None))),
    }
    for name in draw(st.sets(st.sampled_from(sorted(meta)))):
        del meta[name]
    return Query(tuple(said), meta)


@dataclass(frozen=True)
class Act:
    """What a provider does with one call."""

    text: str = "yes"
    error: str = ""
    latency_s: float = 0.0
    retry_after_s: float | None = None
    thinks: bool = False
    cached: bool = False
    pieces_before_error: int = 0
    bills_failure: bool = False
    says_so: bool = False


WORDS_SAID = ("yes", "", "I'm not sure " * 9, "word " * 100, "\n" * 200, "\x02\t" * 99, "数" * 300, '"\n' * 2000)
VERDICTS = ('{"score": 0.9, "reason": "fine"}', '{"score": 0.2, "reason": "»no«\\nwhy"}', '{"score": 7}')
LABELS = ('{"label": "a"}', '{"label":"yes"}', "b", "x", '{"label": 7}')
ANSWERS = WORDS_SAID + VERDICTS + LABELS
ERRORS = ("rate_limit", "timeout", "connection", "server", "context_length", "content_filter")
ENDINGS = ("auth", "bad_request", "policy", "broken")
LATENCIES = st.sampled_from((0.0, 0.0, 0.3, 1.9, 4.0, 100.0))
ACTS = st.one_of(
    st.builds(Act, st.sampled_from(ANSWERS), latency_s=LATENCIES, thinks=st.booleans(), cached=st.booleans()),
    st.builds(
        Act,
        error=st.sampled_from(ERRORS * 3 + ENDINGS),
        latency_s=LATENCIES,
        retry_after_s=st.sampled_from((None, 0.0, 1.5, 1000.0)),
        pieces_before_error=st.integers(0, 2),
        bills_failure=st.booleans(),
        says_so=st.booleans(),
    ),
)


class Clock(VirtualClock):
    """Time that passes only where somebody waits."""

    def __init__(self) -> None:
        super().__init__(1000.0)


class Wilful:
    """A provider that acts as drawn, call by call, and counts a token for every byte.

    No tokenizer counts more, and it bills what the contract lets it bill: all of the request, and up to
    ``max_tokens`` of answer. So it does for calls that fail, and only sometimes says so: ``bills`` holds what it
    takes for each call, ``None`` for one that it refused.
    """

    def __init__(self, acts: list[Act], clock: Clock) -> None:
        self.acts = acts
        self.clock = clock
        self.calls = 0
        self.bills: list[Usage | None] = []

    async def send(self, request: Request) -> Reply:
        act = await self._act(request)
        if act.error:
            raise self._failure(act, request)
        return self._reply(act, request)

    async def stream(self, request: Request) -> AsyncIterator[Delta | Reply]:
        act = await self._act(request)
        if act.error:
            for _ in range(act.pieces_before_error):
                yield Delta("piece ")
            raise self._failure(act, request, streamed=act.pieces_before_error > 0)
        reply = self._reply(act, request)
        if reply.text:
            yield Delta(reply.text)
        yield reply

    async def count_tokens(self, request: Request) -> int | None:
        return None

    async def close(self) -> None:
        pass

    async def _act(self, request: Request) -> Act:
        act = self.acts[self.calls % len(self.acts)]
        self.calls += 1
        try:
            await self.clock.sleep(min(act.latency_s, request.timeout_s))
        except asyncio.CancelledError:
            self.bills.append(Usage(most_input(request), request.max_tokens))
            raise
        if act.latency_s > request.timeout_s:
            self.bills.append(Usage(most_input(request), request.max_tokens))
            raise CallFailed("timeout", "too slow")
        return act

    def _failure(self, act: Act, request: Request, *, streamed: bool = False) -> Exception:
        served = streamed or act.error in {"timeout", "connection", "server", "content_filter", "broken"}
        usage = Usage(most_input(request), request.max_tokens) if served and act.bills_failure else None
        self.bills.append(usage)
        if act.error == "broken":
            return ZeroDivisionError("a mistake in an adapter")
        failed = CallFailed(act.error, "as drawn", retry_after_s=act.retry_after_s)  # type: ignore[arg-type]
        failed.usage = usage if act.says_so else None
        return failed

    def _reply(self, act: Act, request: Request) -> Reply:
        text = act.text.encode()[: request.max_tokens].decode(errors="ignore")
        tokens = tuple(TokenLogprob(char, -0.9 if act.thinks else -0.1) for char in text[:5])
        asked = most_input(request)
        told = request.max_tokens if act.thinks else size(text)
        usage = Usage(asked, told, asked // 2 if act.cached else 0)
        finish = "length" if text != act.text else "stop"
        self.bills.append(usage)
        return Reply(text, request.model, usage, finish, tokens if request.logprobs is not None else None)


def size(text: str) -> int:
    return len(text.encode())


def most_input(request: Request) -> int:
    """Every byte a token, and as much around each message, system prompt included, as any wire format adds."""
    total = sum(MESSAGE_TOKENS + size(message.text) for message in request.messages)
    if request.system:
        total += MESSAGE_TOKENS + size(request.system)
    if request.json_schema is not None:
        total += size(json.dumps(request.json_schema))
    return total
