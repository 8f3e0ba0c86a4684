"""cascadelang: the policy language for LLM routing and cascading."""

__version__ = "0.1.0"
