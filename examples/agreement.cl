# Agreement: where a cheap and a middling model come to the same final answer, it stays; else the top one is asked.
# Nothing is trained, and no judge reads anything. An answer that names no option isn't worth a second opinion: the
# free check beside `agrees` saves that call. docs/evidence.md has what this came to on 7,209 recorded questions.
model flash = gemini("gemini-1.5-flash-002") { price: $0.075 / $0.30 }
model pro   = gemini("gemini-1.5-pro-002")   { price: $1.25 / $5 }
model gpt4o = openai("gpt-4o-2024-05-13")    { price: $5 / $15 }

check names_an_option = matches(/answer is [*(]*[A-J]\b/i)

policy main  = cascade [flash until names_an_option and agrees(pro), gpt4o]
policy plain = cascade [flash until agrees(pro), gpt4o]  # the same without the free check

policy only_flash = flash
policy only_pro   = pro
policy only_gpt4o = gpt4o

test "two that agree are believed, however they say it" {
  query  "Which gas do plants take in?\nA. Oxygen\nB. Nitrogen\nC. Carbon dioxide"
  reply  flash "Let's think step by step. Photosynthesis needs it. The answer is (C)."
  reply  pro   "The closest answer is the gas we breathe out. The answer is **C. Carbon dioxide**."
  expect path == [flash] and passed and calls == 2
}

test "two that don't agree are settled by the third" {
  query  "Which gas do plants take in?\nA. Oxygen\nB. Nitrogen\nC. Carbon dioxide"
  reply  flash "The answer is (A)."
  reply  pro   "The answer is (C)."
  reply  gpt4o "The answer is (C)."
  expect path == [flash, gpt4o] and unchecked and calls == 3
}

test "who names no option isn't compared with anyone" {
  query  "Which gas do plants take in?\nA. Oxygen\nB. Nitrogen\nC. Carbon dioxide"
  reply  flash "The options don't allow an answer."
  reply  gpt4o "The answer is (C)."
  expect path == [flash, gpt4o] and calls == 2
}

test "without the free check, both are asked whatever the first says" {
  policy plain
  query  "Which gas do plants take in?\nA. Oxygen\nB. Nitrogen\nC. Carbon dioxide"
  reply  flash "The options don't allow an answer."
  reply  pro   "The answer is (C)."
  reply  gpt4o "The answer is (C)."
  expect path == [flash, gpt4o] and calls == 3
}
