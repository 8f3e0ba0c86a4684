# Every form of the language, once at least.
use "std/anthropic"
use "shared.cl" as m

provider acme = openai { base_url: "https://acme.example/v1", key: env("ACME_KEY"), headers: { region: "eu" }, }
provider plain = anthropic

model mini  = acme("gpt-4o-mini") { timeout: 10s, max_tokens: 800, price: $1 / $5, can: [logprobs, json], }
model tiny  = local("smollm2-135m",)
model other = m.router("x/y:free") { context: 128k, stop: ["\n\n", "é\\"], seed: -1, temperature: 0 }

tier cheap = fallback [haiku, mini,]
tier tier2 = m.sonnet retry 2 with { temperature: 0 }

signal code    = has_code or contains(["traceback", "stack trace"])
signal long    = conversation.tokens > 4k and not (words < 200 or chars <= 2M)
signal topic: {billing, technical, chat,} = nearest("topics.yaml") else chat
signal vip     = meta.plan is not missing and meta.plan in ["gold", "silver"] else false
signal anon    = meta.user is missing or language not in ["en", "de"]
signal hard    = score(has_code: 0.4, long: -0.3 + 0.6, tokens / 2 * 3 - 1) >= 60%
signal level   = band(hard, easy: 0.3, medium: 0.7, difficult)
signal link    = matches(/https?:\/\/[a-z]+/i) == true
signal from    = ask(mini, """Which kind
of request is "this"?""", [billing, technical, chat])

tune  strict = 0.80 in 0.50 .. 0.99
tune  lowest = -0.35 in -2..-0.1
check schema_ok = schema("answer.schema.json")
check sound = schema_ok and not hedges and (logprob(mean) >= lowest or judge(sonnet, "rubric.md") >= strict) else pass
check same  = language == query.language

policy first  = route by topic billing -> mini, technical -> (route code -> opus else sonnet), model -> haiku,
policy second = route by band(hard, easy: 0.3, difficult) easy -> haiku, difficult -> opus within $1 else sonnet
policy third  = cascade [haiku until schema_ok, (route vip -> opus else sonnet), fallback [a, b] retry 1 until same, m.c]
  until sound from level order by learned("quality.json") carry reasons otherwise best within $0.05 and 20s
policy fourth = cascade [haiku, opus] otherwise (hedge haiku after 2s with opus within 5s) carry draft until sound
policy fifth  = cascade [haiku, opus] otherwise opus until sound
policy sixth  = split { 90% -> cheap, 10% -> cascade [haiku, opus] until sound otherwise fail, } by meta.user
policy seventh = shadow haiku with opus on 5%
policy eighth = vote [haiku, sonnet, opus] by judge(opus, "pick the best") cached 1d similar 0.97
policy ninth  = hedge haiku with { seed: 1 } after 250ms with opus
policy spare  = cascade [fallback [a, b] when rate_limit or server or timeout, opus] until sound
policy tenth  = cascade [haiku, opus] until sound otherwise last
policy final  = (opus) within 12h

route code->opus, from == billing -> cascade [cheap, opus] until sound otherwise fail,
else route vip -> opus else cascade [cheap, sonnet] within $0.10 until schema_ok

require main for input <= 4k { cost <= $0.30, calls <= 5, latency <= 60s, }
require m.other { cost < $1 }

alert "too many escalations" when escalation_rate > 60% over 500 queries
alert "expensive" when cost > $5 or failures / calls > 0.1

test "bad json goes up one rung" {
  policy third
  query  "Extract the invoice as JSON: …"
  meta   { plan: "gold", user: 42 }
  reply  haiku  "Sure! Here it is" { logprob: -0.1, finish_reason: "stop" }
  reply  sonnet """{"total": 12}"""
  reply  mini error rate_limit
  judge  opus 0.9 "good"
  judge  sonnet 0
  judge  sonnet error timeout
  ask    mini billing { latency: 1s }
  ask    mini error timeout
  expect path == [haiku, sonnet]
  expect passed and cost < $0.01
}
test "routing table" for each "cases.yaml" { query case.query expect path == case.path }
test "empty" {}
