# Two small models on this machine: no key, no account. The smaller one answers; when it wasn't sure of its own
# words, the larger one does. The first run fetches the models' weights (98 MB and 491 MB).
use "std/local"

check confident = logprob(mean) >= -0.15 and not truncated

cascade [smollm, qwen_small] until confident

test "a sure answer stays" {
  query  "What is the capital of France?"
  reply  smollm "Paris" { logprob: -0.02 }
  expect path == [smollm] and passed
}

test "an unsure answer climbs" {
  query  "What is 17 + 26? Answer with the number only."
  reply  smollm     "17 + 26 = 38" { logprob: -0.27 }
  reply  qwen_small "43" { logprob: -0.03 }
  expect path == [smollm, qwen_small] and answer == "43"
}
