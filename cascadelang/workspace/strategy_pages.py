"""The reference pages of strategies and their clauses, for `cascadelang explain NAME`: Markdown without the title."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PAGES: Final[Mapping[str, str]] = {
    "route": """\
The first arm whose condition is true answers; `else` is required.

```
route code           -> opus,
      plan == "gold" -> (cascade [sonnet, opus] until sound)
else  haiku
```

Arms are tried in the order in which they are written. A condition that is unknown (metadata is missing, say) isn't
true: its arm isn't taken, and the trace says `unknown` and why. A `route` inside an arm stands in parentheses, so
that a comma and an `else` can have one meaning only.

`route by LABEL` has one arm for each label of a signal:

```
signal size: {short, long} = band(tokens / 1000, short: 2, long)
route by size short -> haiku, long -> sonnet
```

There `else` is required unless every label has an arm. See also: `cascade`.
""",
    "cascade": """\
The rungs in order, cheapest first; the first answer that passes the check is the answer.

```
cascade [haiku, sonnet, opus] until sound
cascade [haiku until confident, sonnet until sound, opus]
```

- `until CHECK` is the gate of every rung that has none of its own.
- `from SIGNAL` starts at the rung that the signal's label names.
- `order by learned("quality.json")` asks next, of the rungs that are left, the one with the best predicted quality
  for its price: see below.
- `carry draft` hands the rejected answer to the next rung, `carry reasons` only why it was rejected.
- `otherwise last` (unless you say so yourself), `best`, `fail` or another strategy: what happens when no rung passes.

A rung whose provider fails is passed over, for every kind of failure except `auth`, `bad_request` and `policy`: those
are mistakes that no other rung should hide, and they end the run. The last rung's check is made when it is free or
when `otherwise` depends on it.

```
cascade [haiku, sonnet, opus] until sound order by learned("quality.json")
cascade [haiku, sonnet, opus] until sound order by learned("quality.json", worth: $0.02)
```

The file is a learned one that gives `scores`: for a query, how likely each model's answer is right, before any is
asked. Each rung's name has to be among its outputs. The next rung is the one with the highest quality divided by its
price, which is the most it can cost for a query of that length; what is free comes first, by quality. With `worth`,
what a right answer is worth to you, it is the one with the highest quality less price / worth: the more it is worth,
the more the best rungs come first. Of equals the first as written is taken. The choice is made anew after each answer
that was rejected, among those left, with what `carry` hands on in the price. Whether to go on is still the check's to
say. Where a quality or a price isn't known, the rungs are asked as they stand, and the trace says why. The bounds are
for any order. This is cascade routing: Dekoninck, Baader and Vechev, "A Unified Approach to Routing and Cascading for
LLMs" (arXiv:2410.10347). See also: `fallback`, `within`.
""",
    "fallback": """\
Equals, in order of preference: the next one answers only when the one before it failed.

```
tier cheap = fallback [haiku, mini]
```

A poor answer doesn't move a `fallback` on; that is what `cascade` is for. Failures of the kinds `auth`, `bad_request`
and `policy` end the run.

`when` says which failures move on, where not all should: what another provider wouldn't do better, say.

```
fallback [haiku, mini] when rate_limit or server or timeout
```

See also: `retry`.
""",
    "within": """\
A hard limit on what the strategy in front of it may spend.

```
cascade [haiku, sonnet, opus] until sound within $0.05 and 20s
```

Before every call it is looked at what that call can cost at most: its input tokens, `max_tokens`, the judge it needs,
its retries. A call that doesn't fit isn't made; the cascade then ends as its `otherwise` says, and the trace has
`over_budget`. A limit in dollars needs a price for every model under it.
""",
    "retry": """\
Further tries of the same call when it failed with `rate_limit`, `timeout`, `connection` or `server`.

```
model haiku = anthropic("claude-haiku-4-5") { retry: 2 }
cascade [haiku retry 2, opus] until sound
```

Waits grow and are jittered; what the provider says in `Retry-After` is honoured. All tries together have to fit into
the call's timeout and into `within`. See also: `fallback`.
""",
    "with": """\
Settings for every call inside, over those of the models. An inner `with` wins over an outer one.

```
haiku with { temperature: 0, max_tokens: 200 }
```

Settings: `max_tokens`, `timeout`, `temperature`, `top_p`, `seed`, `stop`, `effort`, `system`.
""",
    "hedge": """\
A second strategy when the first is slow: the first answer wins, and the other is cancelled.

```
hedge haiku after 2s with luna
```

The second begins when the time is over, or at once when the first has failed before. Both may so be paid: the call
that is cancelled counts at its most against `within`, for its provider may bill it. When both fail, so does the
`hedge`, as the second did; `auth`, `bad_request` and `policy` end the run. The answer comes whole, for until the end
the other may be there first; a second that begins after the first has failed answers alone, and can be streamed. The
bounds count both. See also: `fallback`, `within`.
""",
    "split": """\
A share of the queries each: for a canary, or to compare two strategies.

