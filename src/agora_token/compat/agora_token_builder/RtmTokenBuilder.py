"""``agora_token_builder.RtmTokenBuilder``."""

from ..RtmTokenBuilder import *
from ..RtmTokenBuilder import __all__ as __all__
