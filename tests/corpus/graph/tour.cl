# Routing, a tier, a paid gate, a limit: most of the language.
model haiku  = anthropic("small") { price: $1 / $5, max_tokens: 1000, timeout: 10s }
model mini   = openai("mini") { price: $0.1 / $0.5, max_tokens: 500, timeout: 5s }
model sonnet = anthropic("middle") { price: $3 / $15, max_tokens: 1000, timeout: 20s, can: [json] }
model opus   = anthropic("large") { price: $5 / $25, max_tokens: 2000, timeout: 30s }

tier cheap = fallback [haiku, mini]

signal code = has_code or contains(["traceback", "stack trace"])
signal size = band(tokens, short: 200, long)

tune  strict = 0.80 in 0.50 .. 0.99
check sound = judge(sonnet, "Is it right?") >= strict and json and not hedges

policy main =
  route code -> opus retry 2,
        meta.plan == "gold" -> cascade [cheap, opus] until sound otherwise fail
  else  cascade [cheap, sonnet with { temperature: 0 }, opus] until json carry reasons within $0.05 and 20s

policy by_size = route by size short -> cheap, long -> main

require main for input <= 4k { cost <= $0.50, calls <= 7 }
