"""Learned routers and scorers: one file format, read, checked and served. Training is not here.

A learned file is JSON: what it tells (``gives``), from which features, with which coefficients, and of what it was
made. `learned.schema.json` in the docs is its form, `docs/learned.md` says what each field means.

- `read.read_learned(value)` turns the parsed JSON into a `model.Learned`, or raises `WrongLearned` with the place.
- `serve.Predictor(learned).predict(facts)` gives each output's probability, or says why there is none. It is plain
  Python; only a file with an ``embedding`` needs the embedder (``Predictor.embeds``), and then it computes for
  milliseconds: use `embedding.off_loop` from a coroutine.
- `numbers.query_numbers(query)` are the numbers about a query that a file can name (``query.words``); who judges
  answers names its own (``answer.…``), passes their names to `read_learned` and their values in `Facts.numbers`.

What ``gives`` says, and who serves it:

- ``label``: one label of ``outputs``, by softmax; unknown where the best is less probable than ``least``. The signal
  ``learned("router.json")``.
- ``score``: one probability, by a sigmoid; ``outputs`` is ``["score"]``. The signal and the check
  ``learned("scorer.json")``.
- ``scores``: a probability for each output, by a sigmoid each: the predicted quality of each model of ``outputs``,
  for ``order by learned("quality.json")``.
"""
