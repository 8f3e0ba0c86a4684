"""Asks the three local models all 60 prompts and writes their answers as records: ``python examples/data/record.py``.

Greedy decoding, at most 120 tokens, one thread. Takes about ten minutes on two cores, more with the first download
of the weights. ``cost_usd`` is 0: the models run on this machine.
"""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

from grade import grade

from cascadelang.contracts.messages import Message, Request
from cascadelang.contracts.provider import ProviderConfig
from cascadelang.providers.local import PROVIDER

HERE = Path(__file__).parent
MODELS = ("smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")


async def record() -> None:
    """Write answers.jsonl beside this file."""
    prompts = [json.loads(line) for line in (HERE / "prompts.jsonl").read_text(encoding="utf-8").splitlines()]
    answers: dict[str, dict[str, Any]] = {prompt["id"]: {} for prompt in prompts}
    provider = PROVIDER(ProviderConfig("local"))
    for model in MODELS:
        provider.count_tokens(Request(model, (Message("user", "load"),)))  # so that no latency holds the loading
        for prompt in prompts:
            request = Request(
                model, (Message("user", prompt["query"]),), max_tokens=120, temperature=0.0, logprobs=0, timeout_s=300
            )
            began = time.perf_counter()
            reply = await provider.send(request)
            answers[prompt["id"]][model] = {
                "text": reply.text,
                "quality": grade(prompt, reply.text),
                "cost_usd": 0.0,
                "input_tokens": reply.usage.input_tokens,
                "output_tokens": reply.usage.output_tokens,
                "latency_s": round(time.perf_counter() - began, 3),
                "logprobs": [round(token.logprob, 5) for token in reply.logprobs or ()],
                "finish_reason": reply.finish_reason,
            }
            print(model, prompt["id"], answers[prompt["id"]][model]["quality"])
    await provider.close()
    with (HERE / "answers.jsonl").open("w", encoding="utf-8") as out:
        for prompt in prompts:
            out.write(json.dumps({**prompt, "answers": answers[prompt["id"]]}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    asyncio.run(record())
