# Tests: a mistake in one clause leaves the others alone.
test "one" {
  query "hi"
  expct path == [haiku]  # error: [unexpected]
  reply haiku "x"
}
test "two" {
  query "hi"
  reply haiku  # error: [missing-value]
  expect path = [haiku]  # error: [wrong-sign]
}
test "three" {
  query "hi"
  reply haiku "x"
  expect path == [haiku]  # error: [unclosed-bracket]
test "four" { query "x" reply mini error }  # error: [missing-value]
test "five" { query "x" }
test "six" { query "x" ask mini  # error: [missing-value]
  expect passed }
