# Answers that are kept: for some time.
use "std/openai"
policy main   = gpt cached 1d
policy never  = gpt cached 0s                                     # error: [out-of-range]
policy alike  = gpt cached 1d similar 0.98
policy none   = gpt cached 1d similar 0                           # error: [out-of-range]
policy beyond = gpt cached 1d similar 1.5                         # error: [out-of-range]
policy strict = cascade [gpt_mini cached 90m, gpt] until json cached 12h within $1
