"""Weights of local models: which are known, which are here, and how the others get here."""

from cascadelang.providers.weights.known import KnownModel, find, installed, known, models_folder, path_of

__all__ = ["KnownModel", "find", "installed", "known", "models_folder", "path_of"]
