# A budget: no query costs more than a cent, proved before it runs and checked before every call.
use "std/anthropic"

check sound = not empty and not hedges and not truncated

policy main =
  cascade [
    haiku with { max_tokens: 400 },
    sonnet with { max_tokens: 400 },
    opus with { max_tokens: 400 },
  ] until sound within $0.01 and 30s

require main for input <= 4k { cost <= $0.01, calls <= 3 }

test "cheap questions stay far below the limit" {
  query  "What is the capital of France?"
  reply  haiku "Paris."
  expect path == [haiku] and cost < $0.001
}

test "a rung that would not fit is not called" {
  query  "What is the capital of France?"
  reply  haiku  "I'm not sure." { output_tokens: 400 }
  reply  sonnet "I'm not sure." { output_tokens: 400 }
  expect path == [haiku, sonnet] and cost < $0.01
}
