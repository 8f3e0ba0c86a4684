# Answers from documents: cited, or asked again of a model that is more careful; unsure or looping drafts go up, too.
use "std/openai"

signal sourced = contains(["[1]", "[2]"])

check grounded = cites(["[1]", "[2]"], least: 1) and not cites(["en.wikipedia.org"]) and not repeats
check sure     = margin >= 0.5 and perplexity <= 2

policy main =
  route sourced -> cascade [gpt_mini, gpt] until grounded and sure within $0.10 else gpt_mini

test "a draft that cites and is sure stays" {
  query  "[1] The office opens at nine. [2] It closes at six.\nWhen does the office open?"
  reply  gpt_mini "At nine [1]." { margin: 0.9 }
  expect path == [gpt_mini] and passed
}

test "one of a list of sources is enough, and a range holds both" {
  query  "[1] The office opens at nine. [2] It closes at six.\nWhen is it open?"
  reply  gpt_mini "From nine to six [1-2]." { margin: 0.6 }
  expect path == [gpt_mini] and passed
}

test "a draft without a source goes up" {
  query  "[1] The office opens at nine. [2] It closes at six.\nWhen does the office open?"
  reply  gpt_mini "At nine." { margin: 0.9 }
  reply  gpt      "At nine [1]." { margin: 0.8 }
  expect path == [gpt_mini, gpt] and passed
}

test "a source that isn't wanted is no better" {
  query  "[1] The office opens at nine. [2] It closes at six.\nWhen does the office open?"
  reply  gpt_mini "At nine [1], says https://en.wikipedia.org/wiki/Office." { margin: 0.9 }
  reply  gpt      "At nine [1]." { margin: 0.8 }
  expect path == [gpt_mini, gpt]
}

test "a close call goes up" {
  query  "[1] The office opens at nine. [2] It closes at six.\nWhen does the office open?"
  reply  gpt_mini "At nine [1]." { margin: 0.2 }
  reply  gpt      "At nine [1]." { margin: 0.8 }
  expect path == [gpt_mini, gpt]
}

test "a loop goes up, whatever it cites" {
  query  "[1] The office opens at nine. [2] It closes at six.\nWhen does the office open?"
  reply  gpt_mini "At nine [1]. At nine [1]. At nine [1]. At nine [1]. At nine [1]. At nine [1]." {
    margin: 0.9,
  }
  reply  gpt      "At nine [1]." { margin: 0.8 }
  expect path == [gpt_mini, gpt]
}

test "without sources there is nothing to cite" {
  query  "When does the office open?"
  reply  gpt_mini "At nine, I believe."
  expect path == [gpt_mini] and unchecked
}
