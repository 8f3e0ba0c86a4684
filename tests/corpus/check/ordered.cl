# Rungs in the order of predicted quality for its price.
use "std/openai"
tier third    = fallback [gpt, gpt_mini]
signal start: {gpt, gpt_mini} = meta.start else gpt
policy main   = cascade [gpt_mini, gpt with { max_tokens: 400 }] until json order by learned("quality.json")
policy worth  = cascade [gpt_mini, gpt] until json order by learned("quality.json", worth: $0.02)
policy no     = cascade [gpt_mini, gpt] until json order by tokens                         # error: [wrong-type]
policy none   = cascade [gpt_mini, gpt] until json order by learned("nowhere.json")        # error: [missing-file]
policy other  = cascade [gpt_mini, gpt] until json order by learned("labels.json")         # error: [invalid-learned]
policy free   = cascade [gpt_mini, gpt] until json order by learned("quality.json", worth: $0)  # error: [wrong-type]
policy more   = cascade [gpt_mini, gpt] until json order by learned("quality.json", least: 1)   # error: [unknown-argument]
policy empty  = cascade [gpt_mini, gpt] until json order by learned()                      # error: [missing-argument]
policy rung   = cascade [gpt_mini, third] until json order by learned("quality.json")      # error: [unknown-rung]
policy both   = cascade [gpt_mini, gpt] until json from start order by learned("quality.json")  # error: [duplicate-clause]
