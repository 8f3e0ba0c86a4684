# What other files use.
model small = openai("gpt-4.1-mini")
model large = openai("gpt-4.1")
tier  ladder = fallback [small, large]
signal wordy = words > 200
tune  share = 0.5 in 0.1 .. 0.9
policy main = small
