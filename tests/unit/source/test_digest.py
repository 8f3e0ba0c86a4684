"""Our SHA-256 is the one that everyone means."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import pytest

from cascadelang.source.digest import sha256


@pytest.mark.parametrize("data", [b"", b"abc", b"\xff" * 1000])
def test_as_hashlib(data: bytes):
    ours = sha256(b"a")
    ours.update(data)
    assert ours.hexdigest() == hashlib.sha256(b"a" + data).hexdigest()


@pytest.mark.parametrize("missing", [[], ["_sha2", "_sha256"]])
def test_also_where_the_interpreter_has_no_code_of_its_own(missing: list[str]):
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({missing!r}))\n"
        "from cascadelang.source.digest import sha256; print(sha256(b'abc').hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == hashlib.sha256(b"abc").hexdigest()
