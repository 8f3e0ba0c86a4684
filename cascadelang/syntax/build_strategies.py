"""Reductions to strategies; see `build_ast`.

What follows a strategy (``until …``, ``within …``) is gathered as `Clause` values and put in its place when the whole
chain is known: suffixes from left to right round the strategy, the clauses of a cascade into the nearest cascade. A
clause that finds no cascade on its left stays `Pending`: it may be a rung's own ``until``, or belong to a cascade
further out (``cascade [a, b] otherwise opus until sound``); where neither is so, it is misplaced.
"""

from __future__ import annotations

from typing import Any, get_args

from cascadelang.diagnostics.model import Fix, Label
from cascadelang.source import Span
from cascadelang.source.frozen import dataclass
from cascadelang.syntax import ast
from cascadelang.syntax.build_expressions import ExpressionBuilder

Kids = list[Any]

_OF_CASCADES = frozenset(["until", "from", "order by", "carry", "otherwise"])


@dataclass(frozen=True, slots=True, eq=False)
class Clause:
    """A suffix or clause: its first word or words, what it says, and where."""

    word: str
    value: Any
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Pending:
    """A strategy with clauses that no cascade has taken yet."""

    strategy: Any
    clauses: list[Clause]

    @property
    def span(self) -> Span:
        """From the strategy to the last clause."""
        return self.strategy.span.to(self.clauses[-1].span)  # type: ignore[no-any-return]


def _with_by(kids: Kids) -> tuple[Kids, Any]:
    """What stands in the braces or brackets, and the expression after ``by``, ``None`` where there is none."""
    if kids and (kids[-1] is None or isinstance(kids[-1], get_args(ast.Expr))):
        return kids[:-1], kids[-1]
    return kids, None


