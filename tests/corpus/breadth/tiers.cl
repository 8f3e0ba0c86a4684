# Tiers: a name for a rung. What stands behind the name is changed in one place, and every policy follows.
use "std/anthropic"
use "std/openai"

tier small  = fallback [haiku, luna]  # equals at two providers
tier medium = fallback [sonnet, terra]
tier large  = opus

check usable = not empty and not refuses

policy main  = cascade [small, medium, large] until usable within $1
policy quick = small
policy best  = large

test "the small tier answers" {
  query  "Hello"
  reply  haiku "Hello"
  expect path == [haiku] and passed
}
test "its equal answers when it is down" {
  query  "Hello"
  reply  haiku error server
  reply  luna  "Hello"
  expect path == [haiku, luna] and passed
}
test "tier by tier" {
  query  "Hello"
  reply  haiku  ""
  reply  sonnet error timeout
  reply  terra  "I'm sorry, but I can't help with that."
  reply  opus   "Hello"
  expect path == [haiku, sonnet, terra, opus] and passed
}
test "a tier may be asked by name" {
  policy quick
  query  "Hello"
  reply  haiku "Hello"
  expect path == [haiku]
}
test "so may the top" {
  policy best
  query  "Hello"
  reply  opus "Hello"
  expect path == [opus]
}
