# A check and a signal of another package: `pip install ./examples/plugin` first.
use "std/anthropic"

check sound = not promises and not refuses

policy main = route has_order -> cascade [haiku, sonnet] until sound else haiku

test "a promise goes up one rung" {
  query  "Where is my order AC-123456?"
  reply  haiku  "It's late. I guarantee that it arrives tomorrow!"
  reply  sonnet "It left our warehouse this morning."
  expect path == [haiku, sonnet] and passed
}

test "no order, no cascade" {
  query  "When do you open?"
  reply  haiku "At nine."
  expect path == [haiku] and unchecked
}
