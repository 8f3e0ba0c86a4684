"""What the layers above promise each other: plain values and protocols.

Beside them stand the pure functions on texts that several of those layers must agree on: how many tokens a text is
(`estimate`), how patterns and whole words match (`patterns`, `words`), and a result's JSON form (`result`).
"""
