"""Names that cannot exist, and what version 006 cannot promise about names."""

from __future__ import annotations

from collections.abc import Iterator

from .._checks import check_app_id
from .._demands import Demands, Expected
from .._judging import check_names
from .._wire.token006 import Token006
from .._wire.token007 import Token007
from .._wording import shown
from ..errors import InvalidAppIdError, InvalidInputError
from .diagnosis import Cause, Finding
from .identity import Asked, is_for_006


def name_findings(
    parts: Token006 | Token007, demands: Demands, expected: Expected
) -> Iterator[Finding]:
    """Names that no service of their kind can have, for which no token should be issued."""
    try:
        check_app_id(parts.app_id)
    except InvalidAppIdError as error:
        yield _impossible(
            f"the App ID in the token cannot be one: {error}",
            "set AGORA_APP_ID to the App ID of the project, as Agora's console shows it",
        )
    if isinstance(parts, Token007):
        for service in parts.services:
            try:
                service.check_names()
            except InvalidInputError as error:
                yield _impossible(
                    f"the token carries a name that cannot exist: {error}",
                    "issue the token for a name that Agora allows, and have the client use it",
                )
    elif is_for_006(parts, demands, expected):
        try:
            check_names(parts, demands, expected)
        except InvalidAppIdError:
            pass  # told already
        except InvalidInputError as error:
            yield _impossible(
                f"the token is signed for a name that cannot exist: {error}",
                "issue the token for a name that Agora allows, and have the client use it",
            )


def _impossible(evidence: str, remedy: str) -> Finding:
    return Finding(Cause.INVALID_NAME, evidence, remedy)


def split_findings(parts: Token006 | Token007, asked: Asked) -> Iterator[Finding]:
    """What the holder of another token could have made this one from, without any key."""
    if not isinstance(parts, Token006) or asked.channel is None or not asked.uid:
        return
    channel, uid = asked.channel, str(asked.uid)
    if not (channel[-1:].isdecimal() and uid.isdecimal()):
        return
    joined, cut = channel + uid, len(channel) - 1
    yield Finding(
        Cause.SPLIT,
        f"version 006 signs channel and uid without a mark between them: the holder of a token for "
        f"channel {shown(joined[:cut])} and uid {joined[cut:]} can make this one without a key",
        "use version 007, or channel names that do not end in a digit",
        refuses=False,
    )
