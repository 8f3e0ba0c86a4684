# A score is from 0 to 1, whatever scale somebody had in mind.
model a = openai("a") { price: $1 / $1 }
model b = openai("b") { price: $1 / $1, can: [json] }
policy of_ten = cascade [a, b] until judge(b, "Is it good?") >= 7 # error: [threshold-out-of-range]
policy of_a_hundred = cascade [a, b] until judge(b, "Is it good?") >= 70 # error: [threshold-out-of-range]
policy main = cascade [a, b] until judge(b, "Is it good?") >= 7500 # error: [threshold-out-of-range]
alert "often" when escalation > 5 # error: [threshold-out-of-range]
policy of_samples = cascade [a, b] until agree(3) >= 2 # error: [threshold-out-of-range]
policy of_more = cascade [a, b] until 7 <= agree(5) # error: [threshold-out-of-range]
