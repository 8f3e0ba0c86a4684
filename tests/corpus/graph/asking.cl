# A model as the router: in a route, as the start of a cascade, as the key of a split and inside a gate.
provider x = openai { base_url: "https://models.example/v1" }
model mini  = x("mini")  { price: $0.40 / $1.60, max_tokens: 200, timeout: 5s }
model terra = x("terra") { price: $2 / $8, max_tokens: 2k }
model sol   = x("sol")   { price: $5 / $25, max_tokens: 4k }
signal topic: {billing, technical} = ask(mini, "Which kind of request is this?", [billing, technical]) else technical
signal start: {terra, sol} = ask(mini, "Who should start?", [terra, sol])
policy main = route by topic billing -> terra, technical -> (cascade [terra, sol] from start until not hedges)
policy gated = cascade [terra, sol] until not hedges or topic == billing otherwise best
policy keyed = split { 50% -> terra, 50% -> sol } by topic
require main for input <= 4k { calls <= 4, cost <= $0.20 }
