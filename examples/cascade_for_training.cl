# Second combination: a cascade whose log will train a router. Every query starts at the bottom, so the traces say
# for each query which rung was enough: `cascadelang traces list --policy main`.
use "std/openai"

check sound = not empty and not truncated and not hedges and not refuses

policy main = cascade [luna, terra, sol] until sound

test "the cheapest model is enough" {
  query  "Translate 'good morning' into German"
  reply  luna "Guten Morgen"
  expect path == [luna] and passed
}

test "a refusal climbs" {
  query  "Summarise this contract"
  reply  luna  "I'm sorry, but I can't help with that."
  reply  terra "The contract runs for two years and renews by itself."
  expect model == terra and calls == 2
}

test "two refusals reach the top" {
  query  "Summarise this contract"
  reply  luna  "I'm sorry, but I can't help with that."
  reply  terra "I'm not sure what it says."
  reply  sol   "The contract runs for two years and renews by itself."
  expect path == [luna, terra, sol] and passed
}
