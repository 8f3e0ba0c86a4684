"""What checking hands on: tables, files, and what it keeps quiet about."""

from __future__ import annotations

import hashlib
from decimal import Decimal

import pytest

from cascadelang.catalog.models import find
from cascadelang.contracts.price import FREE
from cascadelang.semantics.check import check
from cascadelang.semantics.checked import CheckedPolicy, Symbol, Type
from cascadelang.source import MemoryFiles
from cascadelang.syntax import ast
from cascadelang.workspace.catalog import InstalledCatalog


def declared(policy: CheckedPolicy, name: str):
    return policy.modules[policy.path].names[name].decl


def strategy(policy: CheckedPolicy, name: str = "main"):
    return declared(policy, name).strategy


# ---- Models


def model(policy: CheckedPolicy, name: str):
    return policy.models[id(declared(policy, name))]


def test_a_model_has_every_default_written_out(checked):
    policy = checked('model mini = openai("gpt-4.1-mini-2025-04-14")\npolicy main = mini')
    info = model(policy, "mini")
    assert policy.ok
    assert (info.max_tokens, info.timeout_s, info.retry, info.system) == (1024, 60.0, 0, "")
    assert info.price is not None
    assert (info.price.input, info.price.output) == (Decimal("0.4"), Decimal("1.6"))
    assert info.context == 1_000_000
    assert info.can is not None
    assert "logprobs" in info.can
    assert info.provider.kind == info.provider.name == "openai"
    assert info.provider.key_env == "OPENAI_API_KEY"


def test_what_the_file_says_wins_over_what_is_known(checked):
    policy = checked(
        'model mini = openai("gpt-4.1-mini") {\n  price: $7 / $8, can: [top_logprobs], context: 4k,\n'
        '  max_tokens: 2k, timeout: 1m, retry: 2, temperature: 0, top_p: 0.5, seed: -3, stop: "END", effort: high,\n'
        '  system: "Be brief."\n'
        "}\npolicy main = mini"
    )
    info = model(policy, "mini")
    assert policy.ok
    assert (info.price.input, info.price.output) == (7, 8)
    assert info.can == {"logprobs", "top_logprobs"}
    assert (info.context, info.max_tokens, info.timeout_s, info.retry) == (4000, 2000, 60.0, 2)
    assert (info.temperature, info.top_p, info.seed, info.stop) == (0.0, 0.5, -3, ("END",))
    assert (info.effort, info.system) == ("high", "Be brief.")


def test_an_unknown_model_has_no_price_and_a_local_one_is_free(checked):
    policy = checked(
        'provider lan = openai { base_url: "http://localhost:8000/v1" }\nmodel house = lan("x")\n'
        'model small = local("smollm2-135m")\npolicy main = fallback [house, small]'
    )
    assert model(policy, "house").price is None
    assert model(policy, "house").can is None
    assert model(policy, "small").price == FREE
    assert model(policy, "small").context == 4096


def test_prices_follow_the_address(checked):
    policy = checked(
        'provider groq = openai { base_url: "https://api.groq.com/openai/v1", key: env("GROQ_API_KEY") }\n'
        'model llama = groq("llama-3.3-70b-versatile")\npolicy main = llama'
    )
    assert model(policy, "llama").price.input == Decimal("0.59")
    assert model(policy, "llama").provider.key_env == "GROQ_API_KEY"


def test_a_key_goes_only_where_it_was_meant_to_go(checked):
    policy = checked(
        'provider lan = openai { base_url: "http://localhost:8000/v1" }\nmodel house = lan("x")\npolicy main = house'
    )
    assert model(policy, "house").provider.key_env == ""


@pytest.mark.parametrize("address", ["https://api.openai.com/v1", "https://api.openai.com/v1/"])
def test_the_usual_address_written_out_takes_the_usual_key(checked, address):
    policy = checked(
        f'provider own = openai {{ base_url: "{address}" }}\nmodel m = own("gpt-4.1-mini")\npolicy main = m'
    )
    assert model(policy, "m").provider.key_env == "OPENAI_API_KEY"


def test_a_key_in_the_file_is_in_nothing_that_is_handed_on(checked):
    policy = checked('provider acme = openai { key: "sk-very-secret" }\nmodel m = acme("x")\npolicy main = m')
    assert [d.name for d in policy.diagnostics] == ["literal-key"]
    assert "sk-very-secret" not in policy.modules["policy.cl"].source.text
    assert "sk-very-secret" not in repr((policy.diagnostics, policy.models, policy.calls))
    assert policy.modules["policy.cl"].source.snippet(policy.diagnostics[0].span) == "*" * 16


# ---- Calls, types and words


