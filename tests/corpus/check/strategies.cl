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
