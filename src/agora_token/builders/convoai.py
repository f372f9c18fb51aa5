"""Conversational AI: tokens for it, for RTC and for RTM in one."""

from ..services import ConvoAIService
from ._packed import built_with, rtc_and_rtm


class ConvoAITokenBuilder:
    """Version 007 tokens for Conversational AI."""

    build_token = staticmethod(built_with(ConvoAIService, rtc_and_rtm))