def test_a_call_is_bound_with_its_defaults(checked):
    policy = checked('use "std/openai"\ncheck bare = json\ncheck called = json()\ncascade [gpt_mini, gpt] until bare')
    for name in ("bare", "called"):
        call = policy.calls[id(declared(policy, name).expr)]
        assert (call.kind, call.spec.name, dict(call.args)) == ("check", "json", {"strict": False})


def test_arguments_are_values(checked):
    policy = checked(
        'use "std/openai"\ntune limit = 0.3 in 0.1 .. 0.5\nsignal code = has_code\n'
        "signal hard = score(code: 0.5, has_math: limit)\nsignal level = band(hard, easy: limit, difficult)\n"
        'signal order = conversation.matches(/order #\\d+/i)\ncheck fine = judge(gpt, "rubric.md") >= 0.5\n'
        'check shape = schema("a.json")\n'
        "policy main = route order and level == easy -> gpt else cascade [gpt_mini until fine and shape, gpt]",
        rubric__md="Be polite.",
        a__json='{"type": "object"}',
    )
    assert [d.message for d in policy.diagnostics] == []
    parts = policy.calls[id(declared(policy, "hard").expr)].args["weights"]
    assert [(str(ref.name), weight) for ref, weight in parts] == [("code", 0.5), ("has_math", 0.3)]
    assert policy.types[id(parts[0][0])] == Type("bool")
    assert policy.calls[id(parts[1][0])].spec.name == "has_math"
    band = policy.calls[id(declared(policy, "level").expr)].args
    assert band["bands"] == [["easy", 0.3], ["difficult", None]]
    assert band["value"] is declared(policy, "level").expr.args[0].value
    order = policy.calls[id(declared(policy, "order").expr)]
    assert (order.scope, order.args["pattern"]) == ("conversation", {"pattern": "order #\\d+", "flags": "i"})
    judge = policy.calls[id(declared(policy, "fine").expr.left)].args
    assert isinstance(judge["model"], Symbol)
    assert judge["model"].name == "gpt"
    assert judge["rubric"] == "Be polite."
    assert policy.calls[id(declared(policy, "shape").expr)].args["file"] == {"type": "object"}


def test_files_are_noted_with_their_hash(checked):
    policy = checked(
        'use "std/openai"\ncascade [gpt_mini, gpt] until judge(gpt, "rubric.md") >= 0.5', rubric__md="Be polite."
    )
    (use,) = policy.files.values()
    assert (use.path, use.text) == ("rubric.md", "Be polite.")
    assert use.sha256 == hashlib.sha256(b"Be polite.").hexdigest()


@pytest.mark.parametrize("words", ["Is it polite?", "polite", "and/or", "no rubric.md here", "e.g. this"])
def test_words_that_are_no_path_are_words(checked, words: str):
    policy = checked(f'use "std/openai"\ncheck c = judge(gpt, "{words}") >= 0.5\npolicy main = cascade [gpt until c]')
    assert [d.message for d in policy.diagnostics] == []
    assert policy.calls[id(declared(policy, "c").expr.left)].args["rubric"] == words
    assert policy.files == {}


def test_labels_are_words_even_where_a_declaration_has_the_same_name(checked):
    policy = checked(
        'use "std/openai"\nsignal billing = has_code\nsignal topic: {billing, chat} = meta.topic else chat\n'
        "signal hit = topic == billing\npolicy main = route hit and billing -> gpt else gpt"
    )
    assert policy.ok
    right = declared(policy, "hit").expr.right
    assert policy.words[id(right)] == "billing"
    assert policy.types[id(right)] == Type("label", ("billing", "chat"))
    condition = strategy(policy).arms[0].condition
    assert id(condition.values[1]) not in policy.words
    assert policy.words[id(declared(policy, "topic").default)] == "chat"


def test_what_with_sets(checked):
    policy = checked('use "std/openai"\npolicy main = gpt with { temperature: 0, timeout: 5s, stop: ["a"] }')
    assert policy.settings[id(strategy(policy))] == {"temperature": 0.0, "timeout_s": 5.0, "stop": ("a",)}


# ---- Files and names


def test_the_path_of_a_shipped_file(checked):
    policy = checked('use "std/local.cl"\npolicy main = qwen')
    assert policy.ok
    assert list(policy.modules) == ["policy.cl", "std/local.cl"]


@pytest.mark.parametrize("name", ["anthropic", "openai", "gemini", "local"])
def test_shipped_files_are_right_and_their_models_known(name: str):
    policy = check(f"std/{name}.cl", MemoryFiles({}), InstalledCatalog(), find)
    assert policy.diagnostics == ()
    assert policy.models
    for info in policy.models.values():
        assert info.price is not None, info.name
        assert info.context is not None or name == "gemini", info.name


