# Forms of later versions: one clear error each, whatever else is right or wrong in them.
use "std/openai"
policy main    = gpt
policy sorted  = cascade [gpt_mini, gpt] order by learned("quality.json")  # error: [not-supported-yet]
alert "too many" when escalation_rate > 60%                       # error: [not-supported-yet]
