"""Files that are kept between runs."""

from __future__ import annotations

import os
from pathlib import Path

from cascadelang.source.kept import MOST_BESIDE, read_kept, write_kept_beside


def test_of_a_kind_only_the_newest_are_left(tmp_path: Path):
    other = tmp_path / "rules-0.json"
    other.write_text("{}")
    for number in range(MOST_BESIDE + 5):
        path = tmp_path / f"grammar-{number}.json"
        write_kept_beside(path, {"number": number})
        os.utime(path, ns=(number, number))
    left = {int(path.stem.partition("-")[2]) for path in tmp_path.glob("grammar-*.json")}
    assert left == set(range(5, MOST_BESIDE + 5))
    assert other.exists()
    assert read_kept(path) == {"number": MOST_BESIDE + 4}


def test_the_one_that_was_just_written_is_left_also_when_others_are_from_the_future(tmp_path: Path):
    for number in range(MOST_BESIDE):
        path = tmp_path / f"rules-{number}.json"
        path.write_text("{}")
        os.utime(path, ns=(2**62, 2**62))
    new = tmp_path / "rules-new.json"
    write_kept_beside(new, [1])
    assert read_kept(new) == [1]
