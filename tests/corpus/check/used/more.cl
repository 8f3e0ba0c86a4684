use "models.cl"
model large = anthropic("claude-opus-5-5") # error: [duplicate-name]
