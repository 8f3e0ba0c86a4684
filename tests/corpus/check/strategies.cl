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
