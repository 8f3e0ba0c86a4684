# A slow provider: when the first hasn't answered after two seconds another begins, too, and the first answer wins. The
# one that is too late is cancelled, and counts against the limit as if it had been billed in full.
use "std/anthropic"
use "std/openai" as oa

check sound = not empty and not refuses

policy quick = hedge haiku after 2s with oa.luna with { max_tokens: 400 }
policy main  = cascade [quick, opus] until sound within $0.20 and 60s

require quick for input <= 4k { calls <= 2, latency <= 62s }

test "nobody waits for the slow" {
  query  "Hello"
  reply  haiku   "Hello to you" { latency: 20s }
  reply  oa.luna "Hello" { latency: 1s }
  expect model == oa.luna and path == [haiku, oa.luna] and latency == 3s
}

test "a quick first answers alone" {
  query  "Hello"
  reply  haiku "Hello to you" { latency: 1s }
  expect path == [haiku] and calls == 1
}

test "the stand-in begins at once when the first is down" {
  query  "Hello"
  reply  haiku   error server
  reply  oa.luna "Hello" { latency: 1s }
  expect model == oa.luna and latency == 1s
}

test "a poor answer climbs" {
  query  "Hello"
  reply  haiku ""
  reply  opus  "Hello"
  expect path == [haiku, opus] and passed
}
