"""Whole columns and files of tokens, on Apache Arrow: ``pip install "agora-token[batch]"``."""

from .arrow import chat_user_column, rtc_column, rtc_rtm_column, rtm_column, verify_column

__all__ = ["chat_user_column", "rtc_column", "rtc_rtm_column", "rtm_column", "verify_column"]
