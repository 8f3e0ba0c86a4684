# What an alert can ask of recorded runs, and what it can't.
use "std/openai"
tune   often = 0.4 in 0.1 .. 0.9
signal long  = words > 300
signal topic : { code, billing } = meta.topic
check  fine  = json
tier   climb = cascade [gpt_mini, gpt] until fine
policy main  = route by topic code -> gpt, billing -> climb else gpt_mini

alert "right"  when escalation > 40% and escalation(gpt) > often over 500 queries
alert "arms"   when share(code) > 0.5 or share(climb) > 50% or answered(gpt) > 50%
alert "money"  when cost.mean > $0.01 or cost.judges / cost.total > 0.3
alert "time"   when latency.p95 > 8s over 100 queries
alert "wrong"  when failures > 2% or failures(timeout) > 1% or unmet > 5% or rejected(gpt_mini) > 60%
alert "moved"  when drift(topic) > 0.25 or drift(words) > 0.25 or drift(models) > 0.25
alert "enough" when not (queries < 10) and unknown(topic) in [0.5, 1]

alert "near"   when escalaton > 40%                               # error: [unknown-name]
alert "part"   when cost > $5                                     # error: [unknown-name]
alert "model"  when escalation(gtp) > 40%                         # error: [unknown-name]
alert "kind"   when escalation(fine) > 40%                        # error: [wrong-kind]
alert "unit"   when failures > $1                                 # error: [wrong-type]
alert "range"  when failures > 150%                               # error: [threshold-out-of-range]
alert "label"  when share(cod) > 50%                              # error: [unknown-label]
alert "signal" when unknown(tpic) > 5%                            # error: [unknown-name]
alert "bare"   when share > 5%                                    # error: [missing-argument]
alert "more"   when cost.mean(gpt) > $1                           # error: [unknown-argument]
alert "number" when latency.p95 > 8                               # error: [wrong-type]
alert "two"    when escalation(gpt, gpt_mini) > 1%                # error: [wrong-type]
alert "moved"  when drift(modls) > 0.2                            # error: [unknown-name]
alert "over"   when unmet > 5% over 0 queries                     # error: [wrong-type]
alert "over"   when unmet > 5% over 2.5 queries                   # error: [wrong-type]
alert "bool"   when cost.mean                                     # error: [wrong-type]
alert "fail"   when failures(timout) > 2%                         # error: [unknown-choice]
alert "meta"   when meta.plan is missing                          # error: [unknown-name]
alert ""       when unmet > 5%                                    # error: [missing-field]
