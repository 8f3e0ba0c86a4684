use "circle_a.cl" # error: [use-circle]
model in_b = openai("gpt-4.1")
