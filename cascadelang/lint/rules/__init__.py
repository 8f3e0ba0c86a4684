"""One file a rule: ``NAME_WITH_UNDERSCORES.py`` exports ``RULE``. See `cascadelang.lint.rule`."""
