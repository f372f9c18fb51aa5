"""The roles of RTC and RTM users, by the vendor's names."""

from __future__ import annotations

from typing import Final

from ..privileges import Role

Role_Attendee: Final = Role.ATTENDEE.value
Role_Publisher: Final = Role.PUBLISHER.value
Role_Subscriber: Final = Role.SUBSCRIBER.value
Role_Admin: Final = Role.ADMIN.value
Role_Rtm_User: Final = 1
"""The only role of RTM in version 006, where it makes no difference."""

RtcRole = Role
"""What the vendor's packages for other languages call the roles: ``RtcRole.PUBLISHER``."""


class Roles(type):
    """Gives a builder the roles as attributes, where much public code looks for them.

    They are the metaclass's, so that ``dir(builder)`` lists what the vendor's class has and no
    more: other code asks which methods there are.
    """

    Role_Attendee = Role_Attendee
    Role_Publisher = Role_Publisher
    Role_Subscriber = Role_Subscriber
    Role_Admin = Role_Admin
