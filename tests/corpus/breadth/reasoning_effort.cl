# Reasoning effort per model and per arm: a model's own default, and `with` over it where a question deserves more or
# less thought. Equal settings are one model with one price; only the effort differs.
use "std/anthropic"

model thinker = openai("gpt-6.1-sol") { effort: "low", max_tokens: 4096, timeout: 120s }

signal proof = has_math or contains(["prove", "theorem"])
signal plan  = contains(["plan", "design", "architecture"])

policy main =
  route proof               -> thinker with { effort: "high", max_tokens: 16k },
        plan                -> thinker with { effort: "medium" },
        meta.think == "yes" -> thinker
  else haiku

test "how much each question is thought about" for each "reasoning_effort.csv" {
  expect path == case.path
}
