"""JSON Schema, made safe for answers nobody has seen before.

Takes: a schema and values. Gives: what is wrong with a schema (`validate_schema`), and a validator whose verdict is
the first thing wrong with a value, in words. Guarantees: no network; ``pattern`` and ``patternProperties`` run on RE2
and ``uniqueItems`` in linear time, so that no answer can make a validation hang; never raises on a value.

Draft 2020-12 unless ``$schema`` says otherwise. jsonschema-rs is not used, although it is some hundred times faster:
its patterns run on another engine with another syntax, so verdicts could differ between machines.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from threading import local
from typing import Any, Final, cast

from cascadelang.checks._json_value import depth_over
from cascadelang.checks._schema_size import MOST_TRIES, Circle, Tries
from cascadelang.checks._schema_words import problem_of
from cascadelang.contracts.patterns import BadPattern, finder, pattern_problem

_MOST_PROBLEMS: Final = 20
"""Problems looked at to find the one worth telling."""

_MAX_SCHEMA_DEPTH: Final = 100

_MOST_STEPS: Final = 2_000_000
"""Keywords looked at for one value, some ten seconds of work: a schema that refers to itself twice on each level of
the value would take as many as there are atoms."""

_steps = local()
"""How many are left of them, in each thread."""


def validate_schema(schema: Any) -> list[str]:
    """What is wrong with a schema, each in words; empty when it can be used."""
    if not isinstance(schema, (dict, bool)):
        return ["a JSON Schema is an object"]
    if depth_over(schema, _MAX_SCHEMA_DEPTH):
        return [f"the schema is nested deeper than {_MAX_SCHEMA_DEPTH} levels"]
    return [] if isinstance(schema, bool) else _object_problems(schema)


def _object_problems(schema: dict[str, Any]) -> list[str]:
    from jsonschema.exceptions import best_match

    base = _base_class(schema)
    if isinstance(base, str):
        return [base]
    wrong = best_match(base(base.META_SCHEMA).iter_errors(schema))
    if wrong is not None:
        return [f"not a valid JSON Schema: {problem_of(wrong)}"]
    try:
        return _walk_problems(schema, base)
    except Circle:
        return ["the schema refers to itself in a circle"]
    except RecursionError:
        return ["the schema's references lead through too many others"]


def compiled(schema: Any) -> Callable[[Any], str]:
    """A function that says what is wrong with a value, or gives the empty text; one schema is compiled once.

    Raises:
        BadPattern: if RE2 refuses a pattern of the schema; `validate_schema` tells this, and all else, first.
    """
    return _compiled(json.dumps(schema, sort_keys=False))


@lru_cache(maxsize=64)
def _compiled(text: str) -> Callable[[Any], str]:
    schema = json.loads(text)
    base = _base_class(schema)
    if isinstance(base, str):
        return lambda _value: base
    validator = _safe_class(base)(schema, registry=_registry())

    def problem(value: Any) -> str:
        from jsonschema.exceptions import relevance

        _steps.left = _MOST_STEPS
        try:
            errors = list(islice(validator.iter_errors(value), _MOST_PROBLEMS))
        except _TooManySteps:
            return f"checking the value takes more than {_MOST_STEPS:,} steps"
        except RecursionError:
            return "the value, or the schema, is nested too deeply"
        return problem_of(max(errors, key=relevance)) if errors else ""

    return problem


def parts_of(schema: Any) -> Callable[[Any, Any], str]:
    """A function that says what is wrong with a value for a part of the schema, whose references are the schema's.

    Raises:
        BadPattern: as `compiled`.
    """
    compiled(schema)
    validator = _safe_class(_base_class(schema))(schema, registry=_registry())

    def problem(part: Any, value: Any) -> str:
        _steps.left = _MOST_STEPS
        try:
            error = next(validator.evolve(schema=part).iter_errors(value), None)
        except (_TooManySteps, RecursionError):
            return ""
        return "" if error is None else problem_of(error)

    return problem


def _registry() -> Any:
    """The published metaschemas and nothing else: a reference to anywhere else is refused, never fetched."""
    from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]

    return REGISTRY


def _base_class(schema: Any) -> Any:
    """The validator of the schema's draft, or why there is none."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for

    if not isinstance(schema, Mapping) or "$schema" not in schema:
        return Draft202012Validator
    named = schema["$schema"]
    if not isinstance(named, str):
        return "`$schema` must be a text"
    known = validator_for({"$schema": named}, default=cast("Any", None))
    return known if known is not None else f"`$schema` names no published draft: `{named[:100]}`"


