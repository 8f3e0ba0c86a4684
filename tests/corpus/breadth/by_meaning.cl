# By meaning: a small encoder on this machine says which topic's examples a query is nearest to, and how near it is to
# a list of examples. What is near to none is unknown, and goes to the `else`.
use "std/anthropic"

signal topic  = nearest("by_meaning.topics.yaml", least: 0.45)
signal urgent = similar("by_meaning.urgent.txt") >= 0.45

policy main =
  route urgent             -> opus,
        topic == contracts -> sonnet,
        topic == cooking   -> haiku
  else sonnet with { effort: "low" }

test "urgent, in other words" {
  query  "our shop is down and nobody can order anything"
  reply  opus "We are on it"
  expect path == [opus]
}
test "a contract" {
  query  "What is the notice period in this tenancy agreement?"
  reply  sonnet "Three months"
  expect path == [sonnet]
}
test "a recipe, in Spanish" {
  query  "¿Cómo se prepara una sopa de lentejas?"
  reply  haiku "Con ajo"
  expect path == [haiku]
}
test "neither" {
  query  "Who painted the ceiling of the Sistine Chapel?"
  reply  sonnet "Michelangelo"
  expect path == [sonnet]
}
