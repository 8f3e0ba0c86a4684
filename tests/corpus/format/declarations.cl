use"std/anthropic"as a use "b.cl"
provider acme=openai{base_url:"https://acme.example/v1",key:env("ACME_KEY")}
provider plain=anthropic
provider openrouter=openai{base_url:"https://openrouter.ai/api/v1",key:env("OPENROUTER_API_KEY"),headers:{a:"b"}}
model haiku=anthropic("claude-haiku-5-5"){max_tokens:1024,timeout:60s}
model sonnet=anthropic("claude-sonnet-5-5",){max_tokens:2048,price:$1.50/$5,can:[logprobs,json,],}
model bare_one=local("x")
model long_one=local("a/very/long/name/of/a/model"){max_tokens:2048,price:$1.50/$5,can:[logprobs,json],stop:["\n"]}



signal code=has_code or contains(["traceback","stack trace"])
signal plan:{free,gold,}=meta.plan else free
signal vip=meta.plan is not missing and meta.plan not in["gold","silver"]else false
tune strict=0.80 in 0.50..0.99
tune lowest=- 0.35 in -2..- 0.1
check a_long_name=not hedges
check long=judge(sonnet,"Is every claim in the answer supported by the question that was asked?")>=strict else pass
check chain=not hedges and not refuses and not truncated and not empty and words<1000 and(json or contains("yes"))
check paren=(not hedges and not refuses)or((json))
check sum=words+1-chars/2*3>=4k or tokens>2M
check regex=matches(/a\/b [c]+/i)
signal difficulty=score(has_code:0.5,has_math:0.4,long_query:0.3,long_conversation:0.2,many_turns:-0.1,x:1)
signal asked=ask(haiku,"""Which
is it?""",[billing,technical])
signal deep=band(score(has_code:0.5),easy:0.3,medium:0.7,hard)==hard
policy main=haiku
require main for input<=4k{cost<=$0.30,calls<=5,latency<=60s,}
require main{cost<=$0.30,calls<=5,latency<=60s,least_calls_of_a_long_name<=1,another_of_a_long_name<=2}
alert"too many escalations"when escalation_rate>60% over 500 queries
alert"a long one"when escalation_rate>60% and failures/calls>0.1 and cost>$100 and latency>20s over 500 queries
test"one"for each"cases.yaml"{query case.query meta{plan:"gold",}policy main
reply haiku"yes"{logprob:-0.1}
reply a.sonnet"no"
judge sonnet 0.9"good"

reply haiku error rate_limit
expect path==[haiku,a.sonnet]and passed
expect path==[haiku,a.sonnet]and passed and cost<$0.01 and latency<=20s and calls==2 and model==a.sonnet}
test"empty"{}
