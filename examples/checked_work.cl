# Answers whose work can be checked: sums are worked out again, code has to parse. Both are free.
use "std/anthropic"

signal about_code = has_code or contains(["python", "function"])

check sums = arithmetic else pass  # an answer without any equation is let through
check code = code_parses(python)

policy main =
  route about_code -> cascade [haiku, sonnet] until code
  else cascade [haiku, sonnet] until sums and not hedges

test "a slip in a sum goes up one rung" {
  query  "She sold 48 clips in April and half as many in May. How many is that?"
  reply  haiku  "In May she sold 48 / 2 = 24 clips. That makes 48 + 24 = 62."
  reply  sonnet "48 / 2 = 24, and 48 + 24 = 72 clips."
  expect path == [haiku, sonnet] and passed
}

test "nothing to work out" {
  query  "Who wrote Faust?"
  reply  haiku "Goethe."
  expect path == [haiku] and passed
}

test "code that doesn't parse" {
  query  "Write a Python function that adds two numbers."

  reply  haiku """
  def add(a, b:
      return a + b
  """

  reply  sonnet """
  ```python
  def add(a, b):
      return a + b
  ```
  """

  expect path == [haiku, sonnet] and passed
}
