# The language of the query chooses the model, and that of the answer is checked. A language that can't be told is
# unknown: the arm isn't taken, and `else pass` lets such an answer pass.
use "std/anthropic"

check same = language == query.language else pass

policy main =
  route language in [ja, ko, zh] -> cascade [sonnet, opus] until same,
        language == de           -> opus
  else cascade [haiku, sonnet] until same

test "Japanese, answered in English first" {
  query  "返金はどうすればいいですか"
  reply  sonnet "You can ask for your money back in the shop."
  reply  opus   "お店で返金を頼むことができます"
  expect path == [sonnet, opus] and calls == 2
}
test "German" {
  query  "Wie bekomme ich mein Geld für die letzte Bestellung zurück?"
  reply  opus "Im Laden."
  expect path == [opus]
}
test "French, answered in French" {
  query  "Comment puis-je obtenir un remboursement pour ma commande ?"
  reply  haiku "Vous pouvez demander un remboursement dans notre magasin."
  expect path == [haiku] and passed
}
test "too short to tell" {
  query  "2 + 2?"
  reply  haiku "4"
  expect path == [haiku] and passed
}
test "another language than the question's" {
  query  "How do I get a refund for my last order?"
  reply  haiku  "Vous pouvez demander un remboursement dans notre magasin."
  reply  sonnet "You can ask for your money back in the shop."
  expect path == [haiku, sonnet]
}
