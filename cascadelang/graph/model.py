"""The execution graph: what a policy means, with every name resolved and every default written out.

It is the contract between the front end and any runtime. Its JSON form (`cascadelang.graph.json_form`) is
versioned, has a published JSON Schema (``docs/graph.schema.json``) and holds all that a run needs: texts of schemas
and rubrics stand in it, secrets never do. Node ids are stable paths such as ``main``, ``main.arm2``,
``main.else.rung1`` or ``tier.cheap``, so that a trace can name the node it passed through.

INVARIANT: the node graph has no circle: a policy never reaches itself.
"""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias

from cascadelang.contracts.failure import FailureKind
from cascadelang.contracts.price import Price
from cascadelang.contracts.spec import Capability, ValueType
from cascadelang.source.frozen import dataclass

GRAPH_VERSION: Final = 1


class ByKind:
    """Tells pydantic, when the JSON form is read, that a union's members are told apart by their ``kind``."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic import Discriminator

        return Discriminator("kind").__get_pydantic_core_schema__(source, handler)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node was written; lines and columns from 1, the end exclusive.

    ``start`` and ``end`` are the same place as offsets in code points, for whoever has the file's text.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    start: int = 0
    end: int = 0


# ---- Expressions ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Const:
    """A literal: boolean, number, text; money in dollars, durations in seconds, shares from 0 to 1; or a list."""

    value: bool | int | float | str | list[bool | int | float | str]
    kind: Literal["const"] = "const"


@dataclass(frozen=True, slots=True)
class TuneValue:
    """A ``tune`` with the value it has."""

    name: str
    value: float
    kind: Literal["tune"] = "tune"


@dataclass(frozen=True, slots=True)
class SignalValue:
    """A declared signal of `Graph.signals`."""

    name: str
    kind: Literal["signal"] = "signal"


@dataclass(frozen=True, slots=True)
class CheckValue:
    """A declared check of `Graph.checks`."""

    name: str
    kind: Literal["check"] = "check"


@dataclass(frozen=True, slots=True)
class UseValue:
    """A catalogue entry with arguments, of `Graph.uses`."""

    use: str
    kind: Literal["use"] = "use"


@dataclass(frozen=True, slots=True)
class MetaValue:
    """``meta.NAME``; unknown when the caller didn't give it."""

    name: str
    kind: Literal["meta"] = "meta"


@dataclass(frozen=True, slots=True)
class MetaMissing:
    """``meta.NAME is missing``."""

    name: str
    negated: bool = False
    kind: Literal["missing"] = "missing"


@dataclass(frozen=True, slots=True)
class NotValue:
    """``not x``."""

    value: GraphExpr
    kind: Literal["not"] = "not"


@dataclass(frozen=True, slots=True)
class LogicValue:
    """``and`` / ``or``, in order of evaluation: what takes no time, what is free, what is paid."""

    op: Literal["and", "or"]
    values: list[GraphExpr]
    kind: Literal["logic"] = "logic"


@dataclass(frozen=True, slots=True)
class CompareValue:
    """A comparison; unknown when a side is."""

    op: Literal["==", "!=", "<", "<=", ">", ">="]
    left: GraphExpr
    right: GraphExpr
    kind: Literal["compare"] = "compare"


@dataclass(frozen=True, slots=True)
class InValue:
    """``x in [a, b]``."""

    value: GraphExpr
    items: list[bool | int | float | str]
    negated: bool = False
    kind: Literal["in"] = "in"


@dataclass(frozen=True, slots=True)
class ArithValue:
    """``a + b`` and so on; dividing by zero is unknown."""

    op: Literal["+", "-", "*", "/"]
    left: GraphExpr
    right: GraphExpr
    kind: Literal["arith"] = "arith"


@dataclass(frozen=True, slots=True)
class Weighted:
    """One part of a score: a boolean counts as 0 or 1."""

    value: GraphExpr
    weight: float


