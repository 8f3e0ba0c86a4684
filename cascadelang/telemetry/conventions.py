"""The names of OpenTelemetry's semantic conventions for generative AI, and those of our own.

They are those of version 0.1.0 of the conventions' own repository (open-telemetry/semantic-conventions-genai), the
first since they left version 1.41 of the general ones: a run is what it calls a workflow, whose span is that of an
internal ``invoke_agent`` with the operation ``invoke_workflow`` and the name in ``gen_ai.agent.name``. All of it has
the status "development" there. They are written out here, for the packages that hold them are experimental too.

What the conventions have no name for begins with ``cascadelang.``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

VERSION: Final = "0.1.0"

AGENT_NAME: Final = "gen_ai.agent.name"
EVALUATION: Final = "gen_ai.evaluation.result"
EVALUATION_EXPLANATION: Final = "gen_ai.evaluation.explanation"
EVALUATION_LABEL: Final = "gen_ai.evaluation.score.label"
EVALUATION_NAME: Final = "gen_ai.evaluation.name"
EVALUATION_VALUE: Final = "gen_ai.evaluation.score.value"
FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
INPUT_MESSAGES: Final = "gen_ai.input.messages"
OPERATION: Final = "gen_ai.operation.name"
OUTPUT_MESSAGES: Final = "gen_ai.output.messages"
PROVIDER: Final = "gen_ai.provider.name"
REQUEST_MODEL: Final = "gen_ai.request.model"
RESPONSE_MODEL: Final = "gen_ai.response.model"
STREAM: Final = "gen_ai.request.stream"
TIME_TO_FIRST_CHUNK: Final = "gen_ai.response.time_to_first_chunk"
USAGE_CACHED: Final = "gen_ai.usage.cache_read.input_tokens"
USAGE_INPUT: Final = "gen_ai.usage.input_tokens"
USAGE_OUTPUT: Final = "gen_ai.usage.output_tokens"

FINISHED_IN_ERROR: Final = "error"
"""The reason for finishing of a call whose own one didn't come."""

CHAT: Final = "chat"
EMBEDDINGS: Final = "embeddings"
WORKFLOW: Final = "invoke_workflow"

PROVIDERS: Final[Mapping[str, str]] = {"anthropic": "anthropic", "gemini": "gcp.gemini", "openai": "openai"}
"""The conventions' names of providers, by the kinds that the language has; others go by their own name."""

ERROR_TYPE: Final = "error.type"
SERVER_ADDRESS: Final = "server.address"
SERVER_PORT: Final = "server.port"
HTTP_STATUS: Final = "http.response.status_code"

OWN: Final = "cascadelang."

CAPTURE_CONTENT: Final = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
"""The environment variable by which OpenTelemetry's own instrumentations are told to capture content."""
CAPTURING: Final = frozenset({"true", "span_only", "span_and_event"})
"""What it says, in small letters, where spans are to hold content."""
