# The local ladder with a trained gate: a scorer says how likely each answer is right, from how it looks, how sure the
# model was and whether the rung before said the same. Sixty prompts trained it: take it for the form, and train one on
# your own records. docs/evidence.md says what it is worth on prompts that it hasn't seen.
use "std/local"

tune likely = 0.70 in 0.30 .. 0.95

check plausible = not truncated and not repeats and learned("data/scorer.json") >= likely

policy main = cascade [qwen_small, qwen] until plausible

test "a short answer that the model is sure of stays" {
  query  "What is the capital of France?"
  reply  qwen_small "Paris" { logprob: -0.02 }
  expect path == [qwen_small] and passed
}

test "one that it isn't sure of climbs" {
  query  "What is 23 times 17?"
  reply  qwen_small "401" { logprob: -0.9 }
  reply  qwen       "391" { logprob: -0.05 }
  expect path == [qwen_small, qwen] and passed
}

test "a flood of words climbs, however sure the model is" {
  query  "Classify as positive or negative: I love it."
  reply  qwen_small """
To classify the sentence we look at each of its words. The word "I" is a pronoun, and "love" is a verb that says
something positive. The word "it" is a pronoun again, and it stands for what the speaker loves. Taken together, the
sentence says that the speaker loves something, and so it might be called positive, though other readings of it exist.
1. Positive 2. Negative 3. Neutral
""" { logprob: -0.2 }
  reply  qwen "positive" { logprob: -0.01 }
  expect path == [qwen_small, qwen] and passed
}

test "what is cut off climbs before anything is scored" {
  query  "Give name and age as JSON: Maria, 34"
  reply  qwen_small """{"name": "Maria", """ { logprob: -0.01, finish_reason: "length" }
  reply  qwen       """{"name": "Maria", "age": 34}""" { logprob: -0.01 }
  expect path == [qwen_small, qwen] and passed
}
