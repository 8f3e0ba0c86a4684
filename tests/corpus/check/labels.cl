# Labels: their own words only, every one with its way.
use "std/openai"
signal topic: {billing, technical, chat} = meta.topic else chat
signal kind: {a, b} = meta.kind else c                      # error: [unknown-label]
signal size  = band(tokens, short: 200, medium: 2k, long)
signal named: {short, medium, large} = band(tokens, short: 200, medium: 2k, long) # error: [unknown-label]
signal fewer: {short, medium} = band(tokens, short: 200, medium: 2k, long)  # error: [unknown-label]
signal start: {gpt_mini, gpt} = meta.start else gpt_mini
signal plain: {x, y} = has_code                             # error: [wrong-type]

signal money   = topic == biling                            # error: [unknown-label]
signal quoted  = topic == "biling"                          # error: [unknown-label]
signal one_of  = topic in [billing, chatt]                  # error: [unknown-label]
signal sized   = size != medum                              # error: [unknown-label]
signal ordered = topic > billing                            # error: [wrong-type]
signal turned  = billing == topic
signal twice   = size == medium or topic in [chat, "technical"]

policy main   = route by topic billing -> gpt, technical -> gpt, chat -> gpt_mini
policy open   = route by topic billing -> gpt                               # error: [missing-arm]
policy stray  = route by topic billing -> gpt, techncal -> gpt else gpt     # error: [unknown-label]
policy double = route by topic billing -> gpt, billing -> gpt else gpt      # error: [duplicate-arm]
policy number = route by tokens a -> gpt else gpt                           # error: [wrong-type]
policy fact   = route by meta.plan gold -> gpt else gpt                     # error: [wrong-type]
policy tongue = route by language de -> gpt else gpt                         # error: [wrong-type]
policy from_start = cascade [gpt_mini, gpt] from start until json
policy from_topic = cascade [gpt_mini, gpt] from topic until json           # error: [unknown-rung]
policy from_fact  = cascade [gpt_mini, gpt] from meta.start until json      # error: [wrong-type]

# Labels that may be unknown.
signal open_plan: {free, gold} = meta.plan
signal sure_plan: {free, gold} = meta.plan else free
signal lengthy = band(meta.size, few: 10, many)
signal ratio   = band(words / lines, few: 10, many)
signal wrong_band = band(words, a: 5, b: 3, c)              # error: [out-of-range]
policy maybe    = route by open_plan free -> gpt, gold -> gpt_mini          # error: [missing-else]
policy caught   = route by open_plan free -> gpt, gold -> gpt_mini else gpt
policy settled  = route by sure_plan free -> gpt, gold -> gpt_mini
policy sizes    = route by lengthy few -> gpt, many -> gpt_mini             # error: [missing-else]
policy ratios   = route by ratio few -> gpt, many -> gpt_mini               # error: [missing-else]
policy sized_by = route by size short -> gpt, medium -> gpt, long -> gpt
policy no_bands = route by wrong_band a -> gpt, b -> gpt_mini
