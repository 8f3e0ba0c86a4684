# Conditional routing on request metadata, with fallbacks on status classes: `rate_limit` is a 429, `server` a 5xx, and
# `timeout` and `connection` no status at all. A 401 or another 4xx never moves on: it ends the run as `auth` or
# `bad_request`, for it is a mistake that no other provider should hide.
use "std/anthropic"
use "std/openai"

tier eu    = fallback [sonnet, terra]                        # any failure of a call moves on
tier paid  = fallback [opus, sol] when rate_limit or server  # and here only these two
tier large = fallback [luna, haiku] when timeout or connection or server

policy main =
  route meta.region == "eu" -> eu,
        meta.plan in ["gold", "team"] and meta.trial != true -> paid
  else large

test "europe" {
  query  "Hello"
  meta   { region: "eu" }
  reply  sonnet error content_filter
  reply  terra  "Hello"
  expect path == [sonnet, terra]
}
test "429 moves on" {
  query  "Hello"
  meta   { plan: "gold", trial: false }
  reply  opus error rate_limit
  reply  sol  "Hello"
  expect path == [opus, sol]
}
test "a refusal of the content doesn't" {
  query  "Hello"
  meta   { plan: "team", trial: false }
  reply  opus error content_filter
  expect path == [opus] and failure == content_filter
}
test "401 ends the run" {
  query  "Hello"
  meta   { plan: "team", trial: false }
  reply  opus error auth
  expect path == [opus] and failure == auth
}
test "500 moves on" {
  query  "Hello"
  reply  luna  error server
  reply  haiku "Hello"
  expect path == [luna, haiku]
}
test "429 doesn't, where only outages do" {
  query  "Hello"
  reply  luna error rate_limit
  expect path == [luna] and failure == rate_limit
}
