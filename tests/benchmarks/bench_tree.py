"""How long lint takes on 1,000 files of 50 lines: cold, and when it knows them; and how much memory it uses.

    python tests/benchmarks/bench_tree.py [FILES]

Each run is the command itself, in a cache folder of its own. Limits, for two cores: 10 s cold, 2 s cached, and 200 MB
of memory for each process. Printed beside them: one process, two, and what the command chooses, so that the ratios
tell on any machine; and the CPU time, which says more than the clock on a busy one. That all runs print the same
bytes is checked. Memory is the peak resident size that the system reports for each process (Linux).
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from bench_lint import sample, whole

COLD_S_MAX = 10.0
CACHED_S_MAX = 2.0
MEMORY_MB_MAX = 200


def make_tree(folder: Path, files: int) -> None:
    """So many files in 20 folders, one in ten with a mistake."""
    text = whole(sample(66))
    for number in range(files):
        file = folder / f"team{number % 20}" / f"policy{number}.cl"
        file.parent.mkdir(exist_ok=True)
        slip = text.replace("gpt_mini", "gtp_mini") if number % 10 == 0 else text
        file.write_text(slip.replace("A generated policy", f"Policy {number}"), encoding="utf-8")


class Peaks(threading.Thread):
    """Watches the peak resident memory of a process and of those it starts."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peaks: dict[int, int] = {}

    def run(self) -> None:
        while self.look():
            time.sleep(0.02)

    def look(self) -> bool:
        """Note the peaks so far; false when the process is gone."""
        try:
            children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
            for pid in [self.pid, *map(int, children)]:
                for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                    if line.startswith("VmHWM:"):
                        self.peaks[pid] = max(self.peaks.get(pid, 0), int(line.split()[1]) // 1024)
        except OSError:
            return Path(f"/proc/{self.pid}").exists()
        return True


def run(folder: Path, cache: Path, *args: str) -> tuple[float, float, list[int], str]:
    """One run: seconds, seconds of CPU, the peak memory of each process in MB, and a mark of what it printed."""
    env = {**os.environ, "CASCADELANG_CACHE": str(cache)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    before = os.times()
    start_s = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        command = [sys.executable, "-m", "cascadelang", "lint", *args]
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=out, stderr=subprocess.STDOUT)
        peaks = Peaks(process.pid)
        peaks.start()
        process.wait()
        took_s = time.perf_counter() - start_s
        out.seek(0)
        mark = hashlib.sha256(out.read()).hexdigest()[:12]
    after = os.times()
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    peaks.join()
    return took_s, cpu_s, sorted(peaks.peaks.values(), reverse=True), mark


def main() -> int:
    """Measure and print; exit code 1 when a limit is passed or two runs print different things."""
    files = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    marks, failed = set(), False
    with tempfile.TemporaryDirectory() as temporary:
        folder, cache = Path(temporary) / "tree", Path(temporary) / "cache"
        folder.mkdir()
        make_tree(folder, files)
        lines = (folder / "team1" / "policy1.cl").read_text().count("\n")
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        print(f"{files:,} files of {lines} lines, {cores} cores")
        run(folder / "team1", cache)  # bytecode and the grammar's tables are there
        rows = [
            ("cold, one process", ("--no-cache", "--jobs", "1"), None),
            ("cold, two processes", ("--no-cache", "--jobs", "2"), None),
            ("cold, as it chooses", (), COLD_S_MAX),
            ("cached", (), CACHED_S_MAX),
        ]
        for name, args, limit in rows:
            took_s, cpu_s, peaks, mark = run(folder, cache, *args)
            marks.add(mark)
            over = limit is not None and took_s > limit
            failed |= over or max(peaks, default=0) > MEMORY_MB_MAX
            memory = " + ".join(map(str, peaks)) or "?"
            said = f"  (limit {limit:g} s)" if limit else ""
            print(f"{name:20} {took_s:6.2f} s  {cpu_s:6.2f} s of CPU  {memory} MB = {sum(peaks)} MB{said}")
    print("all print the same bytes" if len(marks) == 1 else "THE RUNS PRINT DIFFERENT THINGS")
    return int(failed or len(marks) != 1)


if __name__ == "__main__":
    sys.exit(main())
