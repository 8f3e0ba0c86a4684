# Values of the wrong type, and comparisons that decide nothing.
use "std/openai"
model  judging = openai("gpt-4.1")
tune   strict  = 0.8 in 0.5 .. 1.5
tune   lowest  = -0.4 in -2 .. -0.1
tune   turned  = 0.5 in 0.9 .. 0.1                          # error: [tune-range]
tune   outside = 0.95 in 0.1 .. 0.9                         # error: [tune-range]
tune   worded  = "0.5" in 0.1 .. 0.9                        # error: [wrong-type]

signal long   = words > 200 and chars / words >= 4.5
signal cost   = words > $2                                  # error: [wrong-type]
signal slow   = tokens + 2s > 4                             # error: [wrong-type]
signal minus  = -has_code == true                           # error: [wrong-type]
signal sum    = $1 + 2s == $1                               # error: [wrong-type]
signal half   = tokens * 50% > 100
signal more   = words > -1                                  # error: [threshold-out-of-range]
signal order  = has_code > false                            # error: [wrong-type]
signal there  = words is missing                            # error: [wrong-type]
signal gone   = meta.plan is missing
signal listed = words in [1, 2, "x"]                        # error: [wrong-type]
signal none   = words in []                                 # error: [empty-list]
signal list   = [1, 2]                                      # error: [wrong-type]
signal speech = language in [en, de, "fr"]
signal spoken = language == English                         # error: [unknown-label]
signal mixed  = words and has_code                          # error: [wrong-type]
signal maybe  = has_code else 3                             # error: [wrong-type]
signal known  = has_code else words                         # error: [wrong-type]

check  sure   = logprob(mean) >= lowest
check  above  = logprob(mean) >= 0.2                        # error: [threshold-out-of-range]
check  far    = judge(judging, "polite?") >= 80             # error: [threshold-out-of-range]
check  share  = judge(judging, "polite?") >= 80%
check  moves  = judge(judging, "polite?") >= strict         # error: [threshold-out-of-range]
check  apart  = judge(judging, "polite?") > logprob(min)    # error: [wrong-type]
check  below  = perplexity < 0.5                            # error: [threshold-out-of-range]
check  raw    = judge(judging, "polite?")
check  lenient = raw else pass                              # error: [wrong-type]
check  brief  = words < 200 and query.words > 3 and long
check  same   = words == "many"                             # error: [wrong-type]

policy main   = route words -> gpt else gpt                 # error: [wrong-type]
policy asked  = route meta.beta -> gpt else gpt             # error: [wrong-type]
policy gated  = cascade [gpt_mini, gpt] until raw           # error: [wrong-type]
policy own    = cascade [gpt_mini until words, gpt]         # error: [wrong-type]
