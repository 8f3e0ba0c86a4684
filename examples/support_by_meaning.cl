# Routing by meaning: which topic a message is about is told by examples, not by words. The encoder runs on this
# machine (`pip install 'cascadelang[embed]'`), knows sixteen languages, and costs a few milliseconds and no call.
# What is near to none of the examples is about something else.
use "std/anthropic"

signal topic = nearest("support_topics.yaml")

check plain = not hedges and not refuses

policy main =
  route by topic
    technical -> cascade [sonnet, opus] until plain,
    billing   -> cascade [haiku, sonnet] until plain,
    account   -> sonnet,
    delivery  -> haiku,
    sales     -> sonnet
  else haiku

require main for input <= 4k { calls <= 2, cost <= $0.20 }

test "other words than the examples'" {
  query  "the program closes itself when I tap on profile"
  reply  sonnet "Update it to version 7.2, which mends that."
  expect path == [sonnet] and passed
}

test "another language than the examples'" {
  query  "Ich wurde doppelt belastet"
  reply  haiku  "Vielleicht ist es ein Irrtum, ich bin nicht sicher."
  reply  sonnet "Die zweite Abbuchung war ein Irrtum und ist auf dem Weg zurück."
  expect path == [haiku, sonnet] and passed
}

test "a technical answer that hedges climbs" {
  query  "nothing happens when I click on save"
  reply  sonnet "It might be the browser, but I'm not sure."
  reply  opus   "Switch the ad blocker off: it stops the request."
  expect path == [sonnet, opus] and passed
}

test "an account" {
  query  "how can I invite my team members"
  reply  sonnet "Under Team, choose Invite."
  expect path == [sonnet]
}

test "a delivery" {
  query  "my package still hasn't come"
  reply  haiku "It arrives tomorrow."
  expect path == [haiku]
}

test "a question before buying" {
  query  "are there special prices for universities?"
  reply  sonnet "Yes, half the price."
  expect path == [sonnet]
}

test "about something else" {
  query  "Write a poem about the sea"
  reply  haiku "Blue."
  expect path == [haiku]
}
