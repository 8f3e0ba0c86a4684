# A ladder of three small models that run on this machine: no key, no account, no bill. An answer stays where the
# model was sure of its own words; JSON is asked to be JSON.
use "std/local"

signal structured = wants_json

tune sure_enough = -0.15 in -1.00 .. 0.00

check well_formed = json(strict: false) and not truncated
check confident   = logprob(mean) >= sure_enough and not hedges and not empty and not truncated

policy main =
  route structured -> cascade [smollm, qwen_small, qwen] until well_formed and confident
  else cascade [smollm, qwen_small, qwen] until confident

test "a sure answer stays at the bottom" {
  query  "What is the capital of France?"
  reply  smollm "Paris" { logprob: -0.02 }
  expect path == [smollm] and passed
}

test "an unsure answer climbs" {
  query  "What is 23 times 17?"
  reply  smollm     "401" { logprob: -0.9 }
  reply  qwen_small "391" { logprob: -0.05 }
  expect path == [smollm, qwen_small] and passed
}

test "prose is not JSON" {
  query  "Give name and age as JSON: Maria, 34"
  reply  smollm     "Maria is 34" { logprob: -0.01 }
  reply  qwen_small """{"name": "Maria", "age": 34}""" { logprob: -0.01 }
  expect path == [smollm, qwen_small] and passed
}

test "what the small ones can't say surely, the largest says" {
  query  "What is 23 times 17?"
  reply  smollm     "401" { logprob: -0.9 }
  reply  qwen_small "381" { logprob: -0.4 }
  reply  qwen       "391" { logprob: -0.3 }
  expect path == [smollm, qwen_small, qwen] and failed and answer == "391"
}

test "a broken object climbs to the top" {
  query  "Give name and age as JSON: Maria, 34"
  reply  smollm     "Maria is 34" { logprob: -0.01 }
  reply  qwen_small "name: Maria" { logprob: -0.01 }
  reply  qwen       """{"name": "Maria", "age": 34}""" { logprob: -0.01 }
  expect path == [smollm, qwen_small, qwen] and passed
}
