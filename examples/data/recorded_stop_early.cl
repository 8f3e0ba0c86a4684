# The gates of stop_early.cl over the recorded answers, which are whole: no model is asked.
provider recorded = replay { records: "answers.jsonl" }

model smollm = recorded("smollm2-135m") { max_tokens: 120, price: $0 / $0, can: [logprobs] }
model qwen_small = recorded("qwen2.5-coder-0.5b") {
  max_tokens: 120,
  price: $0 / $0,
  can: [logprobs],
}

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
