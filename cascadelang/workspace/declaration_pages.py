"""The reference pages of declarations and of `meta`, for `cascadelang explain NAME`: Markdown without the title."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DECLARATIONS: Final[Mapping[str, str]] = {
    "provider": """\
A service that answers, with its settings, under a name of its own.

```
provider team = anthropic { key: env("TEAM_KEY") }
model haiku = team("claude-haiku-4-5")
```

Kinds: `anthropic`, `openai` (and every server that speaks its format), `gemini`, `local`, `replay`, `scripted`; each
has a page. A kind needs no declaration where its usual settings do: `model haiku = anthropic("claude-haiku-4-5")`.
Keys come from the environment, never from the policy.
""",
    "model": """\
One model at one provider, with the settings of its calls.

```
model haiku = anthropic("claude-haiku-4-5") { max_tokens: 800, timeout: 20s, retry: 1 }
```

Fields: `max_tokens` (1024 unless said), `timeout` (60s), `retry` (0), `temperature`, `top_p`, `seed`, `stop`,
`effort`, `system`, `price: $1 / $5` (in and out per million tokens), `context` and `can`; known models need none of
the last three. A price that nobody knows is unknown, never zero. See also: `provider`, `with`.
""",
    "meta": """\
Facts that the caller gives with a query: `meta.plan`, `meta.age`. They are texts, numbers, true or false.

```
route meta.plan == "gold" -> opus else haiku
```

`cascadelang run --meta plan=gold` gives one, in Python `policy.run(query, meta={"plan": "gold"})`. A fact that the
caller didn't give is unknown: a condition over it isn't true, and `meta.plan is missing` asks for just that. A signal
can say what holds then: `signal plan: {free, gold} = meta.plan else free`. See also: `route`.
""",
    "tune": """\
A number with the range that it may be moved in.

```
tune strict = 0.80 in 0.50 .. 0.99
check sound = judge(opus, "Is the answer right?") >= strict
```

The number stands for itself wherever its name is used, and has to lie in its range. The lock file beside the policy
may hold another value within it, found by calibration; that one is used then.
""",
    "require": """\
A bound that must be proved before anything runs, or the file is wrong.

```
require main for input <= 4k { cost <= $0.30, calls <= 5, latency <= 3m }
```

It is proved for every query of at most so many tokens and for every way through the policy, with retries, judges and
the whole of each `max_tokens`. `cost` is in dollars, `calls` counts answers and judgements, `latency` is time.
`explain POLICY.cl` shows the bounds of every part. `within` is the limit that is kept during a run.
""",
    "alert": """\
What to be told of, when recorded runs say so.

```
alert "opus is asked too often" when escalation(opus) > 40% over 500 queries
alert "dear or slow" when cost.mean > $0.01 or latency.p95 > 8s
```

It looks at the newest recorded queries of the file's policies, as many as `over` says (1,000 unless said), and waits
while there are fewer. It can ask:

- shares: `escalation`, `escalation(MODEL)`, `share(LABEL)`, `answered(MODEL)`, `rejected(MODEL)`, `failures`,
  `failures(timeout)`, `unmet`, `unchecked`, `cached`, `unknown(SIGNAL)`
- drift against the runs before: `drift(SIGNAL)`, `drift(arms)`, `drift(models)`; from 0.25 on much has moved
- dollars: `cost.mean`, `cost.total`, and its parts `cost.answers`, `cost.judges`, `cost.classifiers`, `cost.retries`,
  `cost.rejected`
- durations: `latency.mean`, `latency.p50`, `latency.p95`, `latency.p99`; and a count: `queries`

`cascadelang watch POLICY.cl` looks until one holds and ends with exit code 1; `--once` looks once, for CI.
""",
    "test": """\
A case that runs offline, against replies that stand in it.

```
test "prose goes up one rung" {
  query  "Extract the invoice as JSON: 12 euros"
  meta   { plan: "gold" }
  reply  haiku  "Sure! Here it is"
  reply  sonnet "{}"
  judge  opus   0.9
  expect path == [haiku, sonnet] and cost < $0.05
}
```

- `reply NAME "…"` is what a model answers, `reply NAME error rate_limit` how it fails; several are used in order and
  the last one repeats. `judge NAME 0.9 "why"` is what it says as a judge.
- `expect` knows `path`, `model`, `answer`, `passed`, `failed`, `unchecked`, `status`, `failure`, `cost`, `calls` and
  `latency`. A test that expects nothing fails.
- `policy NAME` asks another policy than `main`. `for each "cases.yaml"`, behind the words, runs the test for each
  case of a file, whose fields are `case.NAME`.

`cascadelang test` runs them: no model is called and no key is needed.
""",
}
"""By name."""
