"""Grades an answer to one of the prompts in prompts.jsonl: right (1.0) or wrong (0.0), by the prompt's own rule.

No answer is ever run: code is compared as a syntax tree.
"""

from __future__ import annotations

import ast
import json
import re
from typing import Any

_FENCE = re.compile(r"```[a-zA-Z0-9]*\n(.*?)```", re.DOTALL)


def grade(prompt: dict[str, Any], answer: str) -> float:
    """1.0 when the answer is right, else 0.0.

    Args:
        prompt: a line of prompts.jsonl; ``meta.grade`` names the rule, ``reference`` is what it compares with, where
            ``|`` parts alternatives.
        answer: the model's whole text.
    """
    rules = {
        "number": _number,
        "json": _json,
        "label": _label,
        "text": _text,
        "expression": _expression,
        "output": _output,
    }
    return float(rules[prompt["meta"]["grade"]](answer, prompt["reference"]))


def _bare(answer: str) -> str:
    """The answer's only fenced block, or the answer itself, without quotes and backticks around it."""
    blocks = _FENCE.findall(answer)
    text = blocks[0] if len(blocks) == 1 else answer
    return text.strip().strip("`'\"").strip()


def _number(answer: str, reference: str) -> bool:
    """The last number that is written is the reference."""
    numbers = re.findall(r"-?\d+(?:\.\d+)?", answer.replace(",", ""))
    return bool(numbers) and float(numbers[-1]) == float(reference)


def _json(answer: str, reference: str) -> bool:
    """The whole answer or its only fenced block is JSON and equals the reference."""
    blocks = _FENCE.findall(answer)
    try:
        return bool(json.loads(blocks[0] if len(blocks) == 1 else answer) == json.loads(reference))
    except (ValueError, RecursionError):
        return False


def _label(answer: str, reference: str) -> bool:
    """The reference is among the words of a short answer."""
    words = re.findall(r"\w+", answer.casefold())
    return len(words) <= 6 and reference in words


def _text(answer: str, reference: str) -> bool:
    """One of the alternatives stands in the answer as whole words, any case."""
    return any(re.search(rf"\b{re.escape(r)}\b", answer, re.IGNORECASE) for r in reference.split("|"))


def _expression(answer: str, reference: str) -> bool:
    """The answer is a Python expression with the syntax tree of one of the alternatives."""
    try:
        tree = ast.dump(ast.parse(_bare(answer), mode="eval"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(tree == ast.dump(ast.parse(r, mode="eval")) for r in reference.split("|"))


def _output(answer: str, reference: str) -> bool:
    """The answer is the output and nothing else."""
    return _bare(answer) == reference
