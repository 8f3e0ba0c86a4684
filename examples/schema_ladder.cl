# A ladder with a schema gate: each rung is told why the one before was turned down, and a query that no rung can
# answer in the right form is an error for the caller instead of a wrong answer.
use "std/openai"

check invoice = schema("answer.schema.json")
check usable  = invoice and not truncated

policy main = cascade [luna, terra, sol] until usable carry reasons otherwise fail

test "the first rung is enough" {
  query  "Extract number, total and currency: invoice 17 over 80 dollars"
  reply  luna """{"number": "17", "total": 80, "currency": "USD"}"""
  expect path == [luna] and passed
}

test "a wrong currency climbs" {
  query  "Extract number, total and currency: invoice 17 over 80 dollars"
  reply  luna  """{"number": "17", "total": 80, "currency": "dollars"}"""
  reply  terra """{"number": "17", "total": 80, "currency": "USD"}"""
  expect path == [luna, terra] and passed
}

test "when no rung fits, the caller is told" {
  query  "Extract number, total and currency: invoice 17 over 80 dollars"
  reply  luna  "No"
  reply  terra "No"
  reply  sol   "No"
  expect failure == unmet and path == [luna, terra, sol]
}
