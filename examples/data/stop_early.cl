# The two lower rungs of ../local_ladder.cl with gates that can end an answer early; stop_early.py runs it.
model smollm     = local("smollm2-135m")       { max_tokens: 120, timeout: 300s, temperature: 0 }
model qwen_small = local("qwen2.5-coder-0.5b") { max_tokens: 120, timeout: 300s, temperature: 0 }

signal extraction = meta.category == "extraction"

check sure    = logprob(mean) >= -0.15 and not hedges and not repeats
check as_json = json(strict: true) and sure

policy main =
  route extraction -> cascade [smollm, qwen_small] until as_json otherwise fail
  else cascade [smollm, qwen_small] until sure otherwise fail

test "prose is no JSON from its first word on" {
  query  "Give name and age as JSON: Maria, 34"
  meta   { category: "extraction" }
  reply  smollm     "Sure! Here is what you asked for: Maria is 34." { logprob: -0.01 }
  reply  qwen_small """{"name": "Maria", "age": 34}""" { logprob: -0.01 }
  expect path == [smollm, qwen_small] and passed
}
