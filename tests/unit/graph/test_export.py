from __future__ import annotations

import sys
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from cascadelang.graph import export_svg
from cascadelang.graph.errors import GraphError
from cascadelang.graph.export import to_dot, to_mermaid, to_svg, to_text
from cascadelang.graph.export_dot import broken
from cascadelang.graph.json_form import from_json, to_json
from cascadelang.graph.model import CallNode, CascadeNode, GraphRung

EVIL = '"]; <script>alert(1)</script> --> | ]] `x` %%{init}%% #quot; \\'


@pytest.fixture(name="evil")
def _evil(graph_of):
    text = EVIL.replace("\\", "\\\\").replace('"', '\\"')
    return graph_of(f'model evil = openai("{text}") {{ price: $1 / $1 }}\nroute has_code -> evil else haiku')


def test_svg_is_xml_with_the_users_texts_as_text(evil):
    svg = to_svg(evil)
    root = ET.fromstring(svg)  # noqa: S314 - our own drawing
    texts = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert any("<script>alert(1)</script>" in text for text in texts)
    assert not [element for element in root.iter() if element.tag.lower().endswith("script")]
    assert "Helvetica" in svg


def test_mermaid_labels_cant_be_left(evil):
    for line in to_mermaid(evil).splitlines():
        assert line.count('"') in (0, 2)
        assert "<script" not in line
        assert "`" not in line
        assert "%%" not in line


def test_dot_strings_cant_be_left(evil):
    [line] = [line for line in to_dot(evil).splitlines() if "script" in line]
    assert '\\"]; <script>' in line
    assert line.endswith("]")


def test_text_obeys_no_control_character(graph_of):
    graph = graph_of('model m = openai("a\\u001b[31m\\nb") { price: $1 / $1 }\npolicy main = m')
    assert "\x1b" not in to_text(graph)
    assert len(to_text(graph).splitlines()) == 2


def test_shared_tiers_are_drawn_once(graph_of):
    lines = ["policy p0 = cascade [haiku, sonnet] until json"]
    lines += [f"policy p{n} = cascade [p{n - 1}, p{n - 1}] until json" for n in range(1, 60)]
    graph = graph_of("\n".join(lines))
    for draw in (to_text, to_mermaid, to_dot):
        assert len(draw(graph)) < 200_000


def test_svg_without_a_program_names_the_extra(graph_of, monkeypatch):
    monkeypatch.setattr(export_svg, "layout_program", lambda: None)
    with pytest.raises(GraphError, match=r"cascadelang\[viz\]"):
        to_svg(graph_of("policy main = haiku"))


def test_svg_of_a_program_that_fails(graph_of, monkeypatch):
    monkeypatch.setattr(export_svg, "layout_program", lambda: sys.executable)
    with pytest.raises(GraphError, match="couldn't be laid out"):
        to_svg(graph_of("policy main = haiku"))


def test_svg_shows_nothing_that_a_program_says(graph_of, monkeypatch, tmp_path):
    loud = tmp_path / "loud"
    loud.write_text("#!/bin/sh\necho 'thread main panicked at src/lib.rs' >&2\nexit 101\n")
    loud.chmod(0o700)
    monkeypatch.setattr(export_svg, "layout_program", lambda: str(loud))
    with pytest.raises(GraphError) as told:
        to_svg(graph_of("policy main = haiku"))
    assert str(told.value) == "the graph couldn't be laid out: `loud` failed"


def test_svg_of_a_graph_that_is_too_large_starts_no_program(graph_of, monkeypatch):
    monkeypatch.setattr(export_svg, "layout_program", lambda: pytest.fail("looked for a program"))
    large = graph_of(f"cascade [{', '.join(['haiku'] * 600)}] until json")
    with pytest.raises(GraphError, match="too large for svg") as told:
        to_svg(large)
    assert told.value.help == "choose `--format mermaid`, `dot` or `text`"
    assert to_dot(large)


def test_what_is_nested_beyond_drawing_is_refused(graph_of):
    graph = graph_of("cascade [haiku, opus] until json")
    ids = ["main" + ".rung1" * depth for depth in range(300)]
    nodes = {id_: CascadeNode(id_, [GraphRung(inner)]) for id_, inner in pairwise(ids)}
    nodes[ids[-1]] = CallNode(ids[-1], "haiku")
    deep = replace(graph, nodes=nodes)
    assert from_json(to_json(deep)) == deep
    for draw in (to_text, to_mermaid, to_dot):
        with pytest.raises(GraphError, match="nested too deeply to be drawn"):
            draw(deep)


def test_long_texts_are_broken():
    assert broken("x" * 70) == ["x" * 30, "x" * 30, "x" * 10]
    assert broken("aaa bbb") == ["aaa bbb"]
    assert broken("") == [""]
