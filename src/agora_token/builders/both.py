"""The builders that carry both generations: version 006 in camelCase, 007 in snake_case.

They are for code that uses both.  Code that was written for one generation should import that one:
some of it asks which methods a builder has, to tell the generations apart.
"""

from . import rtc006, rtc007, rtm006, rtm007


class RtcTokenBuilder(rtc007.RtcTokenBuilder, rtc006.RtcTokenBuilder):
    """Tokens for RTC: version 006 in camelCase, version 007 in snake_case."""

    # Its name in the documents for C++.
    buildTokenWithUserAccount = staticmethod(rtc006.RtcTokenBuilder.buildTokenWithAccount)


class RtmTokenBuilder(rtm007.RtmTokenBuilder, rtm006.RtmTokenBuilder):
    """Tokens for RTM: version 006 in camelCase, version 007 in snake_case."""
