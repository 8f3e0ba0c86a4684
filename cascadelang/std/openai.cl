# std/openai: OpenAI's models, from the quickest to the most able, and two that give log probabilities.
# The key comes from OPENAI_API_KEY. Prices are known; ids are those of November 2026.

model luna  = openai("gpt-6-luna")    { max_tokens: 2048, timeout: 60s }
model terra = openai("gpt-6.1-terra") { max_tokens: 4096, timeout: 90s }
model sol   = openai("gpt-6.1-sol")   { max_tokens: 4096, timeout: 180s }

model gpt_mini = openai("gpt-4.1-mini") { max_tokens: 1024, timeout: 60s }
model gpt      = openai("gpt-4.1")      { max_tokens: 2048, timeout: 90s }
