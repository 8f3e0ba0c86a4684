"""Rules over random policies: none raises, each finding lies in a text and is said once, and an allow silences it."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, event, given, settings
from random_policies import files_of, policies

from cascadelang.lint.registry import code, is_rule
from cascadelang.workspace.load import prove

EXAMPLES = int(os.environ.get("PROPERTY_EXAMPLES", "100"))
RELAXED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking such texts takes minutes and helps little
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@RELAXED
@given(policies())
def test_every_finding_has_a_name_a_place_and_words(text: str):
    proved = prove("policy.cl", files_of(text))
    assert len(set(proved.diagnostics)) == len(proved.diagnostics)
    for found in proved.diagnostics:
        event(found.name)
        entry = code(found.name)
        assert entry is not None
        assert found.severity == entry.severity
        for span in (found.span, *(label.span for label in found.related)):
            source = proved.sources[span.path]
            assert 0 <= span.start < span.end <= len(source.text)
        assert found.message
        assert not found.message.endswith(".")
        assert found.message[0] == found.message[0].lower()
        if is_rule(found.name):
            assert found.help


@RELAXED
@given(policies())
def test_a_comment_above_its_line_silences_each(text: str):
    proved = prove("policy.cl", files_of(text))
    rules = [d for d in proved.diagnostics if is_rule(d.name) and d.span.path == "policy.cl"]
    if not rules or any(not is_rule(d.name) for d in proved.diagnostics):
        return
    source = proved.sources["policy.cl"]
    lines = text.split("\n")
    names: dict[int, set[str]] = {}
    for found in rules:
        names.setdefault(source.position(found.span.start).line, set()).add(found.name)
    for line in sorted(names, reverse=True):
        lines.insert(line - 1, f"# cl: allow({', '.join(sorted(names[line]))}) because it is meant")
    again = prove("policy.cl", files_of("\n".join(lines)))
    assert [d for d in again.diagnostics if d.span.path == "policy.cl"] == []
    assert {one.diagnostic.name for one in again.allowed} >= {d.name for d in rules}
