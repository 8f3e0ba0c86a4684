use "circle_b.cl"
model in_a = openai("gpt-4.1")
