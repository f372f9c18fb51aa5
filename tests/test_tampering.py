"""A change of one character, wherever it is, is refused, unless the token still says the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from agora_token import errors
from agora_token._wire.decoding import decode_006, decode_007
from agora_token.issuer import Issuer
from agora_token.privileges import Role
from agora_token.verifying import Reason, verify, verify_many
from helpers.project import NOW

BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
TOKENS = 50

pytestmark = pytest.mark.usefixtures("backend")
VERSIONS = pytest.mark.parametrize("version", ["006", "007"])


class Issued(NamedTuple):
    token: str
    certificate: str
    channel: str
    uid: int | str

    def codes(self, tokens: list[str]) -> bytes:
        asked: dict[str, Any] = {"channels": self.channel, "uids": self.uid, "at": NOW}
        return verify_many(tokens, self.certificate, **asked)

    def is_accepted(self, certificate: str, channel: str, uid: int | str) -> bool:
        asked: dict[str, Any] = {"channel": channel, "uid": uid, "at": NOW, "anybody": False}
        try:
            verify(self.token, certificate, **asked)
        except errors.AgoraTokenError:
            return False
        return True


def issued(version: str) -> Iterator[Issued]:
    """Tokens of many lengths, for uids small and large, anybody, and accounts."""
    rng = random.Random(int(version))
    for number in range(TOKENS):
        app_id, certificate = (f"{rng.getrandbits(128):032x}" for _ in range(2))
        channel = "".join(rng.choices(BASE64[:-1], k=rng.randint(1, 64)))
        uid = (number // 4, rng.getrandbits(32), f"user-{number}", "0")[number % 4]
        token = Issuer(app_id, certificate).rtc(
            channel,
            uid,
            role=rng.choice((Role.PUBLISHER, Role.SUBSCRIBER)),
            version=version,
            issued_at=NOW,
            salt=rng.randint(1, 99_999_999),
        )
        yield Issued(token, certificate, channel, uid)


def replacements(character: str) -> list[str]:
    """Every other character of base64, and some that are foreign to it."""
    return sorted(set(BASE64 + "= -é\0") - {character})


def changed(text: str, position: int, character: str) -> str:
    return text[:position] + character + text[position + 1 :]


def content(token: str) -> tuple[object, ...]:
    """All that a token carries, once it is decoded."""
    return decode_006(token)[:2] if token.startswith("006") else decode_007(token)[:1]


@VERSIONS
def test_a_changed_character_in_the_token_is_refused(version: str) -> None:
    accepted = 0
    for original in issued(version):
        assert original.codes([original.token]) == bytes([Reason.VALID])
        altered = [
            changed(original.token, position, character)
            for position in range(len(original.token))
            for character in replacements(original.token[position])
        ]
        codes = original.codes(altered)
        for token, code in zip(altered, codes, strict=True):
            if code == Reason.VALID:
                accepted += 1
                assert content(token) == content(original.token)
                info = verify(
                    token,
                    original.certificate,
                    channel=original.channel,
                    uid=original.uid,
                    at=NOW,
                )
                assert not info.canonical
    # In 006, whose content is a multiple of 3 bytes long, base64 has no unused bits.
    assert (accepted == 0) == (version == "006")


@VERSIONS
def test_single_calls_refuse_it_too(version: str) -> None:
    """One replacement at every position of some of the tokens, and the reasons agree."""
    rng = random.Random(2)
    for original in list(issued(version))[::10]:
        altered = [
            changed(original.token, position, rng.choice(replacements(character)))
            for position, character in enumerate(original.token)
        ]
        for token, code in zip(altered, original.codes(altered), strict=True):
            asked: dict[str, Any] = {"channel": original.channel, "uid": original.uid, "at": NOW}
            if code == Reason.VALID:
                assert not verify(token, original.certificate, **asked).canonical
            else:
                with pytest.raises(Reason(code).error):
                    verify(token, original.certificate, **asked)


@VERSIONS
def test_a_missing_or_additional_character_is_refused(version: str) -> None:
    for original in issued(version):
        token = original.token
        altered = [token[:position] + token[position + 1 :] for position in range(len(token))]
        altered += [token[:position] + "A" + token[position:] for position in range(len(token) + 1)]
        altered += [token[:position] for position in range(len(token))]
        assert Reason.VALID not in original.codes(altered)


@VERSIONS
def test_a_changed_character_in_the_certificate_is_refused(version: str) -> None:
    for original in issued(version):
        for position, character in enumerate(original.certificate):
            for other in {"0", "9", "a", "f", "A", "g", character.upper()} - {character}:
                certificate = changed(original.certificate, position, other)
                assert not original.is_accepted(certificate, original.channel, original.uid)


@VERSIONS
def test_a_changed_character_in_the_channel_is_refused(version: str) -> None:
    for original in issued(version):
        for position, character in enumerate(original.channel):
            for other in {"a", "Z", "0", " ", "*", "é", character.swapcase()} - {character}:
                channel = changed(original.channel, position, other)
                assert not original.is_accepted(original.certificate, channel, original.uid)


@VERSIONS
def test_a_changed_character_in_the_uid_is_refused(version: str) -> None:
    for original in issued(version):
        text = str(original.uid)
        for position, character in enumerate(text):
            for other in {"0", "1", "9", "a", "-", " ", "é"} - {character}:
                uid = changed(text, position, other)
                assert not original.is_accepted(original.certificate, original.channel, uid)
                if uid.isdecimal() and uid.isascii() and int(uid) < 2**32:
                    number = int(uid)
                    assert not original.is_accepted(original.certificate, original.channel, number)
