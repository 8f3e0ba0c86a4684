"""cascadelang: the policy language for LLM routing and cascading.

    from cascadelang import Policy

    with Policy.load("support.cl") as policy:
        result = policy.run("I was charged twice")
        print(result.answer, result.model, result.cost)

Guarantees: importing this module imports nothing heavy; each name below is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cascadelang.contracts.check import Verdict as Verdict
    from cascadelang.contracts.failure import FailureKind as FailureKind
    from cascadelang.contracts.messages import Image as Image
    from cascadelang.contracts.messages import Message as Message
    from cascadelang.contracts.messages import Query as Query
    from cascadelang.contracts.messages import Tool as Tool
    from cascadelang.contracts.messages import ToolCall as ToolCall
    from cascadelang.contracts.messages import Usage as Usage
    from cascadelang.contracts.result import Failure as Failure
    from cascadelang.contracts.result import Status as Status
    from cascadelang.contracts.trace_sink import Event as Event
    from cascadelang.contracts.trace_sink import RunRecord as RunRecord
    from cascadelang.diagnostics.model import Diagnostic as Diagnostic
    from cascadelang.version import __version__ as __version__
    from cascadelang.workspace.mistake import Mistake as Mistake
    from cascadelang.workspace.mistake import PolicyError as PolicyError
    from cascadelang.workspace.policy import AnswerStream as AnswerStream
    from cascadelang.workspace.policy import Policy as Policy
    from cascadelang.workspace.result import Result as Result

__all__ = [
    "AnswerStream",
    "Diagnostic",
    "Event",
    "Failure",
    "FailureKind",
    "Image",
    "Message",
    "Mistake",
    "Policy",
    "PolicyError",
    "Query",
    "Result",
    "RunRecord",
    "Status",
    "Tool",
    "ToolCall",
    "Usage",
    "Verdict",
    "__version__",
]

_HOMES = {
    "AnswerStream": "cascadelang.workspace.policy",
    "Diagnostic": "cascadelang.diagnostics.model",
    "Event": "cascadelang.contracts.trace_sink",
    "Failure": "cascadelang.contracts.result",
    "FailureKind": "cascadelang.contracts.failure",
    "Image": "cascadelang.contracts.messages",
    "Message": "cascadelang.contracts.messages",
    "Mistake": "cascadelang.workspace.mistake",
    "Policy": "cascadelang.workspace.policy",
    "PolicyError": "cascadelang.workspace.mistake",
    "Query": "cascadelang.contracts.messages",
    "Result": "cascadelang.workspace.result",
    "RunRecord": "cascadelang.contracts.trace_sink",
    "Status": "cascadelang.contracts.result",
    "Tool": "cascadelang.contracts.messages",
    "ToolCall": "cascadelang.contracts.messages",
    "Usage": "cascadelang.contracts.messages",
    "Verdict": "cascadelang.contracts.check",
    "__version__": "cascadelang.version",
}


def __getattr__(name: str) -> object:
    """Load a public name from its module, once."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'cascadelang' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
