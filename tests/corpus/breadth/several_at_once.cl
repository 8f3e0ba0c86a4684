# Several models for one query: the second when the first is slow, two that have to agree, one beside for the record.
use "std/anthropic"
use "std/openai"

check same = agrees(luna)

policy main    = hedge haiku after 2s with luna
policy careful = cascade [haiku, opus] until same within $0.50 and 3m
policy trial   = shadow haiku with luna on 5%

test "a quick answer stands alone" {
  query  "Where is my parcel?"
  reply  haiku "At the depot" { latency: 1s }
  expect path == [haiku] and cost < $0.01
}

test "a slow one is overtaken" {
  query  "Where is my parcel?"
  reply  haiku "At the depot" { latency: 9s }
  reply  luna  "In the van" { latency: 1s }
  expect model == luna and latency <= 4s
}

test "two that agree are believed" {
  policy careful
  query  "What is 6 times 7?"
  reply  haiku "The answer is 42"
  reply  luna  "42"
  expect model == haiku and passed
}

test "two that don't are settled by a third" {
  policy careful
  query  "What is 6 times 7?"
  reply  haiku "48"
  reply  luna  "42"
  reply  opus  "42"
  expect model == opus
}

test "who is tried out never answers" {
  policy trial
  query  "Where is my parcel?"
  reply  haiku "At the depot"
  expect model == haiku
}
