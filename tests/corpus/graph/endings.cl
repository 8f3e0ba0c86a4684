# Every way a cascade can end, and one that starts at a label.
model a = openai("a") { price: $1 / $2 }
model b = openai("b")
signal start: {a, b} = band(tokens, a: 100, b)
policy last  = cascade [a, b] until json
policy best  = cascade [a until not empty, b] until json otherwise best
policy fails = cascade [a, b] until json otherwise fail
policy other = cascade [a, b] until json carry draft otherwise last
policy then  = cascade [a] until json otherwise cascade [b until words <= 10, a]
policy spare = fallback [a, b] when rate_limit or server
policy from_label = cascade [a, b] until json from start
