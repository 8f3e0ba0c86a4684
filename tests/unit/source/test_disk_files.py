"""What is read from the disk, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascadelang.source import DiskFiles, FileMissing, files


def test_a_policy_file_may_be_a_link_to_a_policy_file_only(tmp_path: Path):
    (tmp_path / "real.cl").write_text("text")
    (tmp_path / "keys.env").write_text("KEY=secret")
    (tmp_path / "good.cl").symlink_to(tmp_path / "real.cl")
    (tmp_path / "bad.cl").symlink_to(tmp_path / "keys.env")
    assert DiskFiles().read_bytes(str(tmp_path / "good.cl")) == b"text"
    with pytest.raises(FileMissing, match="a link to something that is not a policy file"):
        DiskFiles().read_bytes(str(tmp_path / "bad.cl"))


def test_the_size_is_that_of_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 10)
    (tmp_path / "a.json").write_bytes(b"x" * 10)
    (tmp_path / "b.json").write_bytes(b"x" * 11)
    assert len(DiskFiles().read_bytes(str(tmp_path / "a.json"))) == 10
    with pytest.raises(FileMissing, match="larger than"):
        DiskFiles().read_bytes(str(tmp_path / "b.json"))


@pytest.mark.parametrize("target", ["nowhere.cl", "link.cl"])
def test_a_link_to_nothing_or_to_itself_is_no_missing_file(tmp_path, target):
    (tmp_path / "link.cl").symlink_to(target)
    with pytest.raises(FileMissing, match="a link that leads nowhere"):
        DiskFiles().read_bytes(str(tmp_path / "link.cl"))
