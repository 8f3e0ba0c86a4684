# Fields of providers, models and `with`.
provider acme   = openai { base_url: "https://acme.example/v1", key: env("ACME_KEY") }
provider leaked = openai { key: "sk-123" }                        # error: [literal-key]
provider badenv = openai { key: env("ACME KEY") }                 # error: [wrong-type]
provider typo   = openai { base_urll: "https://acme.example/v1" } # error: [unknown-field]
provider number = openai { base_url: 3 }                          # error: [wrong-type]
provider rec    = replay { }                                      # error: [missing-field]

model a = acme("x") { price: $1 / $5, can: [logprobs, json], context: 128k, stop: ["END"], effort: low, seed: 1 }
model b = openai("gpt-4.1") { timeot: 10s }                       # error: [unknown-field]
model c = openai("gpt-4.1") { timeout: 10s, timeout: 20s }        # error: [duplicate-field]
model d = openai("gpt-4.1") { timeout: 10 }                       # error: [wrong-type]
model e = openai("gpt-4.1") { max_tokens: 0 }                     # error: [out-of-range]
model f = openai("gpt-4.1") { max_tokens: 1.5 }                   # error: [wrong-type]
model g = openai("gpt-4.1") { temperature: 3 }                    # error: [out-of-range]
model h = openai("gpt-4.1") { top_p: "all" }                      # error: [wrong-type]
model i = openai("gpt-4.1") { can: [logprob] }                    # error: [unknown-choice]
model j = openai("gpt-4.1") { can: json }                         # error: [wrong-type]
model k = openai("gpt-4.1") { price: $1 }                         # error: [wrong-type]
model l = openai("gpt-4.1") { effort: higher }                    # error: [unknown-choice]
model m = openai("gpt-4.1") { stop: [1] }                         # error: [wrong-type]
model n = openai("gpt-4.1") { system: 1, retry: 50 }              # error: [wrong-type] [out-of-range]
model o = replay("x")                                             # error: [missing-field]
model p = openai("gpt-4.1") { timeout: 0s }                       # error: [out-of-range]

policy main = a with { temperature: 0, max_tokens: 2k, timeout: 5s } retry 2 within $0.10 and 10s
policy more = a with { temprature: 0 }                            # error: [unknown-field]
policy dear = a with { price: $1 / $2 }                           # error: [unknown-field]
policy poor = a within $0                                         # error: [out-of-range]
policy soon = a within 0s                                         # error: [out-of-range]
policy long = a retry 2.5                                         # error: [out-of-range]
policy many = a retry 11                                          # error: [out-of-range]
provider hidden = openai { headers: { region: "eu", authorization: "Bearer sk-123" } }  # error: [literal-key]
provider tight  = local { context: 300 }
model q = openai("gpt-4.1") { context: 4k, max_tokens: 4k }       # error: [out-of-range]
model r = openai("gpt-4.1") { context: 1000 }                     # error: [out-of-range]
model s = tight("smollm2-135m")                                   # error: [out-of-range]
model t = tight("smollm2-135m") { max_tokens: 100 }
