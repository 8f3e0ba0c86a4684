# Strategies that don't say who answers.
use "std/openai"
signal code = has_code
policy main = route code -> gpt                                   # error: [missing-else]
policy none = cascade []                                          # error: [empty-list]
policy down = fallback []                                         # error: [empty-list]
policy well = cascade [gpt_mini until json, gpt] carry reasons otherwise fallback [gpt, gpt_mini]

require main for input <= 4k { cost <= $0.30, calls <= 5, latency <= 60s }
require main { costs <= $1 }                                      # error: [unknown-choice]
require main { calls <= $1 }                                      # error: [wrong-type]
require main for input <= 4s { calls <= 1 }                       # error: [wrong-type]
policy kinds  = fallback [gpt, gpt_mini] when rate_limit or server
policy hidden = fallback [gpt, gpt_mini] when auth                   # error: [unknown-choice]
policy misled = fallback [gpt, gpt_mini] when timeout or sever       # error: [unknown-choice]
policy shares = split { 90% -> gpt, 20% -> gpt_mini } by meta.user   # error: [shares-total]
policy keyed  = split { 90% -> gpt, 10% -> gpt_mini } by meta.user
policy keyless = split { 100% -> gpt } by no_such_signal              # error: [unknown-name]
policy hedged = hedge gpt_mini after 2s with gpt
policy never  = hedge gpt_mini after 0s with gpt                      # error: [out-of-range]
policy beside = shadow gpt with gpt_mini on 5%
policy share  = shadow gpt with gpt_mini on 0%                        # error: [out-of-range]
policy ballot = vote [gpt, gpt_mini, sol]
policy judged = vote [gpt, gpt_mini] by judge(sol, "is it right?")
policy byword = vote [gpt, gpt_mini] by words                         # error: [wrong-type]
check agreed  = agree(5) >= 0.8 and agrees(gpt) and agrees(previous)
check alone   = agree(1) >= 0.8                                       # error: [wrong-type]
check nobody  = agrees(no_such_model)                                 # error: [unknown-name]
policy checked = cascade [gpt_mini until agreed, gpt]
