# Forms of later versions: one clear error each, whatever else is right or wrong in them.
use "std/openai"
signal topic: {a, b} = nearest("no_such_file.yaml")               # error: [not-supported-yet]
signal alike = similar("no_such_file.txt") > 0.5                  # error: [not-supported-yet]
check  agreed = agree(5) >= 0.8                                   # error: [not-supported-yet]
policy main    = hedge gpt_mini after 2s with gpt                 # error: [not-supported-yet]
policy beside  = shadow gpt with gpt_mini on 5%                   # error: [not-supported-yet]
policy ballot  = vote [gpt, gpt_mini, sol]                        # error: [not-supported-yet]
policy kept    = gpt cached 1d                                    # error: [not-supported-yet]
policy sorted  = cascade [gpt_mini, gpt] order by learned("quality.json")  # error: [not-supported-yet]
alert "too many" when escalation_rate > 60%                       # error: [not-supported-yet]
policy echoed  = cascade [gpt_mini, gpt] until agrees(previous)  # error: [not-supported-yet]
