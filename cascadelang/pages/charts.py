"""Drawings of figures, as SVG that stands in a page of `cascadelang.pages.html`.

Takes: figures with their names. Gives: HTML: each drawing twice, for wide and for narrow screens, of which the page
shows one. Guarantees: names are escaped here; no script, no address, colours by the page's classes; axes begin at
zero where lengths are compared, and end at a round figure.

Our own rather than a library's: plotly's script alone is 4.5 MB in each page and needs scripts to be allowed in a
page that holds what models answered; these are some kilobytes and need none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Final

from cascadelang.pages.html import text

WIDE: Final = 840
NARROW: Final = 340
_LINE: Final = 15
"""How far apart names are written, from line to line."""
_LETTER: Final = 7.5
"""About how wide a letter of a name is."""

_NAME_MOST: Final = 24
_SEEN: Final = 2.0
"""How wide at least a place is drawn, to be seen."""

Format = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Line:
    """A line: its name, its points, and which colour it has, from 1."""

    name: str
    points: Sequence[tuple[float, float]]
    colour: int = 1


@dataclass(frozen=True, slots=True)
class Dot:
    """A point with a name; ``ring``: it is the one that the drawing is about."""

    name: str
    x: float
    y: float
    colour: int = 1
    ring: bool = False


@dataclass(frozen=True, slots=True)
class Flow:
    """So much that goes from one place to another, each ``(column, name)``."""

    source: tuple[int, str]
    target: tuple[int, str]
    amount: float
    colour: int = 1


def both(draw: Callable[[int], str]) -> str:
    """A drawing for wide and for narrow screens."""
    return f"<div class=wide>{draw(WIDE)}</div><div class=narrow>{draw(NARROW)}</div>"


def key(names: Sequence[tuple[str, int]]) -> str:
    """Which colour is what."""
    return (
        "<div class=key>" + "".join(f"<span><i class=f{at}></i>{text(name)}</span>" for name, at in names) + "</div>"
    )


def round_steps(most: float, count: int = 4) -> list[float]:
    """Round figures from 0 to ``most`` or a little over, some ``count`` of them."""
    if most <= 0:
        return [0.0, 1.0]
    rough = most / count
    power = 10.0 ** floor(log10(rough))
    step = next(power * n for n in (1, 2, 2.5, 5, 10) if power * n >= rough * 0.999)
    return [step * n for n in range(ceil(most / step - 1e-9) + 1)]


class _Names:
    """Where names stand in a drawing, so that none lies over another: one that would is moved up."""

    def __init__(self) -> None:
        self._taken: list[tuple[float, float, float]] = []

    def place(self, name: str, x: float, y: float, anchor: str = "start") -> float:
        """The line for a name that is to stand at ``x``, ``y`` or above."""
        wide = _LETTER * len(name)
        left = x - wide if anchor == "end" else x
        while any(left < end and begin < left + wide and abs(y - line) < _LINE for begin, end, line in self._taken):
            y -= 1
        self._taken.append((left, left + wide, y))
        return y


def lines(
    given: Sequence[Line],
    label: str,
    *,
    x_format: Format,
    y_format: Format,
    marks: Sequence[tuple[float, str]] = (),
    levels: Sequence[tuple[float, str, int]] = (),
    x_steps: Sequence[float] | None = None,
    y_most: float | None = None,
) -> str:
    """Lines over a common axis. ``marks`` are upright, ``levels`` across with a colour; ``label`` says what it is."""

    def draw(width: int) -> str:
        height = 300 if width == WIDE else 240
        left, right, top, bottom = 64, 14, 18, 30
        xs = [x for line in given for x, _ in line.points]
        ys = [y for line in given for _, y in line.points] + [level for level, _, _ in levels]
        steps = round_steps(max(ys, default=1.0) if y_most is None else y_most)
        low, high = min(xs, default=0.0), max(xs, default=1.0)
        across = high - low or 1.0

        def at(x: float, y: float) -> tuple[float, float]:
            return (
                left + (x - low) / across * (width - left - right),
                top + (1 - y / steps[-1]) * (height - top - bottom),
            )

        out = [_open(width, height, label)]
        names = _Names()
        for y in steps:
            _, py = at(low, y)
            out.append(f'<line class=grid x1="{left}" x2="{width - right}" y1="{py:.1f}" y2="{py:.1f}"/>')
            out.append(f'<text class=ax x="{left - 8}" y="{py + 4:.1f}" text-anchor=end>{text(y_format(y))}</text>')
        ticks = list(x_steps) if x_steps is not None else [low + across * n / 4 for n in range(5)]
        if width == NARROW and len(ticks) > 4:
            ticks = ticks[:: ceil(len(ticks) / 4)]
        for x in ticks:
            px, _ = at(x, 0)
            anchor = "start" if px < left + 20 else "end" if px > width - right - 20 else "middle"
            out.append(
                f'<text class=ax x="{px:.1f}" y="{height - 8}" text-anchor={anchor}>{text(x_format(x))}</text>'
            )
        for level, name, colour in sorted(levels):
            _, py = at(low, level)
            out.append(f'<line class="s{colour}" stroke-dasharray="5 4" x1="{left}" x2="{width - right}" ')
            out.append(f'y1="{py:.1f}" y2="{py:.1f}"/>')
            name_y = names.place(name, left + 6, py - 5)
            out.append(f'<text class=halo x="{left + 6}" y="{name_y:.1f}">{text(name)}</text>')
        for x, name in marks:
            px, _ = at(x, 0)
            wide = _LETTER * len(name) + 5
            anchor = "end" if px > width * 0.65 or (px + wide > width and px > wide) else "start"
            out.append(f'<line class=mark x1="{px:.1f}" x2="{px:.1f}" y1="{top}" y2="{height - bottom}"/>')
            beside = px + (-5 if anchor == "end" else 5)
            name_y = names.place(name, beside, height - bottom - 8, anchor)
            out.append(f'<text class=halo x="{beside:.1f}" y="{name_y:.1f}" text-anchor={anchor}>{text(name)}</text>')
        for line in given:
            points = " ".join("{:.1f},{:.1f}".format(*at(x, y)) for x, y in line.points)
            if len(line.points) == 1:
                px, py = at(*line.points[0])
                out.append(f'<circle class="f{line.colour}" cx="{px:.1f}" cy="{py:.1f}" r="4"/>')
            out.append(f'<polyline class="l s{line.colour}" points="{points}"/>')
        return "".join(out) + "</svg>"

    return both(draw)


def dots(
    given: Sequence[Dot],
    label: str,
    *,
    x_format: Format,
    y_format: Format,
    frontier: Sequence[tuple[float, float]] = (),
    y_range: tuple[float, float] | None = None,
) -> str:
    """Points with names, and a line through the best of them."""

    def draw(width: int) -> str:
        height = 320 if width == WIDE else 260
        left, right, top, bottom = 56, 20, 16, 30
        x_steps = round_steps(max((dot.x for dot in given), default=1.0), 4 if width == WIDE else 2)
        low, high = y_range or (0.0, round_steps(max((dot.y for dot in given), default=1.0))[-1])

        def at(x: float, y: float) -> tuple[float, float]:
            return (
                left + x / x_steps[-1] * (width - left - right),
                top + (1 - (y - low) / ((high - low) or 1)) * (height - top - bottom),
            )

        out = [_open(width, height, label)]
        parts = 5 if round((high - low) * 100) % 50 == 0 else 4
        for n in range(parts + 1):
            y = low + (high - low) * n / parts
            _, py = at(0, y)
            out.append(f'<line class=grid x1="{left}" x2="{width - right}" y1="{py:.1f}" y2="{py:.1f}"/>')
            out.append(f'<text class=ax x="{left - 8}" y="{py + 4:.1f}" text-anchor=end>{text(y_format(y))}</text>')
        for x in x_steps:
            px, _ = at(x, low)
            out.append(f'<text class=ax x="{px:.1f}" y="{height - 8}" text-anchor=middle>{text(x_format(x))}</text>')
        if len(frontier) > 1:
            points = " ".join("{:.1f},{:.1f}".format(*at(x, y)) for x, y in frontier)
            out.append(f'<polyline class="l s6" stroke-dasharray="5 4" points="{points}"/>')
        written: list[tuple[bool, float]] = []
        for dot in sorted(given, key=lambda one: -one.y):
            px, py = at(dot.x, dot.y)
            radius = 7 if dot.ring else 5
            out.append(f'<circle class="f{dot.colour}" cx="{px:.1f}" cy="{py:.1f}" r="{radius}"/>')
            right_side = px > width * 0.6
            line = py + 4
            while any(side == right_side and abs(line - other) < _LINE for side, other in written):
                line += 1
            written.append((right_side, line))
            anchor, shift = ("end", -11) if right_side else ("start", 11)
            bold = ' font-weight="600"' if dot.ring else ""
            out.append(f'<text class=halo x="{px + shift:.1f}" y="{line:.1f}" text-anchor={anchor}{bold}>')
            out.append(f"{text(dot.name)}</text>")
        return "".join(out) + "</svg>"

    return both(draw)


def sankey(flows: Sequence[Flow], label: str, *, amount_format: Format, order: Sequence[str] = ()) -> str:
    """Where amounts go, in columns from left to right; what comes to a place is drawn as thick as it is much.

    Places of a column stand in the order in which ``flows`` name them; those of ``order`` in that, behind others. On
    narrow screens it goes from top to bottom, for columns leave no room for names there.
    """

    def draw(width: int) -> str:
        places = _places(flows, order)
        columns = sorted({column for column, _ in places})
        most = max(sum(places[place] for place in places if place[0] == column) for column in columns)
        deepest = max(sum(1 for place in places if place[0] == column) for column in columns)
        gap, thick, side = 26, 12, 4
        height = max(220, 46 * deepest + 40)
        scale = (height - 24 - gap * (deepest - 1)) / (most or 1)
        step = (width - 2 * side - thick - 140) / max(1, len(columns) - 1)
        at: dict[tuple[int, str], tuple[float, float, float]] = {}
        for number, column in enumerate(columns):
            y = 20.0
            for place in (one for one in places if one[0] == column):
                size = max(2.0, places[place] * scale)
                at[place] = (side + number * step, y, size)
                y += size + gap
        out = [_open(width, height, label)]
        left = {place: y for place, (_, y, _) in at.items()}
        entered = dict(left)
        for flow in flows:
            size = flow.amount * scale
            (x1, _, _), (x2, _, _) = at[flow.source], at[flow.target]
            y1, y2 = left[flow.source] + size / 2, entered[flow.target] + size / 2
            left[flow.source] += size
            entered[flow.target] += size
            half = (x1 + thick + x2) / 2
            path = f"M{x1 + thick:.1f},{y1:.1f}C{half:.1f},{y1:.1f} {half:.1f},{y2:.1f} {x2:.1f},{y2:.1f}"
            out.append(
                f'<path class="flow s{flow.colour}" fill=none d="{path}" stroke-width="{max(1.0, size):.1f}"/>'
            )
        long = max(8, min(18, int((step - thick - 44) / 7)))
        for place, (x, y, size) in at.items():
            most = 18 if place[0] == columns[-1] else long
            name = place[1] if len(place[1]) <= most else place[1][: most - 1] + "…"
            out.append(f'<rect class=f6 x="{x:.1f}" y="{y:.1f}" width="{thick}" height="{size:.1f}" rx="2"/>')
            out.append(f'<text class=halo x="{x + thick + 5:.1f}" y="{y + min(size / 2, 30) + 4:.1f}">{text(name)}')
            out.append(f'<tspan class=ax dx="5">{text(amount_format(places[place]))}</tspan></text>')
        return "".join(out) + "</svg>"

    if not flows:
        return "<p class=soft>Nothing to draw.</p>"
    downwards = _sankey_down(flows, label, amount_format, _places(flows, order))
    return f"<div class=wide>{draw(WIDE)}</div><div class=narrow>{downwards}</div>"


def _sankey_down(
    flows: Sequence[Flow], label: str, amount_format: Format, places: Mapping[tuple[int, str], float]
) -> str:
    """The same from top to bottom, for narrow screens: names stand over their places, in several lines if need be."""
    rows = [[place for place in places if place[0] == column] for column in sorted({column for column, _ in places})]
    thick, between = 10, 34
    deepest = max(map(len, rows))
    gap = min(8.0, NARROW / 2 / deepest - _SEEN)  # however many there are, half of the width is theirs
    most = max(sum(places[place] for place in row) for row in rows)
    scale = (NARROW - (gap + _SEEN) * deepest) / (most or 1)
    at: dict[tuple[int, str], tuple[float, float, float]] = {}
    written: list[str] = []
    bottom = 0.0
    for row in rows:
        names, x = _Names(), 0.0
        lines_of: list[tuple[float, float, str, str]] = []
        for place in row:
            size = max(_SEEN, places[place] * scale)
            name = place[1] if len(place[1]) <= _NAME_MOST else place[1][: _NAME_MOST - 1] + "…"
            amount = amount_format(places[place])
            start = max(0.0, min(x, NARROW - _LETTER * len(f"{name} {amount}")))
            lines_of.append((start, names.place(f"{name} {amount}", start, 0.0), name, amount))
            at[place] = (x, 0.0, size)
            x += size + gap
        top = bottom + (between if bottom else 0) + _LINE - min(y for _, y, _, _ in lines_of)
        for place in row:
            at[place] = (at[place][0], top, at[place][2])
        for start, y, name, amount in lines_of:
            written.append(f'<text class=halo x="{start:.1f}" y="{top - 5 + y:.1f}">{text(name)}')
            written.append(f'<tspan class=ax dx="5">{text(amount)}</tspan></text>')
        bottom = top + thick
    out = [_open(NARROW, ceil(bottom) + 4, label)]
    left = {place: x for place, (x, _, _) in at.items()}
    entered = dict(left)
    for flow in flows:
        size = flow.amount * scale
        y1, y2 = at[flow.source][1] + thick, at[flow.target][1]
        x1, x2 = left[flow.source] + size / 2, entered[flow.target] + size / 2
        left[flow.source] += size
        entered[flow.target] += size
        half = (y1 + y2) / 2
        path = f"M{x1:.1f},{y1:.1f}C{x1:.1f},{half:.1f} {x2:.1f},{half:.1f} {x2:.1f},{y2:.1f}"
        out.append(f'<path class="flow s{flow.colour}" fill=none d="{path}" stroke-width="{max(1.0, size):.1f}"/>')
    for x, y, size in at.values():
        out.append(f'<rect class=f6 x="{x:.1f}" y="{y:.1f}" width="{size:.1f}" height="{thick}" rx="2"/>')
    return "".join([*out, *written]) + "</svg>"


def _places(flows: Sequence[Flow], names: Sequence[str]) -> dict[tuple[int, str], float]:
    """Each place with what comes to it or, at the left end, leaves it; in order."""
    comes: dict[tuple[int, str], float] = {}
    goes: dict[tuple[int, str], float] = {}
    order: dict[tuple[int, str], None] = {}
    for flow in flows:
        goes[flow.source] = goes.get(flow.source, 0.0) + flow.amount
        comes[flow.target] = comes.get(flow.target, 0.0) + flow.amount
        order[flow.source] = order[flow.target] = None
    ranked = sorted(order, key=lambda place: names.index(place[1]) if place[1] in names else -1)
    return {place: max(comes.get(place, 0.0), goes.get(place, 0.0)) for place in ranked}


def _open(width: int, height: int, label: str) -> str:
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{text(label)}">'
