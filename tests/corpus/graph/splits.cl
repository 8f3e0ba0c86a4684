# Shares of the queries: nested, by a key, by a label, and by chance.
provider x = openai { base_url: "https://models.example/v1" }
model luna  = x("luna")  { price: $0.10 / $0.40 }
model mini  = x("mini")  { price: $0.40 / $1.60 }
model terra = x("terra") { price: $2 / $8, max_tokens: 2k }
model sol   = x("sol")   { price: $5 / $25, max_tokens: 4k }
signal plan: {free, gold} = meta.plan else free
tier cheap = fallback [luna, mini]
policy main = cascade [split { 90% -> cheap, 7.5% -> terra, 2.5% -> (route has_code -> sol else terra) } by meta.user,
                       sol] until not hedges within $0.50
policy coin = split { 50% -> luna, 50% -> (split { 0% -> sol, 100% -> terra } by plan) }
require main for input <= 4k { calls <= 3, cost <= $0.50 }
