# An exclusive partition of labels with a default: every query has exactly one label, and lint wants an arm for each.
use "std/anthropic"

signal desk: {billing, technical, legal, other} = meta.desk else other

check polite = not refuses and not empty

policy main =
  route by desk
    billing   -> haiku,
    technical -> cascade [sonnet, opus] until polite,
    legal     -> opus,
    other     -> haiku

test "the default takes what has no label" {
  query  "Hello"
  reply  haiku "Hello"
  expect path == [haiku]
}
test "and what has one that is none of them" {
  query  "Hello"
  meta   { desk: "lost and found" }
  reply  haiku "Hello"
  expect path == [haiku]
}
test "billing" {
  query  "I was charged twice"
  meta   { desk: "billing" }
  reply  haiku "It is on its way back"
  expect path == [haiku]
}
test "legal" {
  query  "Is this contract binding?"
  meta   { desk: "legal" }
  reply  opus "Yes"
  expect path == [opus]
}
test "technical" {
  query  "It crashes"
  meta   { desk: "technical" }
  reply  sonnet "Update it"
  expect path == [sonnet] and passed
}
test "technical, refused" {
  query  "It crashes"
  meta   { desk: "technical" }
  reply  sonnet "I'm sorry, but I can't help with that."
  reply  opus   "Update it"
  expect path == [sonnet, opus] and passed
}
