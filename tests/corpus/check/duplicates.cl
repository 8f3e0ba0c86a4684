# Names that are declared twice.
use "std/anthropic"
use "std/anthropic"                                # error: [duplicate-name]
use "used/models.cl" as m
use "used/models.cl" as m                          # error: [duplicate-name]
use "used/models.cl"

model  opus  = openai("gpt-4.1")                   # error: [duplicate-name]
signal code  = has_code
check  code  = json                                # error: [duplicate-name]
signal topic: {a, b, a} = meta.topic               # error: [duplicate-name]
policy main  = haiku
route code -> haiku else sonnet                    # error: [duplicate-name]
