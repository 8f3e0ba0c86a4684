# Several models at once: a hedge, a vote with and without a judge, a shadow, and further samples of one model.
provider x = openai { base_url: "https://models.example/v1" }
model mini  = x("mini")  { price: $0.40 / $1.60, max_tokens: 200, timeout: 5s }
model terra = x("terra") { price: $2 / $8, max_tokens: 2k, timeout: 20s, retry: 1 }
model sol   = x("sol")   { price: $5 / $25, max_tokens: 4k }
check sure  = agree(4) >= 0.75
policy main   = hedge mini after 2s with terra
policy poll   = vote [mini, terra, sol]
policy judged = vote [mini, (hedge terra after 30s with sol)] by judge(sol, "Is it right?") within $1
policy quiet  = cascade [shadow mini with terra on 5%, sol] until json
policy sample = cascade [mini until sure, terra until agrees(sol), sol until agrees(previous)] otherwise best
require main for input <= 4k { calls <= 3, cost <= $0.10, latency <= 22s }
require poll for input <= 4k { calls <= 4, latency <= 60s }
require sample for input <= 4k { calls <= 8 }