```
split { 90% -> sonnet, 10% -> candidate } by meta.user
split { 50% -> haiku, 50% -> luna }
```

The shares add up to 100%. With `by`, equal keys always go the same way, on every machine and after every restart:
the key falls where its hash says (the first 53 bits of the SHA-256 of the node's id, such as `main`, a line break and
the key's text). So a share is as exact as a hash is uniform: of 10,000 users, 10% are 1,000 give or take 60. Moving
the `split` to another policy or place deals the keys anew. Changing the shares of two neighbours moves keys between
these two only.

Without `by`, and for a query whose key is unknown, chance decides: the run's seed, so that the same seed goes the
same way. The trace says what the key was, or why there was none. See also: `route`.
""",
    "shadow": """\
Another strategy beside the one that answers, for the record only.

```
shadow haiku with candidate on 5%
cascade [shadow haiku with candidate on 5%, opus] until sound
```

`haiku` answers. For 5% of the queries (all, unless said; which ones, the run's seed says) `candidate` is run as well,
when the caller has its answer: it never slows a run, fails it or streams to it. It is recorded as a run of its own,
called `main (shadow NODE)`, whose first event says which run it belongs to, with its cost and its verdict: that of a
check of its own, else of the gate that the live answer had to pass, where that gate calls no model. What it spends
counts in the bounds and against the dollars of a `within` around it, and it takes only what is left of these. The end
of the program waits up to 10 seconds for shadows that are still running, and then cancels them.
""",
    "vote": """\
The answer that most of several strategies give, all asked at once.

```
vote [haiku, luna, flash]
vote [haiku, luna] by judge(opus, "Is it correct and complete?")
```

Answers are compared by their *final answer*: the value of JSON, else what is boxed or stated, an option letter or a
number, else the text without case, accents, punctuation and surplus spaces. The largest group wins, of equal ones the
one whose answer stands first in the list. A member that fails has no vote; when all fail, so does the `vote`. With
`by` a score, one answer of each group is scored when there are several groups, and the best wins. The trace says who
voted how. The bounds count all members, and all the scoring there may be. See also: the check `agree`, which asks one
model several times.
""",
    "cached": """\
The answer to the same request again, as long as it is no older than that.

```
policy main = haiku cached 1d
policy wise = cascade [haiku, sonnet] until sound within $0.05 cached 12h
cascade [haiku cached 1d, sonnet] until sound
```

The request is the same when everything is that the answer hangs on: all messages with their images, tools, whether
JSON is wanted, what `carry` handed on, the run's seed, the settings around (`with`, `retry`), those of the caller's
facts that conditions below look at (all of them, where `command` or another package's signal or check is asked
below), and the strategy below itself: its models, prices, conditions, files and programs, the values the lock gives
its tunes, the version of cascadelang, and those of the packages whose plug-ins are asked below. Change one of these
and nothing that was kept is found. What stands around
`cached` doesn't count.

Kept is an answer that the strategy below accepted, or didn't check; it comes back with its verdict. A failure isn't
kept, nor is an answer that was rejected. A gate around `cached` judges every time, so its judge is paid every time:
to keep the verdict too, write `cached` behind the cascade. What chance decided below (`split` without a key) is kept
with the answer, and a `shadow` below runs only when its live strategy does.

An answer that was kept calls nothing, costs nothing, and isn't in `path`; `Result.cached` and the event `cached` say
that it was, with its age and the run that had it made. The bounds hold for a run that has to ask, and the least is no
call. The age is that of the answer itself: a `cached` around another makes nothing older than either says.

Runs of one process that ask the same at the same time make one call: the others wait, as long as their `within`
allows, and share what comes of it, be it an answer, a rejected one or a failure; where a `within` around the run that
asks had a part in its not being accepted, the next one asks. When the run that asks is cancelled, it goes on for
those who wait, and what it cost is recorded as a run called `main (cached NODE)`.

`cached 1d similar 0.98` gives an answer to another query, too, when its last user message is as near as that by the
cosine of their embeddings (`cascadelang[embed]`, on this machine; 1 is the same text). All else has to be the same:
earlier messages, tools, facts, and the numbers in the message with their order and signs. An answer that was given so
isn't kept for the new words. To the encoder "safe" and "unsafe" are all but the same (0.98): use it where a
neighbour's answer does no harm, and read the page on signals by meaning first.

Answers are kept in the trace store's file; where nothing, or no text, is recorded, in the process's memory alone.
`cascadelang run --no-cache` and `Policy.run(…, cache=False)` neither take nor keep any. Tests of a policy begin with
nothing kept. Nobody but the clock invalidates an answer: don't keep for longer than it may be wrong.
""",
}
"""By name."""

ALSO: Final[Mapping[str, str]] = {
    "until": "cascade",
    "from": "cascade",
    "carry": "cascade",
    "otherwise": "cascade",
    "order by": "cascade",
    "else": "route",
    "route by": "route",
}
"""Clauses that have no page of their own, and the page they are on."""
