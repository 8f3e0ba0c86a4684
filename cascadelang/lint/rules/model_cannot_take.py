"""A model to which only queries get that it can't take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cascadelang.contracts.spec import Capability
from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic
from cascadelang.graph.model import CallNode
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject

_NEEDED: Final[dict[str, tuple[Capability, str, str]]] = {
    "has_image": ("vision", "have an image", "can't look at images"),
    "has_tools": ("tools", "offer tools", "can't call tools"),
}


class ModelCannotTake(Rule):
    """See its code."""

    code = Code(
        "model-cannot-take",
        "error",
        "a model to which only queries get that it can't take",
        "The conditions on the way let only queries with an image (or with tools) get to this model, and it is known "
        "not to take them: by the catalogue, by its `can:`, or because models on this machine never do. Where that "
        "isn't known of a model, nothing is said.",
        "Its provider refuses every one of these calls with `bad_request`, and that ends the run.",
        'use "std/openai"\nmodel blind = openai("acme-1") { price: $1 / $4, can: [json] }\n'
        "policy main = route has_image -> blind else sol\n",
        'use "std/openai"\nmodel blind = openai("acme-1") { price: $1 / $4, can: [json] }\n'
        "policy main = route has_image -> sol else blind\n",
        more_bad=(
            (
                'use "std/anthropic"\nmodel tiny = local("smollm2-135m")\n'
                "policy main = route has_tools and words < 9 -> cascade [tiny, haiku] until not empty else haiku\n"
            ),
            (
                'use "std/anthropic"\nmodel tiny = local("smollm2-135m")\n'
                "policy main = route not has_image -> haiku else (route has_code -> haiku else tiny)\n"
            ),
        ),
        more_good=(
            (
                'use "std/anthropic"\nmodel tiny = local("smollm2-135m")\n'
                "policy main = route has_image or words > 90 -> haiku else tiny\n"
            ),
        ),
    )
    words = ("has_image|has_tools", "route")

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a call and lack."""
        for id_, shapes in subject.reach.always.items():
            node = subject.graph.nodes[id_]
            if not isinstance(node, CallNode) or node.place is None:
                continue
            model = subject.graph.models[node.model]
            can, local = model.can, subject.graph.providers[model.provider].kind == "local"
            for shape in sorted(shapes):
                need, has, lacks = _NEEDED[shape]
                if can is not None and need not in can:
                    yield self.found(
                        f"all queries that get here {has}, and `{node.model}` {lacks}",
                        subject.span(node.place),
                        label=f"always `{shape}`",
                        help="name a model that can"
                        if local
                        else f"name a model that can, or say `can: [{need}]` on `{node.model}` if it can",
                    )


RULE = ModelCannotTake()
