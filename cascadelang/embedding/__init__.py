"""Texts as vectors, on this machine: the built-in encoder, the thread it works in, and the vectors kept on disk.

- `built_in.built_in()` is the one `Embedder` of the process; ``built_in.missing_package()`` tells what isn't there.
- `kept_vectors.vectors_of(embedder, texts)` are the vectors of many texts, from the disk where they are kept.
- `off_loop.off_loop(work)` does from a coroutine what would hold up the event loop.

Importing these imports neither numpy nor the encoder: both are loaded when the first text is embedded.
"""
