"""The vendor's ``convoai_token_builder``: version 007."""

from ..builders import ConvoAITokenBuilder, Role_Publisher
from . import AccessToken2 as _access_token2
from .AccessToken2 import *

__all__ = ["ConvoAITokenBuilder", "Role_Publisher"]
__all__ += _access_token2.__all__
