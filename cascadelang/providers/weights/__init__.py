"""Weights of local models: which are known, which are here, and how the others get here.

`pull` fetches, `known` and `installed` list, `path_of` finds.
"""

from cascadelang.providers.weights.fetch import PullFailed, Source, pull
from cascadelang.providers.weights.table import KnownModel, find, installed, known, models_folder, path_of

__all__ = [
    "KnownModel",
    "PullFailed",
    "Source",
    "find",
    "installed",
    "known",
    "models_folder",
    "path_of",
    "pull",
]
