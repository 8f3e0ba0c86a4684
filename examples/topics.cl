# Third combination: routing by topic with a cascade inside each arm. Each topic has its own ladder and its own
# idea of a good answer.
use "std/anthropic"

signal billing   = contains(["invoice", "refund", "charged", "payment"])
signal technical = has_code or contains(["error", "crash", "stack trace", "timeout"])

check as_json = json
check plain   = not hedges and not refuses and words <= 200
check worked  = not hedges and not truncated

policy main =
  route billing    -> cascade [haiku, sonnet] until plain,
        technical  -> cascade [sonnet, opus] until worked,
        wants_json -> cascade [haiku, sonnet, opus] until as_json otherwise fail
  else haiku

test "billing starts cheap" {
  query  "I was charged twice this month"
  reply  haiku "The second charge was a mistake and is on its way back to you."
  expect path == [haiku] and passed
}

test "technical questions start higher" {
  query  "The app shows an error: connection timeout"
  reply  sonnet "It might be the proxy, but I'm not sure."
  reply  opus   "The proxy closes idle connections after 30 seconds; raise that limit."
  expect path == [sonnet, opus] and passed
}

test "JSON or nothing" {
  query  "List three colours as JSON"
  reply  haiku  "red, green, blue"
  reply  sonnet """["red", "green", "blue"]"""
  expect path == [haiku, sonnet] and passed
}

test "small talk has no gate" {
  query  "Good morning!"
  reply  haiku "Good morning to you."
  expect unchecked and calls == 1
}

test "a billing answer that hedges climbs" {
  query  "I want a refund"
  reply  haiku  "I'm not sure, perhaps it is possible."
  reply  sonnet "Yes: the refund reaches your card within five days."
  expect path == [haiku, sonnet] and passed
}

test "no JSON from anyone is a failure, not prose" {
  query  "List three colours as JSON"
  reply  haiku  "red, green, blue"
  reply  sonnet "red, green and blue"
  reply  opus   "I would rather not"
  expect failure == unmet and calls == 3
}
