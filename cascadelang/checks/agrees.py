"""Whether two models give the same final answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from cascadelang.contracts.check import Answer, Caller, Finding
from cascadelang.contracts.failure import CallFailed
from cascadelang.contracts.final_answer import final_answer
from cascadelang.contracts.messages import Query, Request
from cascadelang.contracts.spec import Param, Spec

_PREVIOUS = "previous"
_RAISED = frozenset({"over_budget", "auth", "bad_request", "policy"})


class Agrees:
    """``agrees(previous)``, ``agrees(model)``."""

    spec: ClassVar[Spec] = Spec(
        name="agrees",
        kind="check",
        summary="whether an earlier rung, or another model, gives the same final answer",
        doc="""
`agrees(previous)` compares with the answer of the rung before in the same cascade, and calls nothing; on the first
rung, and after rungs that failed, there is nothing to compare with, and it is unknown. `agrees(MODEL)` asks that
model the same query, with its own settings, and compares: one call, counted, priced and looked at by `within` like
any other. A model that can't be asked leaves the check unknown.

```
cascade [haiku until agrees(luna), opus]                    # two mid-price models agree, else the top one
cascade [haiku until agree(3) >= 1, luna until agrees(previous), opus]
```

What is compared is the *final answer*, as the check `agree` says. In a test, `reply luna "…"` is what the other model
answers.
""",
        gives="bool",
        params=(
            Param(
                "model",
                "model",
                "who else answers: a model, or the rung before",
                required=True,
                choices=(_PREVIOUS,),
            ),
        ),
        calls=1,
        plain=True,
        bare=False,
        examples=("agrees(sonnet)", "agrees(previous)", "json and not agrees(previous)"),
    )

    def __new__(cls, args: Mapping[str, Any]) -> Self:
        """A check of the one kind or the other: only the second is paid."""
        kind: Any = cls
        if cls is Agrees:
            kind = _WithPrevious if args["model"] == _PREVIOUS else _WithModel
        made: Self = super().__new__(kind)
        return made

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._model = str(args["model"])


class _WithPrevious(Agrees):
    looks_back: ClassVar[bool] = True

    def judge(self, answer: Answer) -> Finding:
        """See `Check.judge`."""
        if answer.previous is None:
            return Finding(None, "no earlier rung has answered")
        return _compared(answer.text, answer.previous.text, "the rung before")


class _WithModel(Agrees):
    def requests(self, answer: Answer) -> Mapping[str, Request]:
        """See `PaidCheck.requests`."""
        return {self._model: _request(answer.query)}

    async def judge_paid(self, answer: Answer, call: Caller) -> Finding:
        """See `PaidCheck.judge_paid`."""
        try:
            reply = await call(self._model, _request(answer.query))
        except CallFailed as failed:
            if failed.kind in _RAISED:
                raise
            return Finding(None, f"`{self._model}` could not be asked: {failed.message}")
        return _compared(answer.text, reply.text, f"`{self._model}`")


def _request(query: Query) -> Request:
    """The query, as it is asked for an answer; the model's own system prompt comes before the query's."""
    return Request(
        model="",
        messages=tuple(message for message in query.messages if message.role != "system"),
        system="\n\n".join(message.text for message in query.messages if message.role == "system"),
        json_mode=query.wants_json,
        tools=query.tools,
        purpose="sample",
    )


def _compared(own: str, other: str, who: str) -> Finding:
    key, others = final_answer(own), final_answer(other)
    if not key or not others:
        return Finding(None, "an empty answer has no final answer")
    same = key == others
    return Finding(same, f"{who} has {'the same' if same else 'another'} final answer")


CHECK = Agrees
