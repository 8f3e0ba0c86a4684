#!/usr/bin/env cascadelang
# -*- coding: utf-8 -*-


# About the file,
#   indented as it was.
use "std/anthropic" # trailing
use "std/openai" as oa    #trailing too
# above a tier

# just above the tier
tier cheap = fallback [haiku, # the first
  # before the second
  oa.luna # no comma behind it
  # before the bracket
]
check sound = # behind the sign
  not hedges and # behind an operator
  # between operands
  not refuses
policy main = route # behind route
  # before the first arm
  has_code -> opus, # behind an arm
  # between arms
  words > 100 -> sonnet # behind the last arm
  # before else
  else cascade [cheap, sonnet] # behind the rungs
    until sound # behind a clause
    # before a clause
    within $1
# between declarations
require main { # behind the brace
  cost <= $1 # a bound
} # behind the last brace
test "t" { # opens
  # before the first clause
  query "hi" # a clause

  # after an empty line
  reply haiku "yes"
  # before the end
}
model empty = local("a") {
  # only a comment
}
model call = # c1
  openai # c2
  ( # c3
  "gpt" # c4
  , # c5
  ) # c6
# the end

# of the file
