"""What is run in the sandbox can't get out of it: each attack is really made."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from cascadelang.checks.python_tests import PythonTests
from cascadelang.contracts.check import Answer
from cascadelang.contracts.messages import Query, Reply
from cascadelang.sandbox import choose
from cascadelang.sandbox.limits import MEGABYTE, Limits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sandboxes are Linux's")
HIDDEN = {"FileNotFoundError", "PermissionError", "OSError", "NotADirectoryError"}


@pytest.fixture
def attack(sandbox):
    """Runs code in the sandbox; gives its end, and what it wrote."""

    def run(code, given=b"", **limits):
        ended = asyncio.run(sandbox.python(code, given, Limits(**{"time_s": 60.0, **limits})))
        return ended, ended.output.decode("utf-8", "replace").strip()

    return run


@pytest.fixture
def mark():
    """A word of this test alone, to know its processes by: other tests run beside it."""
    return f"mark-{uuid.uuid4().hex}"


def running(mark: str) -> list[str]:
    """The processes of this machine that have the mark in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:
                continue
            if mark in words and int(entry.name) != os.getpid():
                found.append(words)
    return found


def refused(attack, code: str) -> str:
    """What an attempt fails with; it must fail."""
    lines = "\n".join(f"    {line}" for line in code.splitlines())
    _, said = attack(
        f"import os, sys\ntry:\n{lines}\n    print('done')\nexcept Exception as e:\n    print(type(e).__name__)"
    )
    assert said != "done"
    return said


def test_plain_code_runs(attack):
    ended, said = attack(
        "import sys, json, ssl, sqlite3, decimal\nprint(json.loads(sys.stdin.read())['a'])", b'{"a": 1}'
    )
    assert (ended.why, ended.code, said) == ("itself", 0, "1")


def test_an_endless_loop_ends(attack, mark, until):
    began_s = time.monotonic()
    ended, _ = attack(f"while True: pass  # {mark}", time_s=0.5)
    assert ended.why == "time"
    assert time.monotonic() - began_s < 20
    until(lambda: not running(mark))


def test_sleeping_past_the_limit_ends(attack):
    ended, _ = attack("import time, signal\nsignal.signal(15, signal.SIG_IGN)\ntime.sleep(100)", time_s=0.5)
    assert ended.why == "time"


def test_a_memory_bomb_breaks_by_itself(attack):
    ended, _ = attack("x = []\nwhile True: x.append(bytearray(10**7))", memory_bytes=128 * MEGABYTE)
    assert ended.why == "itself"
    assert "MemoryError" in ended.errors or ended.code in (137, 255)


@pytest.mark.parametrize("way", ["os.fork()", "os.posix_spawn('/python/bin/x', ['x'], {})", "os.popen('x').read()"])
def test_no_process_can_be_started(attack, way):
    assert refused(attack, way) in ("PermissionError", "BlockingIOError", "FileNotFoundError")


def test_a_fork_bomb_starts_nothing(attack):
    code = (
        "import os\nn = 0\nfor _ in range(10000):\n    try:\n        os.fork()\n        n += 1\n"
        "    except OSError: pass\nprint(n)"
    )
    assert attack(code)[1] == "0"


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "/etc/shadow", str(Path.home()), "/home", "/root", "/proc/1/environ", "/proc", "/sys", __file__],
)
def test_the_hosts_files_arent_there(attack, path):
    assert refused(attack, f"os.listdir({path!r}) if os.path.isdir({path!r}) else open({path!r}).read()") in HIDDEN


def test_installed_packages_arent_there(attack):
    assert refused(attack, "import pytest") == "ModuleNotFoundError"
    _, said = attack(
        "import os\ntry: print(os.listdir(os.path.dirname(os.__file__) + '/site-packages'))\n"
        "except PermissionError: print([])"
    )
    assert said == "[]"


@pytest.mark.parametrize("path", ["/written", "/python/lib/written", "/dev/written", "/usr/written", "/root/written"])
def test_nothing_can_be_written_outside(attack, path):
    assert refused(attack, f"open({path!r}, 'w').write('x')") in ("OSError", "FileNotFoundError", "PermissionError")


def test_a_symbolic_link_leads_nowhere(attack):
    assert refused(attack, "os.symlink('/etc/passwd', 'link'); open('link').read()") in (
        "FileNotFoundError",
        "PermissionError",
        "OSError",
    )
    assert refused(attack, "os.symlink('../../../../../etc', 'up'); os.listdir('up')") in (
        "FileNotFoundError",
        "PermissionError",
        "OSError",
    )


