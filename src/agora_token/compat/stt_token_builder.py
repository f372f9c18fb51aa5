"""The vendor's ``stt_token_builder``: version 007."""

from ..builders import Role_Publisher, SttTokenBuilder
from . import AccessToken2 as _access_token2
from .AccessToken2 import *

__all__ = ["Role_Publisher", "SttTokenBuilder"]
__all__ += _access_token2.__all__
