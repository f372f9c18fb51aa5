"""The vendor's ``apaas_token_builder``: version 007."""

from ..builders import ApaasTokenBuilder
from . import AccessToken2 as _access_token2
from . import utils
from .AccessToken2 import *
from .utils import *

__all__ = ["ApaasTokenBuilder"]
__all__ += _access_token2.__all__
__all__ += utils.__all__
