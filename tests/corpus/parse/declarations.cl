# Declarations that were cut short, misspelt or are missing a part.
use "std/anthropic"
signal = has_code  # error: [missing-name]
signal code has_code  # error: [unexpected]
check good =  # error: [missing-value]
signal fine2 = has_code
polcy spare = opus  # error: [unexpected]
better = json  # error: [unexpected]
model mini = openai(gpt-4o-mini)  # error: [hyphen-in-name]
model gpt-4o = openai("gpt-4o")  # error: [hyphen-in-name]
model big = openai("gpt-4o") { timeout = 10s }  # error: [wrong-sign]
model big2 = openai("gpt-4o") { timeout: 10s max_tokens: 4k }  # error: [missing-comma]
provider acme = openai { "base_url": "https://acme.example" }  # error: [unexpected]
tune strict = 0.8 in 0.5 - 0.99  # error: [missing-value]
require spare { cost = $1 }  # error: [wrong-sign]
opus  # error: [bare-name]
tier tier1 = haiku else opus  # error: [unexpected]
signal fine = has_code
use haiku  # error: [missing-quotes]
alert too_many when cost > $1  # error: [missing-quotes]
tier open = fallback [haiku, opus  # error: [unclosed-bracket]
tier shut = fallback haiku, opus]  # error: [unexpected]
tier more = fallback [haiku, opus]]  # error: [unmatched-bracket]
tier other = fallback [haiku, opus)  # error: [unmatched-bracket]
tier last = opus
