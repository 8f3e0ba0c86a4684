# Answers that agree are kept: two models of the middle that come to the same final answer, or one that says the same
# again and again. A dear model is asked only where they differ.
use "std/anthropic"
use "std/openai"

check steady = not empty and agree(3) >= 1

policy main  = cascade [sonnet until agrees(terra), opus]
policy turns = cascade [haiku, luna, opus] until agrees(previous)
policy again = cascade [haiku until steady, opus]

require main for input <= 4k { calls <= 3 }
require turns for input <= 4k { calls <= 3 }
require again for input <= 4k { calls <= 4, cost <= $0.20 }

test "two models say the same" {
  query  "What is 6 times 7?"
  reply  sonnet "It is 42."
  reply  terra  "6 x 7 = 42"
  expect path == [sonnet] and passed and calls == 2
}
test "two models differ" {
  query  "What is 6 times 7?"
  reply  sonnet "It is 42."
  reply  terra  "6 x 7 = 41"
  reply  opus   "42"
  expect path == [sonnet, opus] and calls == 3
}
test "the second says what the first said" {
  policy turns
  query  "Which one? (A) red (B) blue"
  reply  haiku "The answer is (B), because of the sky."
  reply  luna  "B"
  expect path == [haiku, luna] and passed and calls == 2
}
test "each says something else" {
  policy turns
  query  "Which one? (A) red (B) blue"
  reply  haiku "A"
  reply  luna  "B"
  reply  opus  "Neither"
  expect path == [haiku, luna, opus] and failed
}
test "the same three times" {
  policy again
  query  "Where is the Louvre?"
  reply  haiku "Paris"
  reply  haiku "In the end: **Paris**\nAnswer: Paris"
  reply  haiku "paris."
  expect path == [haiku] and passed and calls == 3
}
test "twice is not enough" {
  policy again
  query  "Where is the Louvre?"
  reply  haiku "Paris"
  reply  haiku "Paris"
  reply  haiku "Lens"
  reply  opus  "Paris"
  expect path == [haiku, opus] and calls == 4
}
test "it can't be asked again" {
  policy again
  query  "Where is the Louvre?"
  reply  haiku "Paris"
  reply  haiku error server
  reply  opus  "Paris"
  expect path == [haiku, opus]
}
