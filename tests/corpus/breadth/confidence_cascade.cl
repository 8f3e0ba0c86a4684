# A confidence cascade: from the smallest model to the largest until one is sure of its answer, measured on the log
# probabilities of its tokens. A rung whose provider fails is skipped, and the last model's answer stands.
use "std/openai"
use "std/local"

check sure = logprob(mean) >= -0.35 and not truncated

policy main = cascade [qwen_small, gpt_mini, gpt] until sure within $0.02 and 3m

test "a sure answer ends it" {
  query  "What is the capital of France?"
  reply  qwen_small "Paris" { logprob: -0.02 }
  expect path == [qwen_small] and passed and cost == $0
}
test "an unsure one goes up" {
  query  "Who won the third stage?"
  reply  qwen_small "Perhaps Merckx" { logprob: -1.4 }
  reply  gpt_mini   "Eddy Merckx" { logprob: -0.1 }
  expect path == [qwen_small, gpt_mini] and passed
}
test "an error is skipped" {
  query  "Who won the third stage?"
  reply  qwen_small error connection
  reply  gpt_mini   error rate_limit
  reply  gpt        "Eddy Merckx" { logprob: -0.1 }
  expect path == [qwen_small, gpt_mini, gpt] and passed
}
test "the last answer stands" {
  query  "Who will win?"
  reply  qwen_small "X" { logprob: -2 }
  reply  gpt_mini   "Y" { logprob: -2 }
  reply  gpt        "Z" { logprob: -2 }
  expect answer == "Z" and failed
}
