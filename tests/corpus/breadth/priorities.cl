# Priorities: there are no numbers. Arms are tried from the top, and the first whose condition is true is taken; what
# matters more stands higher.
use "std/anthropic"

signal incident = contains(["outage", "data loss", "security"])
signal gold     = meta.plan == "gold"
signal code     = has_code

policy main =
  route incident -> opus,  # before all others, whoever asks
        gold     -> sonnet,
        code     -> sonnet
  else haiku

test "an incident comes before the plan" {
  query  "There is an outage in the EU region"
  meta   { plan: "gold" }
  reply  opus "All hands"
  expect path == [opus]
}
test "the plan comes before what is asked" {
  query  "```x = 1```"
  meta   { plan: "gold" }
  reply  sonnet "x is 1"
  expect path == [sonnet]
}
test "code comes before the rest" {
  query  "```x = 1```"
  meta   { plan: "free" }
  reply  sonnet "x is 1"
  expect path == [sonnet]
}
test "the rest" {
  query  "Good morning!"
  meta   { plan: "free" }
  reply  haiku "Good morning"
  expect path == [haiku]
}
