# What models must be able to give.
use "std/anthropic"
use "std/openai"
use "std/local"
provider lan    = openai { base_url: "http://localhost:8000/v1" }
model  unknown  = lan("house-model")
model  stated   = lan("house-model") { can: [json] }
model  thinking = openai("gpt-5-mini")
tier   mixed    = fallback [gpt, haiku]

check  sure     = logprob(mean) >= -0.3
check  either   = json and (logprob(mean) >= -0.3 or judge(opus, "right?") >= 0.8)
check  lenient  = logprob(mean) >= -0.3 else pass
check  never    = sure and json

policy main     = cascade [qwen_small, gpt_mini, gpt] until sure
policy last     = cascade [qwen_small, opus] until sure              # error: [model-cannot]
policy first    = cascade [haiku until sure, opus]                   # error: [model-cannot]
policy behind   = cascade [mixed until never, opus]                  # error: [model-cannot]
policy thinks   = cascade [thinking until sure, opus]                # error: [model-cannot]
policy said     = cascade [stated until sure, opus]                  # error: [model-cannot]
policy maybe    = cascade [unknown until sure, opus]
policy or_judge = cascade [haiku, opus] until either
policy passes   = cascade [haiku, opus] until lenient
policy only     = cascade [qwen_small until sure, opus]

policy scored   = vote [gpt, gpt_mini, unknown] by margin
policy unscored = vote [gpt, mixed, haiku] by margin  # error: [model-cannot]
policy scores   = cascade [vote [haiku, gpt] by margin, opus] until json  # error: [model-cannot]

policy limited  = unknown within $0.05                               # error: [unpriced-model]
policy judged   = cascade [gpt until judge(unknown, "right?") >= 0.5, opus] within $0.05  # error: [unpriced-model]
policy free     = qwen within $0.01
policy timed    = unknown within 10s
