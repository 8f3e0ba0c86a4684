# Texts that would break out of a drawing, were they not escaped.
model evil = openai("\"]; <script>alert(1)</script> --> \\ &amp; `x` %%{init}%% $$a$$ #quot;") { price: $1 / $2 }
signal odd = meta.name in ["a\nb", "|}]", "end", "<b>\"quoted\"</b>"]
policy main = route odd -> evil with { system: "line one\nsubgraph x [\"y\"]\n<img src=x>", stop: "]]" } else evil