class StrategyBuilder(ExpressionBuilder):
    """Builds strategies."""

    def __init__(self, source: Any, tokens: Any) -> None:
        super().__init__(source, tokens)
        self.enclosed: dict[int, Any] = {}  # strategies in parentheses of their own, by id

    # ---- Names and parentheses

    def named(self, kids: Kids, span: Span) -> ast.NameStrategy:
        """``opus``."""
        return ast.NameStrategy(kids[0], span)

    def parens(self, kids: Kids, _span: Span) -> ast.Strategy:
        """``(strategy)``."""
        strategy = self.settled(kids[0])
        self.enclosed[id(strategy)] = strategy
        return strategy

    def settled(self, value: Any) -> ast.Strategy:
        """The strategy itself; a clause that found no cascade is reported."""
        if not isinstance(value, Pending):
            return value  # type: ignore[no-any-return]
        for clause in value.clauses:
            where = "there is none on its left"
            if isinstance(value.strategy, ast.Cascade):
                where = "the one on its left is closed by its parentheses"
            self.tell(
                "misplaced-clause",
                f"`{clause.word}` belongs to a `cascade`, and {where}",
                clause.span,
                help=f"write `cascade […] {clause.word} …`, or delete it",
            )
        return value.strategy  # type: ignore[no-any-return]

    def _inner(self, value: Any, place: str) -> ast.Strategy:
        """A strategy where a bare ``route`` needs parentheses."""
        strategy = self.settled(value)
        route = self._open_route(strategy)
        if route is not None:
            word = "route by" if isinstance(route, ast.RouteBy) else "route"
            span = route.span
            written = self.source.snippet(span)
            self.tell(
                "bare-route",
                f"a `{word}` in {place} needs parentheses",
                Span(span.path, span.start, span.start + len("route")),
                label="it isn't clear where it ends",
                help=f"write `({word} …)`",
                fix=Fix(span, f"({written})", "put it in parentheses"),
            )
        return strategy

    def _open_route(self, strategy: Any) -> Any:
        """The route without parentheses that a strategy ends in, if any."""
        for _ in range(1000):
            if id(strategy) in self.enclosed:
                return None
            if isinstance(strategy, (ast.Route, ast.RouteBy)):
                return strategy
            if isinstance(strategy, ast.Cascade) and strategy.otherwise:
                strategy = strategy.otherwise.strategy
            elif isinstance(strategy, ast.Hedge):
                strategy = strategy.second
            elif isinstance(strategy, ast.Shadow):
                strategy = strategy.beside
            else:
                return None
        return None

    # ---- Routes

    def arm(self, kids: Kids, span: Span) -> ast.Arm:
        """``condition -> strategy``."""
        return ast.Arm(kids[0], self._inner(kids[1], "an arm"), span)

    def label_arm(self, kids: Kids, span: Span) -> ast.LabelArm:
        """``label -> strategy``."""
        return ast.LabelArm(self.texts[kids[0]], self._inner(kids[1], "an arm"), self.token_span(kids[0]), span)

    def route(self, kids: Kids, span: Span) -> ast.Route:
        """``route c -> s else s``."""
        *arms, otherwise = kids
        if otherwise is None and not any(self._open_route(arm.strategy) for arm in arms):
            self.tell(
                "missing-else",
                "`route` needs an `else`",
                Span(span.path, span.start, span.start + len("route")),
                label="nothing is said for a query that no arm takes",
                help="end it with `else` and a strategy: `route code -> opus else haiku`",
                related=(Label(Span(span.path, span.end, span.end), "`else …` is missing here"),),
            )
        return ast.Route(tuple(arms), None if otherwise is None else self.settled(otherwise), span)

    def route_by(self, kids: Kids, span: Span) -> ast.RouteBy:
        """``route by label a -> s else s``."""
        by, *arms, otherwise = kids
        return ast.RouteBy(by, tuple(arms), None if otherwise is None else self.settled(otherwise), span)

    # ---- Strategies with a word of their own

    def cascade(self, kids: Kids, span: Span) -> ast.Cascade:
        """``cascade [a, b]``, before its clauses."""
        rungs = []
        for kid in self._members(kids, "cascade", "rung", span):
            if not isinstance(kid, Pending):
                rungs.append(ast.Rung(self._inner(kid, "a list"), None, kid.span))
                continue
            gates = [clause for clause in kid.clauses if clause.word == "until"]
            others = [clause for clause in kid.clauses if clause.word != "until"]
            if others:
                self.settled(Pending(kid.strategy, others))
            for extra in gates[1:]:
                self._twice(gates[0], extra)
            gate = gates[0].value if gates else None
            rungs.append(ast.Rung(self._inner(kid.strategy, "a list"), gate, kid.span))
        return ast.Cascade(tuple(rungs), None, None, None, None, None, span)

    def fallback(self, kids: Kids, span: Span) -> ast.Fallback:
        """``fallback [a, b] when server``."""
        *members, when = kids
        members = self._members(members, "fallback", "member", span)
        return ast.Fallback(tuple(self._inner(kid, "a list") for kid in members), when or (), span)

    def failures(self, kids: Kids, span: Span) -> tuple[ast.Name, ...]:  # noqa: ARG002 - the form of all builders
        """``rate_limit or server``."""
        return tuple(ast.Name((self.texts[kid],), self.token_span(kid)) for kid in kids[::2])

    def vote(self, kids: Kids, span: Span) -> ast.Vote:
        """``vote [a, b, c] by judge(…)``."""
        kids, by = _with_by(kids)
        members = self._members(kids, "vote", "member", span)
        return ast.Vote(tuple(self._inner(kid, "a list") for kid in members), by, span)

    def _members(self, kids: Kids, word: str, what: str, span: Span) -> Kids:
        """What a list holds; an empty one is an error."""
        members = [kid for kid in kids if kid is not None]
        if not members:
            self.tell(
                "empty-list",
                f"`{word}` has no {what}s",
                span,
                help=f"name at least one {what} between `[` and `]`",
            )
        return members

    def hedge(self, kids: Kids, span: Span) -> ast.Hedge:
        """``hedge a after 2s with b``."""
        first, after, second = kids
        return ast.Hedge(self.settled(first), after, self.settled(second), span)

    def shadow(self, kids: Kids, span: Span) -> ast.Shadow:
        """``shadow a with b on 5%``."""
        live, beside, share = kids
        return ast.Shadow(self.settled(live), self.settled(beside), share, span)

    def split(self, kids: Kids, span: Span) -> ast.Split:
        """``split { 90% -> a, 10% -> b } by meta.user``."""
        shares, by = _with_by(kids)
        return ast.Split(tuple(shares), by, span)

    def share(self, kids: Kids, span: Span) -> ast.Share:
        """``90% -> a``."""
        return ast.Share(kids[0], self._inner(kids[1], "a share"), span)

    # ---- What follows a strategy

    def until(self, kids: Kids, span: Span) -> Clause:
        """``until check``."""
        return Clause("until", kids[0], span)

    def from_(self, kids: Kids, span: Span) -> Clause:
        """``from signal``."""
        return Clause("from", kids[0], span)

    def order_by(self, kids: Kids, span: Span) -> Clause:
        """``order by learned("…")``."""
        return Clause("order by", kids[0], span)

    def carry(self, kids: Kids, span: Span) -> Clause:
        """``carry draft``."""
        return Clause("carry", self.texts[kids[0]], span)

    def otherwise_word(self, kids: Kids, span: Span) -> Clause:
        """``otherwise last``."""
        return Clause("otherwise", ast.Otherwise(self.texts[kids[0]], None, span), span)  # type: ignore[arg-type]

    def otherwise(self, kids: Kids, span: Span) -> Clause:
        """``otherwise strategy``; the strategy may still be `Pending`."""
        return Clause("otherwise", kids[0], span)

    def within(self, kids: Kids, span: Span) -> Clause:
        """``within $0.05 and 20s``."""
        money: ast.Money | None = None
        time: ast.Duration | None = None
        for kid in kids:
            first = money if isinstance(kid, ast.Money) else time
            if first is not None:
                self.tell(
                    "duplicate-clause",
                    "`within` takes one amount of money and one duration",
                    kid.span,
                    help="keep the smaller one",
                    related=(Label(first.span, "the first one"),),
                )
            elif isinstance(kid, ast.Money):
                money = kid
            else:
                time = kid
        return Clause("within", (money, time), span)

    def retry(self, kids: Kids, span: Span) -> Clause:
        """``retry 2``."""
        return Clause("retry", kids[0], span)

    def cached(self, kids: Kids, span: Span) -> Clause:
        """``cached 1d similar 0.97``."""
        return Clause("cached", tuple(kids), span)

    def with_(self, kids: Kids, span: Span) -> Clause:
        """``with { temperature: 0 }``."""
        return Clause("with", kids[-1], span)

    def chain(self, kids: Kids, _span: Span) -> Any:
        """A strategy with what follows it."""
        strategy, *clauses = kids
        clauses = self._flattened(clauses)
        of_cascade = [clause for clause in clauses if clause.word in _OF_CASCADES]
        pending: list[Clause] = []
        if of_cascade:
            if isinstance(strategy, ast.Cascade) and id(strategy) not in self.enclosed:
                strategy = self._with_clauses(strategy, of_cascade)
            else:
                pending = of_cascade
        for clause in clauses:
            strategy = self._suffixed(strategy, clause)
        return Pending(strategy, pending) if pending else strategy

    def _flattened(self, clauses: list[Clause]) -> list[Clause]:
        """The clauses, with those that followed the strategy of an ``otherwise`` moved out to where they belong."""
        flat: list[Clause] = []
        for clause in clauses:
            value = clause.value
            if clause.word != "otherwise" or isinstance(value, ast.Otherwise):
                flat.append(clause)
                continue
            strategy = value.strategy if isinstance(value, Pending) else value
            span = Span(clause.span.path, clause.span.start, strategy.span.end)
            flat.append(Clause("otherwise", ast.Otherwise("strategy", strategy, span), span))
            if isinstance(value, Pending):
                flat.extend(value.clauses)
        return flat

    def _with_clauses(self, cascade: ast.Cascade, clauses: list[Clause]) -> ast.Cascade:
        said: dict[str, Clause] = {}
        for clause in clauses:
            if clause.word in said:
                self._twice(said[clause.word], clause)
            else:
                said[clause.word] = clause
        values = {word: clause.value for word, clause in said.items()}
        end = max(clause.span.end for clause in clauses)
        return ast.Cascade(
            cascade.rungs,
            values.get("until"),
            values.get("from"),
            values.get("order by"),
            values.get("carry"),
            values.get("otherwise"),
            Span(cascade.span.path, cascade.span.start, max(cascade.span.end, end)),
        )

    def _twice(self, first: Clause, second: Clause) -> None:
        self.tell(
            "duplicate-clause",
            f"`{first.word}` is said twice",
            second.span,
            help="keep one of them" if first.word != "until" else "join the two checks with `and`, or keep one",
            related=(Label(first.span, "the first one"),),
        )

    def _suffixed(self, strategy: Any, clause: Clause) -> Any:
        span = strategy.span.to(clause.span)
        if clause.word == "within":
            return ast.Within(strategy, clause.value[0], clause.value[1], span)
        if clause.word == "retry":
            return ast.Retry(strategy, clause.value, span)
        if clause.word == "cached":
            return ast.Cached(strategy, clause.value[0], clause.value[1], span)
        if clause.word == "with":
            return ast.With(strategy, clause.value, span)
        return strategy