def test_the_hosts_network_isnt_there(attack):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        refused(attack, f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)")
    refused(attack, "import socket; socket.create_connection(('1.1.1.1', 53), 1)")
    refused(attack, "import socket; socket.getaddrinfo('example.com', 80)")


def test_abstract_sockets_of_the_host_arent_there(attack, mark):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(f"\0cascadelang-{mark}")
        server.listen()
        refused(attack, f"import socket; s = socket.socket(socket.AF_UNIX); s.connect('\\0cascadelang-{mark}')")


@pytest.mark.parametrize("family", ["AF_VSOCK", "AF_ALG", "AF_PACKET", "AF_CAN", "AF_TIPC"])
def test_sockets_that_no_namespace_contains_arent_there(attack, family):
    # a vsock one reaches the host of a virtual machine
    refused(attack, f"import socket; socket.socket(socket.{family}, socket.SOCK_DGRAM)")


def test_sockets_between_threads_work(attack):
    _, said = attack(
        "import asyncio\n"
        "async def main():\n"
        "    reader, writer = await asyncio.open_connection(sock=one)\n"
        "    writer.write(b'heard\\n')\n"
        "    print((await reader.readline()).decode())\n"
        "import socket, threading\n"
        "one, other = socket.socketpair()\n"
        "threading.Thread(target=lambda: other.sendall(other.recv(99))).start()\n"
        "asyncio.run(main())\n"
    )
    assert said == "heard"


def test_it_has_no_capabilities(attack):
    _, said = attack(
        "import ctypes\n"
        "held = (ctypes.c_uint32 * 6)()\n"
        "ctypes.CDLL(None).capget((ctypes.c_uint32 * 2)(0x20080522, 0), held)\n"
        "print(list(held))\n"
    )
    assert said == "[0, 0, 0, 0, 0, 0]"


def test_sockets_in_flight_are_counted(attack):
    _, said = attack(
        "import os, socket\n"
        "try:\n"
        "    kept = socket.socketpair()\n"
        "    for sent in range(500):  # each pair holds the last one, and none of them is open\n"
        "        pair = socket.socketpair()\n"
        "        socket.send_fds(pair[0], [b'x'], [each.fileno() for each in kept])\n"
        "        for each in kept: each.close()\n"
        "        kept = pair\n"
        "    print('done')\n"
        "except OSError:\n"
        "    print(sent < 100)\n"
    )
    assert said == "True"


def test_an_output_flood_is_cut(attack):
    ended, _ = attack("while True: print('x' * 100000)", output_bytes=MEGABYTE)
    assert ended.why == "output"
    assert len(ended.output) == MEGABYTE


def test_a_flood_of_errors_is_cut(attack):
    ended, _ = attack("import sys\nfor _ in range(2000): sys.stderr.write('x' * 10000)")
    assert (ended.why, len(ended.errors)) == ("itself", 4096)


def test_the_hosts_processes_cant_be_signalled(attack):
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        for target in (sleeper.pid, os.getpid(), os.getppid()):
            refused(attack, f"os.kill({target}, 9)")
        attack("import os\nfor n in range(2, 400):\n    try: os.kill(n, 9)\n    except OSError: pass")
        attack("import os\nos.kill(-1, 9)")
        assert sleeper.poll() is None
    finally:
        sleeper.kill()
        sleeper.wait()


def test_killing_its_parent_ends_only_itself(attack):
    ended, _ = attack("import os\nos.kill(os.getppid(), 9)\nos.kill(0, 9)")
    assert ended.why in ("itself", "time")


def test_other_processes_cant_be_looked_into(attack):
    code = (
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "print(libc.ptrace(16, os.getppid(), 0, 0), ctypes.get_errno())"
    )
    _, said = attack(code)
    assert said in ("-1 1", "-1 3")


def test_the_environment_isnt_there(attack, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "made-up-key")
    _, said = attack("import os\nprint(dict(os.environ))")
    assert "made-up-key" not in said
    assert "KEY" not in said