@dataclass(frozen=True, slots=True)
class ScoreValue:
    """``score(a: 0.4, b: 0.3)``: the weighted sum, cut to 0..1; unknown when a part is."""

    parts: list[Weighted]
    kind: Literal["score"] = "score"


@dataclass(frozen=True, slots=True)
class BandStep:
    """``label: below``: the label of values under ``below``."""

    label: str
    below: float


@dataclass(frozen=True, slots=True)
class BandValue:
    """``band(x, easy: 0.3, medium: 0.7, hard)``: the first label whose limit the value is under, else ``last``."""

    value: GraphExpr
    steps: list[BandStep]
    last: str
    kind: Literal["band"] = "band"


@dataclass(frozen=True, slots=True)
class RecordedValue:
    """``escalation(opus)``, ``cost.mean``: what recorded runs say, in alerts. ``of`` is what stands in brackets."""

    name: str
    of: str = ""
    kind: Literal["recorded"] = "recorded"


GraphExpr: TypeAlias = Annotated[
    Const
    | TuneValue
    | SignalValue
    | CheckValue
    | UseValue
    | MetaValue
    | MetaMissing
    | NotValue
    | LogicValue
    | CompareValue
    | InValue
    | ArithValue
    | ScoreValue
    | BandValue
    | RecordedValue,
    ByKind(),
]


@dataclass(frozen=True, slots=True)
class NamedSignal:
    """A declared signal. ``default`` is its ``else``; ``labels`` are its values when it is a label."""

    name: str
    expr: GraphExpr
    type: ValueType
    labels: list[str] = field(default_factory=list)
    default: bool | int | float | str | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class NamedCheck:
    """A declared check. ``else_pass``: an unknown verdict passes. ``paid``: it may call a model."""

    name: str
    expr: GraphExpr
    else_pass: bool = False
    paid: bool = False
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class CatalogUse:
    """A catalogue entry with its arguments, all JSON: files as their text or value, models as their name.

    ``model_args`` names the arguments that are models; ``calls`` is the most model calls one evaluation makes,
    ``None`` when it isn't known; ``plain``: they are asked the query itself, as it came; ``own`` says that they are
    further calls of the model whose answer is judged; ``always_known``: its value is never unknown; ``time_s``: the
    most seconds of one evaluation that makes no call, 0 where that is no time to speak of. Equal uses are one, with
    one id.

    INVARIANT: a use is evaluated at most once for each answer (a check) or run (a signal): bounds count it once.
    """

    id: str
    entry: str
    kind: Literal["signal", "check"]
    args: dict[str, Any]
    scope: Literal["query", "conversation"] = "query"
    gives: ValueType = "bool"
    model_args: list[str] = field(default_factory=list)
    needs: list[Capability] = field(default_factory=list)
    calls: int | None = 0
    own: bool = False
    place: Place | None = None
    always_known: bool = False
    plain: bool = False
    time_s: float = 0.0