def test_files_used_twice_are_one(checked):
    policy = checked(
        'use "a.cl" as a\nuse "b.cl" as b\npolicy main = fallback [a.one, b.two, b.one]',
        a__cl='model one = openai("gpt-4.1")',
        b__cl='use "a.cl"\nmodel two = openai("gpt-4.1")',
    )
    assert policy.ok
    assert policy.resolve(ast.Name(("a", "one")), "policy.cl") is policy.resolve(ast.Name(("b", "one")), "policy.cl")


def test_paths_are_relative_to_the_file_that_names_them():
    files = MemoryFiles(
        {
            "deep/policy.cl": 'use "lib/a.cl"\npolicy main = cascade [one] until shape',
            "deep/lib/a.cl": 'model one = openai("gpt-4.1")\ncheck shape = schema("s.json")',
            "deep/lib/s.json": "{}",
        }
    )
    policy = check("deep/policy.cl", files, InstalledCatalog(), find)
    assert [d.message for d in policy.diagnostics] == []
    assert list(policy.files) == ["deep/lib/s.json"]


def test_a_plain_use_leaves_main_where_it_is(checked):
    policy = checked(
        'use "a.cl"\npolicy main = spare\npolicy other = one',
        a__cl='model one = openai("gpt-4.1")\npolicy spare = one\npolicy main = one',
    )
    assert [d.message for d in policy.diagnostics] == []
    assert policy.policies == ("main", "other")


def test_an_alias_reaches_main(checked):
    assert checked(
        'use "a.cl" as a\npolicy mine = a.main', a__cl='model one = openai("gpt-4.1")\npolicy main = one'
    ).ok


# ---- One mistake, one error


def test_a_declaration_that_cannot_be_read_is_not_unknown_too(names):
    assert "unknown-name" not in names("model haiku = anthropic(\npolicy main = haiku")


def test_names_of_a_file_that_is_missing_are_not_unknown_too(names):
    assert names('use "gone.cl"\nroute code -> one else two') == ["missing-file"]
    assert names('use "gone.cl" as g\nroute g.code -> g.one else g.two') == ["missing-file"]


def test_an_unknown_name_is_told_once_for_each_place(names):
    assert names('use "std/openai"\nsignal a = nope\nsignal b = a and not a\nroute b -> gpt else gpt') == [
        "unknown-name"
    ]


def test_a_poisoned_side_silences_the_other(names):
    assert names('use "std/openai"\nsignal a = nope == some_label\nroute a -> gpt else gpt') == ["unknown-name"]


def test_a_model_without_provider_silences_what_asks_for_it(names):
    text = 'model m = nope("x")\ncheck c = logprob(mean) > -1\npolicy main = cascade [m until c, m] within $1'
    assert names(text) == ["unknown-name"]


# ---- Size and shape


def test_long_chains_of_declarations(checked):
    lines = [f"signal s{i} = not s{i + 1}" for i in range(2000)]
    text = "\n".join(['use "std/openai"', *lines, "signal s2000 = has_code", "route s0 -> gpt else gpt"])
    assert checked(text).ok


def test_long_circles_of_policies(checked):
    lines = [f"policy p{i} = p{(i + 1) % 2000}" for i in range(2000)]
    policy = checked("\n".join(lines))
    assert [d.name for d in policy.diagnostics] == ["circle"]


def test_long_sums(checked):
    text = 'use "std/openai"\nsignal s = ' + " + ".join(["words"] * 5000) + " > 3\nroute s -> gpt else gpt"
    assert {d.name for d in checked(text).diagnostics} <= {"too-deep"}


def test_a_policy_that_is_missing():
    policy = check("polcy.cl", MemoryFiles({"policy.cl": ""}), InstalledCatalog(), find)
    (told,) = policy.diagnostics
    assert (told.name, told.help) == ("missing-file", "did you mean `policy.cl`?")
    assert policy.policies == ()


def test_a_policy_that_is_no_text():
    policy = check("p.cl", MemoryFiles({"p.cl": b"\xff\xfe\x00\x01"}), InstalledCatalog(), find)
    (told,) = policy.diagnostics
    assert (told.name, told.label) == ("not-text", "it starts like UTF-16")


def test_a_used_file_that_is_no_text_is_told_where_it_is_named():
    files = MemoryFiles(
        {"p.cl": b'use "utf16"\nuse "bytes"\npolicy main = a', "utf16": b"\xff\xfet\0", "bytes": b"ab\x80"}
    )
    told = [d for d in check("p.cl", files, InstalledCatalog(), find).diagnostics if d.name == "not-text"]
    assert [(d.span.path, d.span.start, d.label) for d in told] == [
        ("p.cl", 4, "it starts like UTF-16"),
        ("p.cl", 16, "byte 3 is not UTF-8"),
    ]