def test_open_files_arent_handed_on(attack, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("made-up-secret", encoding="utf-8")
    with secret.open(encoding="utf-8") as held:
        os.set_inheritable(held.fileno(), True)  # noqa: FBT003 - its form
        code = "import os\nfor n in range(3, 64):\n    try: print(os.pread(n, 100, 0))\n    except OSError: pass"
        _, said = attack(code)
    assert "made-up-secret" not in said


def test_the_one_folder_is_limited(attack):
    code = (
        "n = 0\ntry:\n    while True:\n        open(str(n), 'wb').write(b'x' * 2**20)\n        n += 1\n"
        "except OSError as error:\n    print(n, error.errno)"
    )
    _, said = attack(code, disk_bytes=4 * MEGABYTE)
    number, why = (said.split() or ["0", ""])[:2]
    assert int(number) <= 4
    assert int(why) in (27, 28, 30, 13, 1)


@pytest.mark.parametrize("make", ["os.close(os.open(name, os.O_CREAT))", "os.mkdir(name)", "os.link('one', name)"])
def test_many_empty_files_end_it(attack, make, sandbox):
    ended, said = attack(
        f"""
import os
try:
    open("one", "w").close()
    for n in range(1_000_000):
        name = f"f{{n}}"
        {make}
except OSError as error:
    print(type(error).__name__)
""",
        time_s=30.0,
        files=2_000,
    )
    assert (ended.why, said) == ("files", "") if sandbox.name.startswith("bubblewrap") else said in HIDDEN


def test_as_many_files_as_it_may_make_are_no_trouble(attack, sandbox):
    ended, said = attack(
        "import os, time\nfor n in range(900): open(f'f{n}', 'w').close()\ntime.sleep(0.3); print('done')",
        files=1_000,
    )
    assert said == "done" if sandbox.name.startswith("bubblewrap") else ended.code == 1


def test_memory_without_a_name_cant_be_had_beside_the_limit(attack):
    refused(attack, "os.memfd_create('x')")


def test_its_limits_cant_be_raised(attack):
    code = "import resource as r\nr.setrlimit(r.RLIMIT_AS, (r.RLIM_INFINITY, r.RLIM_INFINITY))"
    assert refused(attack, code) in ("ValueError", "PermissionError")


def test_a_new_user_namespace_gives_nothing(attack):
    code = "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\nprint(libc.unshare(0x10000000))"
    assert attack(code)[1] == "-1"


def test_what_is_cancelled_leaves_nothing_running(sandbox, mark, until, until_beside):
    async def cancelled():
        sleeps = sandbox.python(f"import time\ntime.sleep(600)  # {mark}", b"", Limits(time_s=600.0))
        task = asyncio.ensure_future(sleeps)
        await until_beside(lambda: running(mark))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    until(lambda: not running(mark))


def test_it_ends_with_who_started_it(sandbox, mark, until):
    """A host that is killed leaves nothing behind."""
    code = (
        "import asyncio\nfrom cascadelang.sandbox.choose import chosen\n"
        "from cascadelang.sandbox.limits import Limits\n"
        f"code = 'import time; time.sleep(600)  # mark-' + '{mark.removeprefix('mark-')}'\n"
        "asyncio.run(chosen().sandbox.python(code, b'', Limits(time_s=600)))"
    )
    host = subprocess.Popen([sys.executable, "-c", code])
    try:
        until(lambda: running(mark))
    finally:
        host.kill()
        host.wait()
    until(lambda: not running(mark))


def test_the_event_loop_goes_on_meanwhile(sandbox, mark, until_beside):
    async def beside():
        sleeps = sandbox.python(f"import time; time.sleep(600)  # {mark}", b"", Limits(time_s=600.0))
        task = asyncio.ensure_future(sleeps)
        await until_beside(lambda: running(mark))
        for _ in range(10):
            await asyncio.sleep(0.01)
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(beside())


def test_much_input_is_no_trouble(attack):
    assert attack("import sys\nprint(len(sys.stdin.buffer.read()))", b"x" * 3_000_000)[1] == "3000000"
    assert attack("print('not read')", b"x" * 3_000_000)[1] == "not read"


def test_a_program_sees_its_folder_and_the_systems_programs(sandbox, tmp_path):
    program = tmp_path / "check.sh"
    program.write_text(
        "#!/bin/sh\ncat >/dev/null\ncat /etc/passwd /proc/1/environ 2>/dev/null && exit 1\n"
        "touch written 2>/dev/null && ls /program >/dev/null 2>&1 && touch /program/written 2>/dev/null && exit 1\n"
        "echo fine | tr a-z A-Z\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    ended = asyncio.run(sandbox.program(str(program), b"{}", Limits(time_s=60.0)))
    assert (ended.why, ended.code, ended.output) == ("itself", 0, b"FINE\n")


@pytest.mark.parametrize(("code", "value"), [("a + b", True), ("a - b", False), ("exit(0)", False), ("[][a]", False)])
def test_verdicts_are_the_same_in_each(sandbox, monkeypatch, code, value):
    monkeypatch.setattr(choose, "_CHOSEN", [choose.Choice(sandbox)])
    check = PythonTests({"tests": "def test_it():\n    assert add(1, 2) == 3\n", "timeout": 60.0, "memory": 256})
    answer = Answer(Query.of("Add!"), Reply(f"def add(a, b):\n    return {code}\n"))
    assert asyncio.run(check.judge_timed(answer)).value is value
