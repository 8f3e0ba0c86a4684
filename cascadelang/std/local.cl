# std/local: models that run in this process, with no key and no account; weights are fetched on first use.
# On one core the largest writes some 5 tokens a second, so answers are kept short and timeouts long.

model smollm     = local("smollm2-135m")       { max_tokens: 256, timeout: 60s }
model qwen_small = local("qwen2.5-coder-0.5b") { max_tokens: 384, timeout: 120s }
model qwen       = local("qwen2.5-coder-1.5b") { max_tokens: 512, timeout: 300s }
