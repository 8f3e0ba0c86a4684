# Forms of later versions: one clear error each, whatever else is right or wrong in them.
use "std/openai"
policy main    = gpt
alert "too many" when escalation_rate > 60%                       # error: [not-supported-yet]
