# Weighted splits with fallbacks: nine of ten users on one model, the others on a new one, each user always on the same;
# either side falls back to the other provider. Shares have to add up to 100%.
use "std/anthropic"
use "std/openai"

tier stable = fallback [sonnet, terra]
tier canary = fallback [opus, sol]

policy main = split { 90% -> stable, 10% -> canary } by meta.user

test "which user falls to which share" for each "weighted_split.yaml" {
  expect path == case.path
}
