"""What models must be able to give: gates that can't be passed, scores that can't be had, limits without prices.

Takes: tiers and policies whose names are resolved. Guarantees: a gate is refused for a model when it can't come out
true on any of its answers, because what it needs (logprobs, say) the model can't give. A gate that has another way to
pass (``logprob(mean) >= -0.3 or judge(…) >= 0.8``) is not refused: what can't be known is unknown there, by the rules
of three-valued truth. A vote's score is refused for a member whose answers it leaves unknown.
"""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.contracts.spec import Capability
from cascadelang.diagnostics.model import Label
from cascadelang.semantics.checked import BoundCall, ModelInfo, Symbol
from cascadelang.semantics.load import place_of
from cascadelang.semantics.order import inner
from cascadelang.semantics.resolve import lookup
from cascadelang.semantics.state import State
from cascadelang.source import Span
from cascadelang.syntax import ast

_T, _F, _U = "true", "false", "unknown"
_ANY = frozenset({_T, _F, _U})
_UNKNOWN = frozenset({_U})

_SAID: dict[Capability, str] = {
    "logprobs": "log probabilities",
    "top_logprobs": "log probabilities of other tokens",
    "json": "forced JSON",
    "tools": "tool calls",
    "vision": "images",
}


def check_capabilities(symbol: Symbol, state: State) -> None:
    """Check the gates, the scores of votes and the limits of one tier or policy."""
    decl = symbol.decl
    if not isinstance(decl, (ast.TierDecl, ast.PolicyDecl)):
        return
    for strategy in _inside(decl.strategy):
        if isinstance(strategy, ast.Cascade):
            _gates(strategy, symbol.path, state)
        elif isinstance(strategy, ast.Vote) and strategy.by is not None:
            _scored(strategy, strategy.by, symbol.path, state)
        elif isinstance(strategy, ast.Within) and strategy.money is not None:
            _priced(strategy, strategy.money, symbol.path, state)


def children(strategy: ast.Strategy) -> list[ast.Strategy]:
    """The strategies directly inside one."""
    match strategy:
        case ast.Route() | ast.RouteBy():
            found = [*(arm.strategy for arm in strategy.arms), strategy.otherwise]
        case ast.Cascade():
            found = [rung.strategy for rung in strategy.rungs]
            found.append(strategy.otherwise.strategy if strategy.otherwise is not None else None)
        case ast.Fallback() | ast.Vote():
            found = [*strategy.members]
        case ast.Hedge():
            found = [strategy.first, strategy.second]
        case ast.Split():
            found = [share.strategy for share in strategy.shares]
        case ast.Shadow():
            found = [strategy.live, strategy.beside]
        case ast.NameStrategy():
            found = []
        case _:
            found = [strategy.strategy]
    return [child for child in found if child is not None]


def _inside(strategy: ast.Strategy) -> Iterator[ast.Strategy]:
    """A strategy and all strategies written within it."""
    stack = [strategy]
    while stack:
        here = stack.pop()
        yield here
        stack.extend(reversed(children(here)))


# ---- Gates ------------------------------------------------------------------------------------------------------


def _gates(cascade: ast.Cascade, path: str, state: State) -> None:
    for rung in cascade.rungs:
        gate = rung.until if rung.until is not None else cascade.until
        if gate is None:
            continue
        for model, at in answering(rung.strategy, path, state):
            needs = _needs(gate, path, model, state)
            if needs and _T not in _outcomes(gate, path, model, state):
                shared = rung.until is None and len(cascade.rungs) > 1
                last = shared and cascade.rungs[-1] is rung
                _tell_cannot(model, needs[0], gate, state, at=at, last=last)
                break


def _tell_cannot(
    model: ModelInfo,
    need: tuple[str, Capability],
    gate: ast.Expr,
    state: State,
    *,
    at: Span,
    last: bool,
) -> None:
    check, wanted = need
    state.error(
        "model-cannot",
        f"`{model.name}` gives no {_SAID[wanted]}, so its answers can never pass",
        at,
        label=f"`{check}` needs them",
        related=(Label(gate.span, "the check its answers must pass"),),
        help="give the check to the other rungs only: `cascade [a until CHECK, b]`"
        if last
        else f"give the rung a check of its own, or say `can: [{wanted}]` on the model if it can",
    )


