"""The catalogue: names from file names, one entry imported at a time, other packages only when needed."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import textwrap

import pytest

from cascadelang.catalog.models import find
from cascadelang.contracts.spec import Param, Spec
from cascadelang.semantics.check import check
from cascadelang.semantics.checked import CheckedPolicy
from cascadelang.source import MemoryFiles
from cascadelang.workspace import catalog
from cascadelang.workspace.catalog import InstalledCatalog


class Polite:
    spec = Spec(
        "polite", "check", "whether it is polite", params=(Param("least", "number", "how polite", default=0.5),)
    )

    @staticmethod
    def problems(args):
        return ["`least` is impolite"] if args["least"] > 1 else []


class Point:
    def __init__(self, name: str, found: object):
        self.name = name
        self.found = found

    def load(self):
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


def checked(text: str) -> CheckedPolicy:
    return check("p.cl", MemoryFiles({"p.cl": text}), InstalledCatalog(), find)


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch):
    points = {
        "cascadelang.checks": [
            Point("polite", Polite),
            Point("json", Polite),
            Point("broken", ImportError("no numpy")),
            Point("courteous", Polite),
            Point("bare", object),
        ]
    }
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points.get(group, []))
    monkeypatch.setattr(catalog, "_OTHERS", set())
    catalog._entry_points.cache_clear()
    catalog._foreign.cache_clear()
    yield
    catalog._entry_points.cache_clear()
    catalog._foreign.cache_clear()


@pytest.mark.parametrize("kind", ["provider", "check", "signal"])
def test_every_entry_is_named_for_its_file(kind: str):
    installed = InstalledCatalog()
    assert installed.names(kind)
    for name in installed.names(kind):
        spec = installed.spec(kind, name)
        assert spec is not None
        assert (spec.name, spec.kind) == (name, kind)


def test_no_name_is_no_entry():
    installed = InstalledCatalog()
    assert installed.spec("check", "nope") is None
    assert installed.spec("check", "../check") is None
    assert installed.spec("check", "_schema") is None
    assert installed.capabilities("nope") is None
    assert installed.key_env("nope") == ""


def test_what_providers_can_carry():
    installed = InstalledCatalog()
    assert "logprobs" not in (installed.capabilities("anthropic") or ())
    assert "logprobs" in (installed.capabilities("local") or ())
    assert installed.key_env("anthropic") == "ANTHROPIC_API_KEY"
    assert installed.key_env("local") == ""


def test_entries_of_other_packages(others):
    installed = InstalledCatalog()
    assert "polite" in installed.names("check")
    assert installed.spec("check", "polite") is Polite.spec
    assert installed.problems("check", "polite", {"least": 2}) == ["`least` is impolite"]
    assert installed.problems("check", "polite", {"least": 0.5}) == []


def test_a_built_in_name_cannot_be_taken_over(others):
    assert InstalledCatalog().entry("check", "json") is not Polite


def test_an_entry_that_cannot_be_loaded_is_told(others):
    policy = checked('use "std/openai"\ncascade [gpt_mini, gpt] until broken')
    assert [(d.name, d.help) for d in policy.diagnostics] == [
        ("unknown-name", "the check `broken` of another package can't be loaded: no numpy")
    ]


def test_what_an_entry_refuses_is_an_error_at_its_place(others):
    policy = checked('use "std/openai"\ncascade [gpt_mini, gpt] until polite(2)')
    assert [(d.name, d.message) for d in policy.diagnostics] == [
        ("wrong-type", "`polite` can't take this: `least` is impolite")
    ]


def test_schemas_are_looked_at():
    (problem,) = InstalledCatalog().problems("check", "schema", {"file": {"type": "objekt"}})
    assert "type" in problem


HEAVY = (
    "aiohttp", "anthropic", "asyncio", "email", "genai_prices", "httpx", "importlib.metadata", "json_repair",
    "jsonschema", "numpy", "openai", "pydantic", "re2", "rich", "sqlite3", "ssl", "xllamacpp", "yaml",
)  # fmt: skip


def test_checking_imports_nothing_heavy():
    code = textwrap.dedent(
        f"""
        import sys
        from cascadelang.catalog.models import find
        from cascadelang.semantics.check import check
        from cascadelang.source import MemoryFiles
        from cascadelang.workspace.catalog import InstalledCatalog

        text = '''
        use "std/anthropic"
        use "std/openai"
        use "std/gemini"
        use "std/local"
        provider acme = openai {{ base_url: "https://acme.example/v1", key: env("ACME_KEY") }}
        model  house  = acme("x") {{ price: $1 / $2 }}
        signal code   = has_code or contains(["traceback"]) or tokens > 4k
        signal topic: {{billing, chat}} = meta.topic else chat
        tune   strict = 0.8 in 0.5 .. 0.9
        check  sound  = json and not empty and (logprob(mean) >= -0.3 or judge(opus, "Is it polite?") >= strict)
        policy main   = route code -> opus, topic == billing -> cascade [haiku, house, gpt] until sound
          else fallback [flash, qwen] within $0.50
        test "runs" {{ query "hello" reply flash "hi" expect unchecked and cost < $1 }}
        '''
        policy = check("p.cl", MemoryFiles({{"p.cl": text}}), InstalledCatalog(), find)
        assert policy.ok, [d.message for d in policy.diagnostics]
        print(" ".join(name for name in {HEAVY!r} if name in sys.modules))
        """
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("courteous", "the check `courteous` of another package is named `polite` in its `spec`"),
        ("bare", "the check `bare` of another package has no `spec` that is a `Spec`"),
    ],
)
def test_an_entry_that_is_none_is_told(others, name, why):
    policy = checked(f'use "std/openai"\ncascade [gpt_mini, gpt] until {name}')
    assert [(d.name, d.help) for d in policy.diagnostics] == [("unknown-name", why)]
