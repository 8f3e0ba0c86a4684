"""The published JSON Schema takes what `read_learned` takes, and refuses what is wrong with its form."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from cascadelang.learned.model import FORMAT

from .conftest import router
from .test_read import GONE, WRONG

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "learned.schema.json").read_text(encoding="utf-8"))
BETWEEN_FIELDS = {
    "it has",
    "one for each",
    "no answer yet",
    "rising order",
    "below 1024",
    "`query.wrods`",
    "it is a day",
    "must be a number",
}
"""What is about several fields at once, about days, or about numbers that JSON doesn't have: the reader tells it."""


def test_it_is_a_schema_of_this_version():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$comment"] == SCHEMA["properties"]["cascadelang"]["const"] == FORMAT


def test_it_takes_what_is_right():
    jsonschema.validate(router(), SCHEMA)
    dense = {"kind": "embedding", "embedder": "some 1", "weights": [[0.5], [1]]}
    jsonschema.validate(router() | {"features": [dense]}, SCHEMA)
    score = router() | {"gives": "score", "outputs": ["score"]}
    del score["least"]
    jsonschema.validate(score, SCHEMA)


FORM = [row for row in WRONG if not any(row[3].startswith(words) for words in BETWEEN_FIELDS)]


@pytest.mark.parametrize(("path", "value", "place", "said"), FORM)
def test_it_refuses_what_is_wrong(path, value, place, said):
    file = inner = router()
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in way:
        inner = inner[part]
    if value is GONE:
        del inner[last]
    else:
        inner[last] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(file, SCHEMA)
