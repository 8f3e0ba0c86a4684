# Arguments of signals and checks.
use "std/openai"
signal code  = has_code
signal long  = tokens > 4k
signal hard  = score(code: 0.4, long: 0.6)
signal none  = score()                                      # error: [missing-argument]
signal parts = score(code: 0.4, tokens: 0.6)                # error: [wrong-type]
signal zero  = score(code: 0)                               # error: [out-of-range]
signal same  = score(code: 0.4, code: 0.6)                  # error: [duplicate-argument]
signal stray = score(0.4)                                   # error: [unknown-argument]
signal level = band(hard, easy: 0.3, medium: 0.7, hardest)
signal down  = band(hard, easy: 0.7, medium: 0.3, hardest)  # error: [out-of-range]
signal open  = band(hard, easy: 0.3, medium: 0.7)           # error: [wrong-type]
signal bare  = contains                                     # error: [missing-argument]
signal typed = contains(3)                                  # error: [wrong-type]
signal empty_list = contains([])                            # error: [empty-list]
signal extra = contains("a", "b")                           # error: [unknown-argument]
signal unnamed = contains(txts: "a")                        # error: [unknown-argument]
signal both  = contains("a", texts: "b")                    # error: [duplicate-argument]
signal pattern = matches("x")                               # error: [wrong-type]

check  which  = logprob(median) > -1                        # error: [unknown-choice]
check  who    = judge(gpt_mni, "polite?") >= 0.5            # error: [unknown-name]
check  tiered = judge(ladder, "polite?") >= 0.5             # error: [wrong-kind]
check  half   = judge(gpt) >= 0.5                           # error: [missing-argument]
check  strict = json(strict: 1)                             # error: [wrong-type]
check  sound  = judge(gpt, "rubric.md") >= 0.5 and schema("answer.schema.json")
tier   ladder = fallback [gpt_mini, gpt]
policy main   = cascade [gpt_mini, gpt] until sound
signal few: {a} = ask(gpt, "which?", [a])                          # error: [wrong-type]
signal sure = ask(gpt, "which?", [a, b], sure: 2) == a             # error: [wrong-type]
signal wrong = ask(gpt, "which?", [a, b]) == c                     # error: [unknown-label]
