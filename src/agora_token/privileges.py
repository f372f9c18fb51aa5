"""The roles and privileges of Agora tokens: the constants, once.

The numbers are the vendor's (documents 000 and 002 for version 006), and part of the wire format.
"""

from __future__ import annotations

from enum import IntEnum

MAX_LIFETIME = 24 * 60 * 60
"""The longest life of a token in seconds; the service treats anything longer as this."""


class Role(IntEnum):
    """What a user does in a channel."""

    ATTENDEE = 0
    """A member of a call, all of whom may publish."""
    PUBLISHER = 1
    """A host of a live broadcast: may publish audio, video and data."""
    SUBSCRIBER = 2
    """The audience of a live broadcast: may join and receive."""
    ADMIN = 101
    """May publish and administrate the channel."""


class Privilege(IntEnum):
    """What a version 006 token permits.  The first four are those of 007's RTC service too."""

    JOIN_CHANNEL = 1
    PUBLISH_AUDIO_STREAM = 2
    PUBLISH_VIDEO_STREAM = 3
    PUBLISH_DATA_STREAM = 4
    PUBLISH_AUDIO_CDN = 5
    PUBLISH_VIDEO_CDN = 6
    REQUEST_PUBLISH_AUDIO_STREAM = 7
    REQUEST_PUBLISH_VIDEO_STREAM = 8
    REQUEST_PUBLISH_DATA_STREAM = 9
    INVITE_PUBLISH_AUDIO_STREAM = 10
    INVITE_PUBLISH_VIDEO_STREAM = 11
    INVITE_PUBLISH_DATA_STREAM = 12
    ADMINISTRATE_CHANNEL = 101
    RTM_LOGIN = 1000


JOIN_ONLY = (1,)
JOIN_AND_PUBLISH = (1, 2, 3, 4)

ROLE_PRIVILEGES: dict[int, tuple[int, ...]] = {
    Role.ATTENDEE: JOIN_AND_PUBLISH,
    Role.PUBLISHER: JOIN_AND_PUBLISH,
    Role.SUBSCRIBER: JOIN_ONLY,
    Role.ADMIN: JOIN_AND_PUBLISH,
}
"""What an RTC token grants to each role, in both versions (documents 003 and 004)."""

SIMPLE_BUILDER_PRIVILEGES: dict[int, tuple[int, ...]] = {
    Role.ATTENDEE: (1, 2, 3, 4),
    Role.PUBLISHER: (1, 2, 3, 4, 5, 6, 10, 11, 12),
    Role.SUBSCRIBER: (1, 7, 8, 9),
    Role.ADMIN: (1, 2, 3, 4, 101),
}
"""What ``SimpleTokenBuilder.initPrivileges`` grants to each role (documents 000 and 002)."""
