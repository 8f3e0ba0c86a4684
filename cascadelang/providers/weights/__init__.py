"""Weights of local models: which are known, which are here, and how the others get here.

`pull` fetches, `known` and `installed` list, `path_of` finds, `report_to` names who is told about pulls on first use.
"""

from cascadelang.providers.weights.fetch import Progress, PullFailed, Source, pull, report_to, reporter
from cascadelang.providers.weights.table import KnownModel, find, installed, known, models_folder, path_of

__all__ = [
    "KnownModel",
    "Progress",
    "PullFailed",
    "Source",
    "find",
    "installed",
    "known",
    "models_folder",
    "path_of",
    "pull",
    "report_to",
    "reporter",
]
