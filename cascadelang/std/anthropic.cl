# std/anthropic: Anthropic's models, from the quickest to the most able.
# The key comes from ANTHROPIC_API_KEY. Prices are known; ids are those of November 2026.

model haiku  = anthropic("claude-haiku-5-5")  { max_tokens: 1024, timeout: 60s }
model sonnet = anthropic("claude-sonnet-5-5") { max_tokens: 2048, timeout: 90s }
model opus   = anthropic("claude-opus-5-5")   { max_tokens: 4096, timeout: 180s }
