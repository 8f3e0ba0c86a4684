# Takes an order out of a message, as JSON. Two local models, the small one first: no key, no account.
#
#   cascadelang lint                     is it right?
#   cascadelang test                     do its tests pass? (offline, no model is called)
#   cascadelang run policy.cl --query "Two pens and a ruler for Ada, please" --trace

model small  = local("smollm2-135m")       { max_tokens: 160 }
model bigger = local("qwen2.5-coder-0.5b") { max_tokens: 160 }

check order_ok = schema("order.schema.json")

policy main =
  cascade [small, bigger]
    until order_ok
    with {
      temperature: 0,
      system: """You take orders. Answer with one JSON object and nothing else. For "A stapler for Grace" it is
{"customer": "Grace", "items": [{"name": "stapler", "count": 1}]}""",
    }
    within 2m

require main for input <= 1k { calls <= 2 }

test "a good answer stays on the first rung" {
  query  "Two pens for Ada"
  reply  small """{"customer": "Ada", "items": [{"name": "pen", "count": 2}]}"""
  expect path == [small]
  expect passed
}

test "an answer that isn't an order goes up one rung" {
  query  "Two pens for Ada"
  reply  small  "Sure! Two pens for Ada."
  reply  bigger """{"customer": "Ada", "items": [{"name": "pen", "count": 2}]}"""
  expect path == [small, bigger]
  expect passed and calls == 2
}
