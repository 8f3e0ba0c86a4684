# First combination: a router with a cascading fallback. The router guesses where to start; the gate corrects it
# when the guess was too low. No query is stuck at the tier it was sent to.
use "std/anthropic"

signal long_query = words > 120
signal difficulty = score(has_code: 0.5, has_math: 0.4, long_query: 0.3)
signal start: {haiku, sonnet, opus} = band(difficulty, haiku: 0.3, sonnet: 0.6, opus)

check sound = not hedges and not refuses and not truncated and not empty

policy main = cascade [haiku, sonnet, opus] until sound from start

test "a plain question starts at the bottom" {
  query  "What is the capital of France?"
  reply  haiku "Paris."
  expect path == [haiku] and passed
}

test "mathematics starts in the middle" {
  query  "Show that $\\int_0^1 x^2 dx = 1/3$"
  reply  sonnet "The antiderivative of x squared is x cubed over three; between 0 and 1 it is 1/3."
  expect path == [sonnet]
}

test "a guess that was too low is corrected" {
  query  "What is the capital of France?"
  reply  haiku  "I'm not sure, but it might be Lyon."
  reply  sonnet "Paris."
  expect path == [haiku, sonnet] and passed
}

test "the hardest start at the top" {
  query  """Does this compute $\int_0^1 x^2 dx$ well?
```python
def area(n):
    return sum((i / n) ** 2 for i in range(n)) / n
```"""
  reply  opus "With an error of about 1 / (2n)."
  expect path == [opus] and passed
}