def _scored(vote: ast.Vote, by: ast.Expr, path: str, state: State) -> None:
    """Tell the members of a vote whose answers can't be scored: they'd come after all others, whatever they say."""
    found: list[tuple[ModelInfo, Span, tuple[str, Capability]]] = []
    for member in vote.members:
        for model, at in answering(member, path, state):
            needs = _needs(by, path, model, state)
            if needs and _outcomes(by, path, model, state) == _UNKNOWN:
                found.append((model, at, needs[0]))
                break
    if not found:
        return
    model, at, (check, wanted) = found[0]
    state.error(
        "model-cannot",
        f"`{model.name}` gives no {_SAID[wanted]}, so its answers can never be scored",
        at,
        label=f"`{check}` needs them",
        related=(
            *(Label(place, f"nor does `{other.name}` give any") for other, place, _ in found[1:]),
            Label(by.span, "the score that the vote goes by"),
        ),
        help=f"vote by another score, or say `can: [{wanted}]` on the model if it can",
    )


def answering(strategy: ast.Strategy, path: str, state: State) -> Iterator[tuple[ModelInfo, Span]]:
    """The models whose answer can be a strategy's, each with where the strategy (not a tier behind it) names it."""
    seen: set[int] = set()
    for symbol, at in _named(strategy, path, state):
        for info in _models_of(symbol, state):
            if id(info) not in seen:
                seen.add(id(info))
                yield info, at


def _named(strategy: ast.Strategy, path: str, state: State) -> Iterator[tuple[Symbol, Span]]:
    """What a strategy itself names that can answer in its place, in order."""
    stack = [strategy]
    while stack:
        here = stack.pop()
        if isinstance(here, ast.NameStrategy):
            symbol = lookup(here.name, path, state)
            if symbol is not None:
                yield symbol, here.span
        else:
            stack += reversed([here.live] if isinstance(here, ast.Shadow) else children(here))


def _models_of(symbol: Symbol, state: State) -> list[ModelInfo]:
    """The models whose answer can be a model's, tier's or policy's; known from then on. Circles are cut."""
    known = state.answerers
    on_the_way: set[int] = set()
    waiting = [symbol]
    while waiting:
        here = waiting[-1]
        key = id(here.decl)
        if key in known:
            waiting.pop()
            continue
        inside: list[Symbol] = []
        if isinstance(here.decl, (ast.TierDecl, ast.PolicyDecl)):
            inside = [named for named, _ in _named(here.decl.strategy, here.path, state)]
        missing = [one for one in inside if id(one.decl) not in known and id(one.decl) not in on_the_way]
        if key not in on_the_way and missing:
            on_the_way.add(key)
            waiting += missing
            continue
        own = [state.models[key]] if key in state.models else []
        found = [*own, *(info for one in inside for info in known.get(id(one.decl), ()))]
        known[key] = list({id(info): info for info in found}.values())
        waiting.pop()
    return known[id(symbol.decl)]


def cannot(model: ModelInfo, need: Capability, state: State) -> bool:
    """Whether it is known that a model can't give something; what isn't known may well be."""
    if model.can is not None:
        return need not in model.can
    carried = state.catalog.capabilities(model.provider.kind)
    return carried is not None and need not in carried


def _needs(gate: ast.Expr, path: str, model: ModelInfo, state: State) -> list[tuple[str, Capability]]:
    """What a gate needs of a model that it can't give: the entry's name and the capability."""
    found: list[tuple[str, Capability]] = []
    for call in _calls(gate, path, state):
        if call.kind == "check":
            found += [(call.spec.name, need) for need in sorted(call.spec.needs) if cannot(model, need, state)]
    return found


def _calls(expr: ast.Expr, path: str, state: State) -> Iterator[BoundCall]:
    """The catalogue calls that evaluating an expression can make, through declared signals and checks."""
    seen: set[int] = set()
    stack: list[tuple[ast.Expr, str]] = [(expr, path)]
    while stack:
        here, file = stack.pop()
        call = state.calls.get(id(here))
        if call is not None:
            yield call
            stack.extend((part, file) for part in expressions_of(call))
            continue
        if isinstance(here, ast.Ref) and id(here) not in state.words:
            symbol = lookup(here.name, file, state)
            decl = symbol.decl if symbol is not None else None
            if symbol is not None and isinstance(decl, (ast.SignalDecl, ast.CheckDecl)) and id(decl) not in seen:
                seen.add(id(decl))
                stack.append((decl.expr, symbol.path))
            continue
        stack.extend((part, file) for part in inner(here))


def expressions_of(call: BoundCall) -> list[ast.Expr]:
    """The expressions among a call's arguments: numbers that are computed, signals that are weighed."""
    found: list[ast.Expr] = []
    for param in call.spec.params:
        value = call.args.get(param.name)
        if param.type == "expr" and value is not None:
            found.append(value)
        elif param.type == "bool_weights":
            found += [ref for ref, _ in value or ()]
    return found


