# Files that can't be used.
use "used/modles.cl"                               # error: [missing-file]
use "std/antropic"                                 # error: [missing-file]
use "used/more.cl" as more
use "used/circle_a.cl" as circle
use "latin1.txt" as latin                          # error: [not-text]

use ""                                             # error: [missing-file]
use "used"                                         # error: [missing-file]

model  any   = openai("gpt-4.1")
check  shape = schema("anwser.schema.json")        # error: [missing-file]
check  cut   = schema("broken.json")               # error: [invalid-json]
check  wrong = schema("wrong.schema.json")         # error: [invalid-schema]
check  kind  = judge(any, "rubrik.md") >= 0.5      # error: [missing-file]
check  text  = judge(any, "latin1.txt") >= 0.5     # error: [not-text]
signal ahead = matches(/(?=x)y/)                   # error: [invalid-regex]
signal fine  = matches(/x+y/i)
# Names that the missing files may declare are not told again.
policy main = haiku
