"""A policy's execution graph, as JSON and drawn."""

from __future__ import annotations

from typing import Literal

from cascadelang.workspace.load import load
from cascadelang.workspace.mistake import Mistake

Form = Literal["text", "mermaid", "dot", "svg", "json"]


def compile_text(path: str) -> str:
    """The graph of a policy file as JSON text, ending in a line end.

    Raises:
        PolicyError: when the policy has errors.
    """
    from cascadelang.graph.json_form import to_json

    return to_json(load(path).graph).rstrip("\n") + "\n"


def draw(path: str, form: Form) -> str:
    """The graph of a policy file, drawn.

    Args:
        path: of the policy, or of a graph that `compile` printed.
        form: what it is drawn as; ``svg`` is drawn by a package of the ``viz`` extra.

    Raises:
        PolicyError: when the policy has errors.
        Mistake: when what draws it isn't installed, or the graph is too large to be laid out.
    """
    from cascadelang.graph import export
    from cascadelang.graph.errors import GraphError
    from cascadelang.graph.json_form import to_json

    graph = load(path).graph
    draws = {
        "text": export.to_text,
        "mermaid": export.to_mermaid,
        "dot": export.to_dot,
        "svg": export.to_svg,
        "json": to_json,
    }
    try:
        return draws[form](graph)
    except GraphError as error:
        raise Mistake(str(error), error.help) from None
