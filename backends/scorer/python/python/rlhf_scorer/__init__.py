"""Scores replies with a reward model from one file: no PyTorch, no GPU."""

from ._native import ContextError, Scorer, ScorerError
from .trl import reward_function, transcript

__all__ = ["ContextError", "Scorer", "ScorerError", "reward_function", "transcript"]
