# The ladder of ../local_ladder.cl over recorded answers: the same gates, no model is asked. For comparison,
# `two_rungs` leaves the smallest model out, and `single_…` ask one model each.
provider recorded = replay { records: "answers.jsonl" }

model smollm     = recorded("smollm2-135m")       { price: $0 / $0, can: [logprobs] }
model qwen_small = recorded("qwen2.5-coder-0.5b") { price: $0 / $0, can: [logprobs] }
model qwen       = recorded("qwen2.5-coder-1.5b") { price: $0 / $0, can: [logprobs] }

signal structured = wants_json

tune sure_enough = -0.15 in -1.00 .. 0.00

check well_formed = json(strict: false) and not truncated
check confident   = logprob(mean) >= sure_enough and not hedges and not empty and not truncated

policy main =
  route structured -> cascade [smollm, qwen_small, qwen] until well_formed and confident
  else cascade [smollm, qwen_small, qwen] until confident

policy two_rungs =
  route structured -> cascade [qwen_small, qwen] until well_formed and confident
  else cascade [qwen_small, qwen] until confident

policy single_smollm     = smollm
policy single_qwen_small = qwen_small
policy single_qwen       = qwen

test "the gates are those of the ladder" {
  query  "What is 23 times 17?"
  reply  smollm     "401" { logprob: -0.9 }
  reply  qwen_small "391" { logprob: -0.05 }
  expect path == [smollm, qwen_small] and passed
}
