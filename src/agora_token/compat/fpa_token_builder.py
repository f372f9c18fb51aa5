"""The vendor's ``fpa_token_builder``: version 007."""

from ..builders import FpaTokenBuilder
from . import AccessToken2 as _access_token2
from .AccessToken2 import *

__all__ = ["FpaTokenBuilder"]
__all__ += _access_token2.__all__