# ---- Models -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """A configured provider. ``key_env`` names an environment variable; ``folder`` is what paths are relative to."""

    name: str
    kind: str
    settings: dict[str, Any] = field(default_factory=dict)
    key_env: str = ""
    folder: str = ""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model with its defaults. ``price`` is ``None`` when unknown."""

    name: str
    provider: str
    id: str
    max_tokens: int
    timeout_s: float
    retry: int = 0
    price: Price | None = None
    context: int | None = None
    can: list[Capability] | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: list[str] = field(default_factory=list)
    effort: str | None = None
    system: str = ""
    place: Place | None = None


# ---- Nodes ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CallNode:
    """Ask one model."""

    id: str
    model: str
    place: Place | None = None
    kind: Literal["call"] = "call"


@dataclass(frozen=True, slots=True)
class GraphArm:
    """A condition and the node it leads to."""

    condition: GraphExpr
    node: str


@dataclass(frozen=True, slots=True)
class RouteNode:
    """The first arm whose condition is true, else ``otherwise``."""

    id: str
    arms: list[GraphArm]
    otherwise: str
    place: Place | None = None
    kind: Literal["route"] = "route"


@dataclass(frozen=True, slots=True)
class RouteByNode:
    """The arm of the label; ``otherwise`` for a label without one and for an unknown label.

    Without ``otherwise``, an unknown label ends the run as a failure of kind ``policy``.
    """

    id: str
    by: GraphExpr
    arms: dict[str, str]
    otherwise: str | None = None
    place: Place | None = None
    kind: Literal["route_by"] = "route_by"


@dataclass(frozen=True, slots=True)
class GraphRung:
    """A node and the gate its answer must pass; ``None`` is no gate: any answer passes, unchecked.

    ``logprobs`` and ``top_logprobs``: what the gate needs the rung's answer to come with.
    ``paid``: the gate may call a model.
    """

    node: str
    until: GraphExpr | None = None
    paid: bool = False
    logprobs: bool = False
    top_logprobs: bool = False


@dataclass(frozen=True, slots=True)
class GraphOrder:
    """Which rung of a cascade is asked next: of those left the one with the best predicted quality for its price.

    ``quality`` is a learned file (`cascadelang.learned`) that gives ``scores``, from ``file``; ``names`` says for
    each rung which of its outputs is its quality. A price is the most that the rung can cost for such a query. The
    best has the highest quality divided by the price (what is free comes first, by quality); with ``worth_usd``,
    the highest quality less the price divided by that. Of equals the first as written; so it is for all where the
    quality or a price isn't known.
    """

    file: str
    quality: dict[str, Any]
    names: list[str]
    worth_usd: float | None = None


@dataclass(frozen=True, slots=True)
class CascadeNode:
    """The rungs in order until one passes.

    With ``order``, each is asked once in another order. ``start`` gives a label, ``start_at`` the index of the rung
    it names; an unknown label starts at the first.
    """

    id: str
    rungs: list[GraphRung]
    otherwise: Literal["last", "best", "fail", "node"] = "last"
    otherwise_node: str | None = None
    start: GraphExpr | None = None
    start_at: dict[str, int] = field(default_factory=dict)
    carry: Literal["draft", "reasons"] | None = None
    place: Place | None = None
    kind: Literal["cascade"] = "cascade"
    order: GraphOrder | None = None


@dataclass(frozen=True, slots=True)
class FallbackNode:
    """The next member when a provider failed; ``when``: in one of these ways only, ``None`` for all that move on."""

    id: str
    members: list[str]
    when: list[FailureKind] | None = None
    place: Place | None = None
    kind: Literal["fallback"] = "fallback"


@dataclass(frozen=True, slots=True)
class GraphShare:
    """A share of the queries, from 0 to 1, and the node they go to."""

    share: float
    node: str


@dataclass(frozen=True, slots=True)
class SplitNode:
    """A share of the queries each, by a key or by chance.

    With ``by``, equal keys go the same way: the key's place is the first 53 bits of the SHA-256 of the node's id, a
    line break and the key's text, as a fraction of 1; it falls to the first share whose end it lies below, the ends
    being the sums of the shares in order. Without ``by``, or for an unknown key, the place comes from the run's seed.
    """

    id: str
    shares: list[GraphShare]
    by: GraphExpr | None = None
    place: Place | None = None
    kind: Literal["split"] = "split"


@dataclass(frozen=True, slots=True)
class HedgeNode:
    """``second`` is started too when ``first`` takes longer than ``after_s`` seconds, or has failed before.

    The first answer wins, and the other is cancelled.
    """

    id: str
    first: str
    second: str
    after_s: float
    place: Place | None = None
    kind: Literal["hedge"] = "hedge"


@dataclass(frozen=True, slots=True)
class VoteNode:
    """All members answer at once; the final answer that most of them give wins.

    ``by``: a score of an answer; with it, the best scored of the different final answers wins. ``paid``: it may call
    a model. ``logprobs`` and ``top_logprobs``: what it needs the members' answers to come with.
    """

    id: str
    members: list[str]
    by: GraphExpr | None = None
    paid: bool = False
    place: Place | None = None
    kind: Literal["vote"] = "vote"
    logprobs: bool = False
    top_logprobs: bool = False


@dataclass(frozen=True, slots=True)
class ShadowNode:
    """``live`` answers; ``beside`` is run afterwards, for that ``share`` (0 to 1) of the queries, for the record."""

    id: str
    live: str
    beside: str
    share: float = 1.0
    place: Place | None = None
    kind: Literal["shadow"] = "shadow"


@dataclass(frozen=True, slots=True)
class WithinNode:
    """A hard limit on all that ``child`` spends, checked before every call."""

    id: str
    child: str
    cost_usd: float | None = None
    time_s: float | None = None
    place: Place | None = None
    kind: Literal["within"] = "within"


@dataclass(frozen=True, slots=True)
class RetryNode:
    """Calls inside are tried up to ``times`` times more, instead of what their models say."""

    id: str
    child: str
    times: int
    place: Place | None = None
    kind: Literal["retry"] = "retry"


@dataclass(frozen=True, slots=True)
class WithNode:
    """Settings for every call inside, over those of the models; an inner ``with`` wins over an outer one.

    Keys are the fields of `ModelSpec`: max_tokens, timeout_s, temperature, top_p, seed, stop, effort, system.
    """

    id: str
    child: str
    settings: dict[str, Any]
    place: Place | None = None
    kind: Literal["with"] = "with"


@dataclass(frozen=True, slots=True)
class CachedNode:
    """The answer of ``child`` to the same request, as long as it is no older than ``keep_s`` seconds.

    ``similar``: that to a request which differs in the last user message alone, and in that by no more than a cosine
    of so much; ``None`` for the same request only.
    """

    id: str
    child: str
    keep_s: float
    similar: float | None = None
    place: Place | None = None
    kind: Literal["cached"] = "cached"


GraphNode: TypeAlias = Annotated[
    CallNode
    | RouteNode
    | RouteByNode
    | CascadeNode
    | FallbackNode
    | SplitNode
    | HedgeNode
    | VoteNode
    | ShadowNode
    | WithinNode
    | RetryNode
    | WithNode
    | CachedNode,
    ByKind(),
]


@dataclass(frozen=True, slots=True)
class Requirement:
    """A ``require``: a bound on a policy. ``what`` is cost (USD), calls or latency (seconds).

    ``node`` is the policy's root: it may be one that a caller can't ask for (``require m.main { … }``).
    """

    policy: str
    node: str
    what: Literal["cost", "calls", "latency"]
    op: Literal["<", "<=", "==", ">", ">="]
    limit: float
    input_tokens: int | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class GraphAlert:
    """``alert "words" when condition over N queries``: told when the condition holds of the newest recorded runs.

    ``said`` is the condition as it was written, on one line.
    """

    words: str
    condition: GraphExpr
    over: int
    said: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """A compiled policy file.

    Attributes:
        policies: the root node of each policy a caller can ask for.
        files: SHA-256 of every file that was read, by path.
    """

    path: str
    policies: dict[str, str]
    nodes: dict[str, GraphNode]
    models: dict[str, ModelSpec]
    providers: dict[str, ProviderSpec]
    signals: dict[str, NamedSignal] = field(default_factory=dict)
    checks: dict[str, NamedCheck] = field(default_factory=dict)
    uses: dict[str, CatalogUse] = field(default_factory=dict)
    requirements: list[Requirement] = field(default_factory=list)
    alerts: list[GraphAlert] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    version: Literal[1] = GRAPH_VERSION

    __pydantic_config__: ClassVar[dict[str, Any]] = {"strict": True, "extra": "forbid", "allow_inf_nan": False}
    """How the JSON form is read, this class and all it holds."""

    def node(self, id_: str) -> GraphNode:
        """The node of that id."""
        return self.nodes[id_]
