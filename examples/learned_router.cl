# A trained router: `support_router.json` was trained on the same examples that `support_by_meaning.cl` compares with,
# by `python examples/data/train_router.py`, and holds nothing but numbers. Where it isn't sure, a model is asked.
use "std/anthropic"

signal told = learned("support_router.json", least: 0.4)

signal asked: {billing, technical, other} = ask(
  haiku,
  "Is this about money, or about something that doesn't work?",
  [billing, technical, other],
) else other

policy main =
  route told == technical                    -> opus,
        told in [account, delivery, billing] -> haiku,
        told == sales                        -> sonnet,
        asked == technical                   -> opus
  else haiku

require main for input <= 4k { calls <= 2, cost <= $0.20 }

test "technical, and sure" {
  query  "nothing happens when I click on save"
  reply  opus "Switch the ad blocker off: it stops the request."
  expect path == [opus] and calls == 1
}

test "a delivery" {
  query  "my package still hasn't come"
  reply  haiku "It arrives tomorrow."
  expect path == [haiku] and calls == 1
}

test "a question before buying" {
  query  "are there special prices for universities?"
  reply  sonnet "Yes, half the price."
  expect path == [sonnet] and calls == 1
}

test "not sure: a model is asked" {
  query  "Dark mode makes the text unreadable"
  ask    haiku technical
  reply  opus  "Choose another theme."
  expect path == [opus] and calls == 2
}

test "not sure, and nobody can be asked" {
  query  "Write a poem about the sea"
  ask    haiku error timeout
  reply  haiku "Blue."
  expect path == [haiku]
}
