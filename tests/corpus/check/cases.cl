# Test blocks.
use "std/openai"
signal code = has_code
tier   ladder = fallback [gpt_mini, gpt]
policy main = route code -> gpt else cascade [gpt_mini, gpt] until json

test "right" {
  query  "hello"
  meta   { plan: "gold", age: 42, beta: true }
  reply  gpt_mini "{}" { logprob: -0.1, finish_reason: stop, latency: 1s, input_tokens: 10, output_tokens: 2 }
  reply  gpt error rate_limit
  judge  gpt 0.9 "good"
  judge  gpt error timeout
  ask    gpt billing { logprob: -0.1 }
  ask    gpt "two words"
  ask    gpt error timeout
  policy main
  expect path == [gpt_mini] and model == gpt_mini and model in [gpt_mini, gpt]
  expect passed and not failed and not unchecked and status == accepted and failure != timeout
  expect cost < $0.01 and calls <= 2 and latency <= 10s and answer == "{}"
}
test "rows" for each "rows.yaml" { query case.query expect path == case.path and cost <= case.cost }
test "no rows" for each "row.yaml" { expect passed }                # error: [missing-file]
test "nothing asked" { expect passed }                              # error: [missing-field]
test "wrong" {
  query  "hello"
  query  "again"                                                    # error: [duplicate-field]
  meta   { plan: gold }                                             # error: [wrong-type]
  reply  ladder "x"                                                 # error: [wrong-kind]
  reply  gpt_mni "x"                                                # error: [unknown-name]
  reply  gpt error rate_limt                                        # error: [unknown-choice]
  reply  gpt "x" { logprb: -0.1 }                                   # error: [unknown-field]
  reply  gpt "x" { logprob: 0.1 }                                   # error: [out-of-range]
  judge  gpt error timeot                                           # error: [unknown-choice]
  ask    ladder a                                                   # error: [wrong-kind]
  ask    gpt error timeot                                           # error: [unknown-choice]
  ask    gpt 3                                                      # error: [wrong-type]
  ask    gpt a { logprb: 1 }                                        # error: [unknown-field]
  judge  gpt 9                                                      # error: [out-of-range]
  policy mian                                                       # error: [unknown-name]
  expect path == gpt                                                # error: [wrong-type]
  expect path == [gpt_mni]                                          # error: [unknown-name]
  expect path > [gpt]                                               # error: [wrong-type]
  expect model == "gpt"                                             # error: [wrong-type]
  expect status == acepted                                          # error: [unknown-choice]
  expect failure == timeot                                          # error: [unknown-choice]
  expect cost < 3                                                   # error: [wrong-type]
  expect calls < 3s                                                 # error: [wrong-type]
  expect code                                                       # error: [unknown-name]
  expect pathh == [gpt]                                             # error: [unknown-name]
  expect [gpt] == pathh                                             # error: [unknown-name]
  expect pased                                                      # error: [unknown-name]
  expect cost                                                       # error: [wrong-type]
  expect path == case.path                                          # error: [unknown-name]
  expect json(strict: true)                                         # error: [unknown-name]
}
