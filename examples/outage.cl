# An outage: equals stand in for one another when a provider is down, and only then. A poor answer is a matter for
# the cascade, a failed call a matter for the fallback.
use "std/anthropic"
use "std/openai" as oa

tier cheap  = fallback [haiku, oa.luna] with { timeout: 10s }
tier strong = fallback [opus, oa.sol] with { timeout: 25s }

check sound = not empty and not hedges and not refuses

policy main = cascade [cheap retry 1, strong] until sound within 60s

test "the stand-in answers when the first is down" {
  query  "Hello"
  reply  haiku   error rate_limit
  reply  oa.luna "Hello to you"
  expect model == oa.luna and passed
}

test "a poor answer climbs instead" {
  query  "Hello"
  reply  haiku "I'm not sure what to say."
  reply  opus  "Hello to you"
  expect path == [haiku, opus]
}

test "a wrong key is nobody else's business" {
  query  "Hello"
  reply  haiku error auth
  expect failure == auth
}
