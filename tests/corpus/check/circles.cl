# Declarations that need themselves.
use "std/openai"
signal first  = second and has_code
signal second = not first                                         # error: [circle]
check  json   = json                                              # error: [circle]
tier   one    = fallback [two, gpt]
tier   two    = cascade [gpt_mini, one]                           # error: [circle]
policy main   = route second -> gpt else other
policy other  = cascade [gpt_mini, main] until json               # error: [circle]
policy self   = fallback [self, gpt]                              # error: [circle]
signal sum    = score(sum: 0.5, second: 0.5)                      # error: [circle]
policy chars  = route chars == 5 -> gpt else gpt_mini             # error: [wrong-kind]
