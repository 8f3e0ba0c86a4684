"""Pages on a phone: figures and names have room."""

from __future__ import annotations

import re

import pytest

from cascadelang.pages.charts import NARROW, Flow, Line, lines, sankey
from cascadelang.pages.html import table


def narrow(drawn: str) -> str:
    return drawn.partition("<div class=narrow>")[2]


def written(drawn: str) -> list[tuple[float, float, str]]:
    found = re.findall(r'<text class=halo x="([\d.]+)" y="([\d.]+)">([^<]*)<tspan[^>]*>([^<]*)', drawn)
    return [(float(x), float(y), f"{name} {amount}") for x, y, name, amount in found]


FLOWS = [
    Flow((0, "all queries"), (1, "a topic with quite a long name"), 60),
    Flow((0, "all queries"), (1, "else"), 39.7),
    Flow((0, "all queries"), (1, "<b>"), 0.3),
    Flow((1, "a topic with quite a long name"), (2, "small"), 60),
    Flow((1, "else"), (2, "large"), 39.7),
    Flow((1, "<b>"), (2, "middle"), 0.3),
    Flow((2, "small"), (3, "accepted"), 60),
    Flow((2, "large"), (3, "not good enough"), 39.7),
    Flow((2, "middle"), (3, "no answer"), 0.3),
]


def test_where_amounts_go_goes_down_a_narrow_screen():
    drawn = narrow(sankey(FLOWS, "where", amount_format=lambda amount: f"{amount:.1f}%"))
    assert f'viewBox="0 0 {NARROW} ' in drawn
    height = int(re.findall(rf'viewBox="0 0 {NARROW} (\d+)"', drawn)[0])
    boxes = [tuple(map(float, box)) for box in re.findall(r'<rect class=f6 x="(.*?)" y="(.*?)" width="(.*?)"', drawn)]
    assert len(boxes) == 10
    assert all(x >= 0 and x + width <= NARROW and y < height for x, y, width in boxes)
    assert len({y for _, y, _ in boxes}) == 4
    names = written(drawn)
    assert len(names) == 10
    assert "a topic with quite a lo… 60.0%" in [name for _, _, name in names]
    assert "&lt;b&gt;" in drawn
    assert "<b>" not in drawn
    for at, (x, y, name) in enumerate(names):
        assert 0 < y < height
        assert x + 7 * len(name.replace("&lt;", "<").replace("&gt;", ">")) <= NARROW
        assert all(abs(y - other) >= 14 or abs(x - left) > 7 * 8 for left, other, _ in names[:at])


@pytest.mark.parametrize("many", [20, 45, 90])
def test_however_many_models_are_asked_all_stand_on_the_drawing(many: int):
    flows = [Flow((0, "all queries"), (1, f"model {n}"), 1 + n % 7) for n in range(many)]
    drawn = narrow(sankey(flows, "where", amount_format=lambda amount: f"{amount:.0f}"))
    boxes = [tuple(map(float, box)) for box in re.findall(r'<rect class=f6 x="(.*?)" y=".*?" width="(.*?)"', drawn)]
    assert len(boxes) == many + 1
    assert all(x >= 0 and width > 0 and x + width <= NARROW + 0.1 * many for x, width in boxes)
    widths = [float(width) for width in re.findall(r'stroke-width="(.*?)"', drawn)]
    assert max(widths) > min(widths)


def test_one_place_after_another():
    drawn = narrow(sankey([Flow((0, "a"), (1, "b"), 1)], "one", amount_format="{:.0f}".format))
    assert [name for _, _, name in written(drawn)] == ["a 1", "b 1"]
    assert "Nothing to draw" in sankey([], "none", amount_format=str)


def test_many_figures_are_named_where_they_stand_below_their_words():
    drawn = table(("way", "", "a month", "best", "worst"), [("this", "bar", "$1", "$2", "$3")], "wbn")
    assert "<table class=many>" in drawn
    assert re.findall(r'<td class=n data-name="(.*?)">(.*?)</td>', drawn) == [
        ("a month", "$1"),
        ("best", "$2"),
        ("worst", "$3"),
    ]
    assert "data-name" not in table(("check", "", "passed", "verdicts"), [("json", "bar", "1", "2")], "wbn")


@pytest.mark.parametrize(("x", "anchor"), [(0.1, "start"), (0.6, "end"), (0.9, "end")])
def test_a_mark_s_name_stays_on_the_drawing(x, anchor):
    drawn = lines(
        [Line("cost", [(0, 1), (1, 2)])], "cost", x_format=str, y_format=str, marks=[(x, "now 50% on average")]
    )
    assert f"text-anchor={anchor}>now" in narrow(drawn)
