# Nested decision trees: a route in an arm stands in parentheses, to any depth; a branch that several share has a name.
use "std/anthropic"

signal code = has_code
signal long = conversation.words > 40

policy writing = route has_math -> opus else sonnet

policy main =
  route code -> (route meta.plan == "free" -> haiku, long -> opus else sonnet),
        long -> writing
  else haiku

test "each leaf of the tree" for each "nested_trees.yaml" {
  expect path == case.path
}
