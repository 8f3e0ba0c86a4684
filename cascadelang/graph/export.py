"""Draws a graph: as text, Mermaid, DOT or SVG.

One door to the formats, each of which stands in a file of its own. SVG needs a program that lays graphs out: the one
that the extra ``viz`` brings, or Graphviz's ``dot`` where it is installed.
"""

from __future__ import annotations

from cascadelang.graph.export_dot import to_dot
from cascadelang.graph.export_mermaid import to_mermaid
from cascadelang.graph.export_svg import to_svg
from cascadelang.graph.export_text import to_text

__all__ = ["to_dot", "to_mermaid", "to_svg", "to_text"]
