"""Explains why a token is refused: findings that a person can act on."""

from .diagnosis import Cause, Diagnosis, Finding
from .engine import explain

__all__ = ["Cause", "Diagnosis", "Finding", "explain"]