def _outcomes(expr: ast.Expr, path: str, model: ModelInfo, state: State, depth: int = 0) -> frozenset[str]:
    """What an expression can come to on the model's answers: some of true, false and unknown."""
    call = state.calls.get(id(expr))
    if depth > 100:
        found = _ANY
    elif call is not None:
        blind = call.kind == "check" and any(cannot(model, need, state) for need in call.spec.needs)
        found = _UNKNOWN if blind else _ANY
    elif isinstance(expr, ast.Not):
        turned = {_T: _F, _F: _T, _U: _U}
        found = frozenset(turned[one] for one in _outcomes(expr.value, path, model, state, depth + 1))
    elif isinstance(expr, ast.Ref):
        found = _outcomes_of_name(expr, path, model, state, depth)
    else:
        sides = [_outcomes(part, path, model, state, depth + 1) for part in inner(expr)]
        blind = _UNKNOWN in sides
        found = _joined(expr.op, sides) if isinstance(expr, ast.Logic) else _UNKNOWN if blind else _ANY
    return found


def _outcomes_of_name(expr: ast.Ref, path: str, model: ModelInfo, state: State, depth: int) -> frozenset[str]:
    """What a declared check can come to; ``else pass`` turns unknown into true."""
    symbol = lookup(expr.name, path, state) if id(expr) not in state.words else None
    if symbol is None or not isinstance(symbol.decl, ast.CheckDecl):
        return _ANY
    found = _outcomes(symbol.decl.expr, symbol.path, model, state, depth + 1)
    return found - {_U} | {_T} if symbol.decl.else_pass and _U in found else found


def _joined(op: str, sides: list[frozenset[str]]) -> frozenset[str]:
    """What ``and`` or ``or`` can come to: false settles the one, true the other, whatever else is unknown."""
    settles, other = (_F, _T) if op == "and" else (_T, _F)
    if frozenset({settles}) in sides:
        return frozenset({settles})
    found = {one for one in (settles, _U) if any(one in side for side in sides)}
    return frozenset(found | {other}) if all(other in side for side in sides) else frozenset(found)


# ---- Prices -----------------------------------------------------------------------------------------------------


def _priced(within: ast.Within, money: ast.Money, path: str, state: State) -> None:
    """Tell the models under a limit in money whose price isn't known."""
    for symbol, info in spending(within.strategy, path, state):
        if info.price is None:
            state.error(
                "unpriced-model",
                f"the price of `{info.name}` isn't known, so a limit in money can't be kept",
                money.span,
                related=(Label(place_of(symbol), f"`{info.name}` is declared here"),),
                help=f"say what it costs per million tokens in and out: `price: $1 / $5` on `{info.name}`",
            )


def spending(strategy: ast.Strategy, path: str, state: State) -> list[tuple[Symbol, ModelInfo]]:
    """Every model that a strategy can call: those that answer, those that judge, those that are asked to route."""
    found: dict[int, tuple[Symbol, ModelInfo]] = {}
    seen: set[int] = set()
    stack: list[tuple[ast.Strategy, str]] = [(strategy, path)]

    def add(symbol: Symbol | None) -> None:
        if symbol is not None and isinstance(symbol.decl, ast.ModelDecl) and id(symbol.decl) in state.models:
            found.setdefault(id(symbol.decl), (symbol, state.models[id(symbol.decl)]))

    while stack:
        here, file = stack.pop()
        if isinstance(here, ast.NameStrategy):
            symbol = lookup(here.name, file, state)
            add(symbol)
            decl = symbol.decl if symbol is not None else None
            if symbol is not None and isinstance(decl, (ast.TierDecl, ast.PolicyDecl)) and id(decl) not in seen:
                seen.add(id(decl))
                stack.append((decl.strategy, symbol.path))
            continue
        for expr in conditions(here):
            for call in _calls(expr, file, state):
                for value in call.args.values():
                    add(value if isinstance(value, Symbol) else None)
        stack.extend((child, file) for child in reversed(children(here)))
    return list(found.values())


def conditions(strategy: ast.Strategy) -> list[ast.Expr]:
    """The expressions that a strategy itself evaluates."""
    if isinstance(strategy, ast.Route):
        return [arm.condition for arm in strategy.arms]
    if isinstance(strategy, ast.RouteBy):
        return [strategy.by]
    if isinstance(strategy, ast.Cascade):
        own = [rung.until for rung in strategy.rungs if rung.until is not None]
        return own + [expr for expr in (strategy.until, strategy.start) if expr is not None]
    if isinstance(strategy, (ast.Vote, ast.Split)):
        return [strategy.by] if strategy.by is not None else []
    return []
