"""Speech-to-Text: tokens for it, for RTC and for RTM in one."""

from ..services import SttService
from ._packed import built_with, rtc_and_rtm


class SttTokenBuilder:
    """Version 007 tokens for Speech-to-Text."""

    build_token = staticmethod(built_with(SttService, rtc_and_rtm))
