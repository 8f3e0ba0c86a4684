# Weighted scores and bands: signals of all kinds add up to a difficulty from 0 to 1, which is cut into named bands.
use "std/anthropic"

signal long       = conversation.words > 150
signal steps      = contains(["prove", "step by step", "compare", "trade-off"])
signal difficulty = score(steps: 0.5, has_math: 0.3, has_code: 0.3, long: 0.2)
signal level: {easy, medium, hard} = band(difficulty, easy: 0.3, medium: 0.6, hard)

policy main =
  route by level
    easy   -> haiku,
    medium -> sonnet,
    hard   -> opus

test "nothing adds up" {
  query  "What is the capital of France?"
  reply  haiku "Paris"
  expect path == [haiku]
}
test "one strong sign" {
  query  "Compare tea with coffee"
  reply  sonnet "Both have caffeine"
  expect path == [sonnet]
}
test "two signs together" {
  query  "Prove that $\\sqrt{2}$ is irrational"
  reply  opus "Suppose it is p/q"
  expect path == [opus]
}
