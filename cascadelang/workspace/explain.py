"""Explains: a policy's plan, and the pages of diagnostics, checks, signals, strategies, declarations and providers.

Takes: a path or a name. Gives: text, Markdown or JSON. Guarantees: no model is called.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, Literal

from cascadelang.workspace.mistake import Mistake, PolicyError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cascadelang.contracts.messages import Query
    from cascadelang.contracts.result import Decision
    from cascadelang.graph.model import Graph
    from cascadelang.semantics.checked import CheckedPolicy

_KINDS: Final[tuple[Literal["check", "signal", "provider"], ...]] = ("check", "signal", "provider")


def is_policy(what: str) -> bool:
    """Whether a word names a file rather than something with a page."""
    return what.endswith((".cl", ".json")) or os.sep in what or os.path.exists(what)  # noqa: PTH110 - one look is all


def page(name: str) -> str:
    """The page of a name, in Markdown; several pages where a check and a signal share it.

    Raises:
        Mistake: when nothing has that name.
    """
    from cascadelang.workspace.catalog import InstalledCatalog
    from cascadelang.workspace.declaration_pages import DECLARATIONS
    from cascadelang.workspace.spec_page import spec_page
    from cascadelang.workspace.strategy_pages import ALSO, PAGES

    catalog = InstalledCatalog()
    pages = [spec_page(spec) for kind in _KINDS if (spec := catalog.spec(kind, name)) is not None]
    written = {**PAGES, **DECLARATIONS}
    title = ALSO.get(name, name)
    if title in written:
        pages.append(f"# {title}\n\n{written[title]}")
    diagnostic = _diagnostic(name)
    if diagnostic:
        pages.append(diagnostic)
    if not pages:
        names = [*written, *ALSO, *(n for kind in _KINDS for n in catalog.names(kind)), *_diagnostic_names()]
        meant = nearest(name, names)
        help_ = f"did you mean `{meant}`?" if meant else "give a policy file, or a name as it stands in one"
        raise Mistake(f"there is no page about `{name}`", help_, usage=True)
    return "\n".join(pages)


def _diagnostic(name: str) -> str:
    """The page of a diagnostic, or an empty string."""
    from cascadelang.diagnostics.page import code_page
    from cascadelang.lint.registry import code, is_rule

    found = code(name)
    return "" if found is None else code_page(found, is_rule=is_rule(name))


def _diagnostic_names() -> list[str]:
    """The names of all diagnostics."""
    from cascadelang.lint.registry import all_codes

    return list(all_codes())


def plan(
    path: str,
    query: Query | None = None,
    *,
    policy: str = "main",
    form: str = "text",
    input_tokens: int | None = None,
    width: int | None = None,
    tell: Callable[[PolicyError], None] | None = None,
) -> str | dict[str, Any]:
    """The plan of a policy: order of evaluation, bounds per node, and with a query which arm it takes and why.

    Args:
        path: of a policy file or a graph file.
        query: what is asked, to see the decisions that need no call.
        policy: which one of the file.
        form: ``text`` or ``json``.
        input_tokens: the most tokens of the input that costs are shown for; unless given, those of the query, else
            those that a requirement of the policy names, else 4,000.
        width: columns of the text.
        tell: is given what stands against a policy that means something all the same: a requirement that doesn't
            hold, an arm that is never taken. Without it, that is raised.

    Raises:
        PolicyError: when the policy has errors.
        Mistake: when there is no such policy.
    """
    from cascadelang.graph.plan import INPUT_TOKENS, Plan
    from cascadelang.workspace.load import load, policy_named

    loaded = load(path, to_look=tell is not None)
    if tell is not None and loaded.error is not None:
        tell(loaded.error)
    graph = loaded.graph
    policy_named(graph, policy)
    decisions: Sequence[Decision] = () if query is None else _decisions(graph, query, policy)
    if input_tokens is None:
        named = [r.input_tokens for r in graph.requirements if r.policy == policy and r.input_tokens]
        input_tokens = max(named, default=INPUT_TOKENS) if query is None else _most_input(query)
    written, declared = (None, None) if loaded.checked is None else _as_written(loaded.checked)
    made = Plan(
        graph, policy=policy, input_tokens=input_tokens, decisions=decisions, written=written, declared=declared
    )
    if form == "json":
        from cascadelang.graph.plan_json import plan_json

        return plan_json(made)
    from cascadelang.graph.plan_text import WIDTH, plan_text

    return plan_text(made, width=width or WIDTH)


def _as_written(checked: CheckedPolicy) -> tuple[Graph, dict[str, float]]:
    """The graph with its conditions as they were written, and what the policy declares for its tunes."""
    from cascadelang.graph.compile import compile_policy
    from cascadelang.graph.compile_expr import literal
    from cascadelang.semantics.locked import declared_tunes

    declared = {name: float(literal(decl.value)) for name, decl in declared_tunes(checked).items()}
    return compile_policy(checked, as_written=True), declared


def _decisions(graph: Graph, query: Query, policy: str) -> Sequence[Decision]:
    """What the query makes the policy choose, as far as that needs no call."""
    from cascadelang.runtime.interpreter import Interpreter
    from cascadelang.workspace.makers import make_check, make_signal
    from cascadelang.workspace.providers import Providers

    interpreter = Interpreter(
        graph, providers=Providers(graph.providers), make_check=make_check, make_signal=make_signal
    )
    return interpreter.decide(query, policy)


def _most_input(query: Query) -> int:
    """More tokens than any tokenizer makes of the query: what bounds are shown for."""
    from cascadelang.contracts.estimate import most_tokens
    from cascadelang.graph.limits import MESSAGE_TOKENS

    return sum(most_tokens(message.text) + MESSAGE_TOKENS for message in query.messages)
