# An LLM as the router: a small model says which kind of request it is. It is asked at most once a run, and only when an
# arm needs to know: what the free conditions above decide costs nothing. A label that couldn't be had is the `else`.
use "std/anthropic"

signal kind: {billing, technical, chat} = ask(
  haiku,
  "Which kind of request is this?",
  [billing, technical, chat],
) else chat

policy main =
  route meta.plan == "trial" -> haiku,
        kind == technical    -> opus,
        kind == billing      -> sonnet
  else haiku

require main for input <= 4k { calls <= 2, cost <= $0.20 }

test "a trial is never asked about" {
  query  "It crashes when I pay"
  meta   { plan: "trial" }
  reply  haiku "Try again"
  expect path == [haiku] and calls == 1
}
test "technical" {
  query  "It crashes when I pay"
  ask    haiku technical
  reply  opus  "Update it"
  expect path == [opus] and calls == 2
}
test "billing" {
  query  "I was charged twice"
  ask    haiku  billing
  reply  sonnet "It is on its way back"
  expect path == [sonnet]
}
test "chat" {
  query  "Good morning!"
  ask    haiku chat
  reply  haiku "Good morning"
  expect path == [haiku]
}
test "the router is down" {
  query  "Good morning!"
  ask    haiku error server
  reply  haiku "Good morning"
  expect path == [haiku]
}