def _safe_class(base: Any) -> Any:
    from jsonschema.validators import extend

    keywords = {
        **base.VALIDATORS,
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
        "uniqueItems": _unique_items,
    }
    counted = {name: _counted(keyword) for name, keyword in keywords.items()}
    return extend(base, counted)  # type: ignore[no-untyped-call]


class _TooManySteps(Exception):  # noqa: N818 - it names what is so
    """The steps of one validation are used up."""


def _counted(keyword: Callable[..., Any]) -> Callable[..., Any]:
    def step(*given: Any) -> Any:
        _steps.left -= 1
        if _steps.left < 0:
            raise _TooManySteps
        return keyword(*given)

    return step


class _Extras(Exception):  # noqa: N818 - it only carries names to `problem_of`
    """The properties that the schema doesn't name."""


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if isinstance(instance, str) and finder(pattern)(instance) is None:
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Mapping[str, Any], instance: Any, _schema: Any) -> Iterator[Any]:
    if not isinstance(instance, dict):
        return
    for pattern, subschema in patterns.items():
        find = finder(pattern)
        for key, value in instance.items():
            if find(key) is not None:
                yield from validator.descend(value, subschema, path=key, schema_path=pattern)


def _additional_properties(validator: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if not isinstance(instance, dict):
        return
    known = schema.get("properties", {})
    finds = [finder(pattern) for pattern in schema.get("patternProperties", {})]
    extras = [key for key in instance if key not in known and all(find(key) is None for find in finds)]
    if isinstance(allowed, dict):
        for extra in extras:
            yield from validator.descend(instance[extra], allowed, path=extra)
    elif not allowed and extras:
        yield ValidationError("additional properties are not allowed", cause=_Extras(extras))


def _unique_items(_validator: Any, unique: Any, instance: Any, _schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if unique and isinstance(instance, list):
        seen = {json.dumps(_whole(item), sort_keys=True) for item in instance}
        if len(seen) != len(instance):
            yield ValidationError("items are not unique")


def _whole(value: Any) -> Any:
    """The value with every number that is whole as an integer, because 1 and 1.0 are equal in JSON Schema."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    return value


def _walk_problems(schema: Any, base: Any) -> list[str]:
    """References that lead nowhere, and patterns that RE2 refuses, in all subschemas."""
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import specification_with

    specification = specification_with(str(base.META_SCHEMA.get("$schema") or base.META_SCHEMA.get("id")))
    root = specification.create_resource(schema)
    problems: list[str] = []
    keywords: set[str] = set()
    tries = Tries(specification)
    queue = [(root, _registry().resolver_with_root(root))]
    while queue:
        resource, resolver = queue.pop()
        contents = resource.contents
        if isinstance(contents, Mapping):
            reference = contents.get("$ref")
            if isinstance(reference, str):
                try:
                    resolver.lookup(reference)
                except Unresolvable:
                    remote = "://" in reference
                    why = "it is never fetched: put it into this file under `$defs`" if remote else "there is none"
                    problems.append(f"`$ref` leads to `{reference[:100]}`, and {why}")
            problems += _pattern_problems(contents)
            keywords |= contents.keys()
            if tries.of(contents, resolver) > MOST_TRIES:
                return [f"the schema tries more than {MOST_TRIES:,} subschemas against one value"]
        queue += [(sub, resolver.in_subresource(sub)) for sub in resource.subresources()]
    if {"unevaluatedProperties", "patternProperties"} <= keywords:
        # The library runs the patterns of this pair itself, and not on RE2.
        problems.append("`unevaluatedProperties` together with `patternProperties` isn't supported")
    return problems


def _pattern_problems(contents: Mapping[str, Any]) -> list[str]:
    keyed = contents.get("patternProperties")
    patterns = [key for key in keyed if isinstance(key, str)] if isinstance(keyed, Mapping) else []
    problems = []
    pattern = contents.get("pattern")
    if isinstance(pattern, str):
        patterns.append(pattern)
    for text in patterns:
        why = pattern_problem(text)
        if why:
            problems.append(f"the pattern `{text[:100]}` can't be used: {why}")
    return problems


__all__ = ["BadPattern", "compiled", "parts_of", "validate_schema"]
