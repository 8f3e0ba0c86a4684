"""Lint's rules: what a policy may say and had better not. One file a rule, in `cascadelang.lint.rules`."""
