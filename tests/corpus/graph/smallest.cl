model opus = anthropic("large") { price: $5 / $25 }
policy main = opus