def test_a_byte_order_mark_is_no_mistake():
    text = b"\xef\xbb\xbf" + b'use "std/openai"\npolicy main = gpt'
    assert check("p.cl", MemoryFiles({"p.cl": text}), InstalledCatalog(), find).ok


def test_an_empty_policy_is_no_mistake(checked):
    policy = checked("# nothing yet\n")
    assert policy.ok
    assert policy.policies == ()


def test_languages_are_compared_by_code(checked):
    policy = checked('use "std/openai"\nsignal g = language == de or language in [fr, "en"]\nroute g -> gpt else gpt')
    assert [d.message for d in policy.diagnostics] == []
    assert sorted(policy.words.values()) == ["de", "fr"]


def test_an_answer_in_the_language_of_the_query(checked):
    policy = checked('use "std/openai"\ncascade [gpt_mini, gpt] until language == query.language')
    assert {d.name for d in policy.diagnostics} <= {"not-supported-yet"}


def test_a_pattern_that_is_too_large_says_what_to_do(checked):
    (told,) = checked(
        'use "std/openai"\nsignal s = matches(/\\pL{1,300}x/)\nroute s -> gpt else gpt_mini'
    ).diagnostics
    assert (told.name, told.message) == ("invalid-regex", "the regular expression can't be used: it is too large")
    assert told.help == "repeat less often, or fewer kinds of characters"


@pytest.mark.parametrize(
    "fields",
    [
        'base_url: "http://user:hush-hush@lan.test/v1"',
        'base_url: "https://hush-hush@lan.test/v1"',
        'base_url: "https://lan.test/v1?version=2&api_key=hush-hush"',
        'base_url: "https://lan.test/v1?subscription-key=hush-hush"',
        'headers: { x_api_token: "hush-hush", region: "eu" }',
        'headers: { cookie: "hush-hush", client_secret: "hush-hush" }',
        'headers: { x_custom: "Bearer hush-hush" }',
    ],
)
def test_keys_in_addresses_and_headers_are_keys(checked, fields):
    policy = checked(f'provider acme = openai {{ {fields} }}\nmodel m = acme("x")\npolicy main = m')
    assert {d.name for d in policy.diagnostics} == {"literal-key"}
    assert "hush-hush" not in policy.modules["policy.cl"].source.text
    assert "hush-hush" not in repr((policy.diagnostics, policy.models, policy.calls))


@pytest.mark.parametrize(
    "fields",
    [
        'base_url: "https://lan.test:8443/v1/@acme?api-version=2024-10-21&x=a@b"',
        'headers: { http_referer: "https://acme.test/?key", x_title: "Basics of Tokens", x_beta: "tokens-2" }',
    ],
)
def test_other_addresses_and_headers_hold_no_keys(checked, fields):
    policy = checked(f'provider acme = openai {{ {fields} }}\nmodel m = acme("x")\npolicy main = m')
    assert policy.diagnostics == ()


def test_a_header_from_the_environment_is_told_of_plainly(checked):
    text = 'provider acme = openai {{ headers: {{ {} }} }}\nmodel m = acme("x")\npolicy main = m'
    (told,) = checked(text.format('tenant: env("TENANT")')).diagnostics
    assert told.message == "the header `tenant` can't take its value from an environment variable"
    assert told.help == 'only a provider\'s key can: `key: env("ACME_KEY")`'


def test_what_is_too_deep_is_underlined_where_it_is_deep(checked):
    text = f"signal big = {' + '.join(['words'] * 120)} > 5\n"
    (found,) = checked(text).diagnostics
    assert (found.name, found.span.start, found.span.end) == ("too-deep", len("signal big = "), len(text) - 1)


# ---- Names of models that ship with the package


@pytest.mark.parametrize(
    ("text", "help_"),
    [
        ("policy main = cascade [haiku] until json", '`use "std/anthropic"` brings in a model of that name'),
        (
            'use "std/anthropic"\npolicy main = cascade [haiku, sonnet] until judge(luna, "Is it right?") >= 0.8',
            '`use "std/openai"` brings in a model of that name',
        ),
        (
            'use "std/anthropic" as an\npolicy main = cascade [haiku, an.sonnet] until json',
            "did you mean `an.haiku`?",
        ),
        (
            "policy main = cascade [gpt4] until json",
            'declare one with `model NAME = PROVIDER("id")`, or bring some in with `use "std/anthropic"`',
        ),
    ],
)
def test_a_model_that_ships_with_the_package_is_known_where_it_comes_from(checked, text: str, help_: str):
    assert [d.help for d in checked(text).diagnostics] == [help_]
