# Cascade routing on the local ladder: each query goes to the model that is predicted to do best with it, and on to the
# next best while the model isn't sure of its own words. Sixty prompts trained the prediction (data/train_quality.py: on
# prompts that it hasn't seen it tells right from wrong with an AUROC of 0.72, 0.62 and 0.61): take it for the form,
# and train one on your own records. With prices, the best is the best for its price.
use "std/local"

check sure = logprob(mean) >= -0.15 and not empty and not truncated

policy main = cascade [smollm, qwen_small, qwen] until sure order by learned("data/quality.json")

test "a sum goes to the model that is best at it, and then to the next best" {
  query  "What is 23 times 17? Answer with the number only."
  reply  qwen       "391" { logprob: -0.9 }
  reply  qwen_small "391" { logprob: -0.05 }
  expect path == [qwen, qwen_small] and passed
}

test "when nobody is sure the last answer stands" {
  query  "Write a Python function that adds two numbers."
  reply  qwen       "def add(a, b): return a + b" { logprob: -0.9 }
  reply  qwen_small "def add(a, b): return a + b" { logprob: -0.8 }
  reply  smollm     "def add(a, b): return a" { logprob: -0.7 }
  expect answer == "def add(a, b): return a" and failed
}
