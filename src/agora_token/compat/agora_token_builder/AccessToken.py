"""``agora_token_builder.AccessToken``."""

from ..AccessToken import *
from ..AccessToken import __all__ as __all__
