# The smallest policy: code goes straight to the top tier, everything else climbs from the cheapest model
# until the answer fits the schema.
use "std/anthropic"

check  schema_ok = schema("answer.schema.json")
signal code      = has_code
tier   tier3     = opus

route code -> tier3 else cascade [haiku, sonnet, opus] until schema_ok

test "code goes straight to the top" {
  query  """Why does this fail?
```python
print(1 / 0)
```"""
  reply  opus "You divide by zero"
  expect path == [opus]
}

test "an answer that fits stays at the bottom" {
  query  "Invoice A-7 over 12 euros, as JSON"
  reply  haiku """{"number": "A-7", "total": 12, "currency": "EUR"}"""
  expect path == [haiku] and passed
}

test "prose climbs one rung" {
  query  "Invoice A-7 over 12 euros, as JSON"
  reply  haiku  "Sure! Invoice A-7 is over 12 euros."
  reply  sonnet """{"number": "A-7", "total": 12, "currency": "EUR"}"""
  expect path == [haiku, sonnet]
  expect passed and cost < $0.05
}

test "when nothing fits, the last answer stands and says so" {
  query  "Invoice A-7 over 12 euros, as JSON"
  reply  haiku  "Sure!"
  reply  sonnet "Here it is:"
  reply  opus   "I have no currency code."
  expect path == [haiku, sonnet, opus] and failed
}
