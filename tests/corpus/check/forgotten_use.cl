# Names that are there, in a file that isn't used or behind its alias.
use "std/openai" as oa

policy main  = cascade [haiku, oa.luna] until json # error: [unknown-name]
policy other = cascade [luna, oa.terra] until json # error: [unknown-name]
policy third = small                               # error: [unknown-name]
