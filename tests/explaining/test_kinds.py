"""Tokens wrapped, damaged and made wrongly, by rules and not by examples: each is named rightly."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import random
import string
import struct
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import quote
from zlib import crc32

from agora_token import AccessToken, Issuer, explain, kJoinChannel
from agora_token.explaining import Cause
from helpers.project import APP_ID, CERTIFICATE

NOW = 1_800_000_000
COUNT = 5000


class Made(NamedTuple):
    """A text, what is asked of it, and the cause that it is to be given; None if it is valid."""

    text: str
    asked: dict[str, Any]
    cause: Cause | None


def name(rng: random.Random, most: int = 12) -> str:
    return "".join(rng.choices(string.ascii_letters, k=rng.randint(1, most)))


def good(rng: random.Random) -> tuple[str, dict[str, Any]]:
    channel, uid = name(rng), rng.randint(1, 2**32 - 1)
    version = rng.choice(("006", "007"))
    token = Issuer(APP_ID, CERTIFICATE).rtc(channel, uid, version=version, issued_at=NOW)
    return token, {"channel": channel, "uid": uid}


def valid(rng: random.Random) -> Made:
    token, asked = good(rng)
    return Made(token, asked, None)


BRACKETS = [
    ("(", ")"),
    ("[", "]"),
    ("{", "}"),
    ("<", ">"),
    ("«", "»"),
    ("„", "“"),
    ("「", "」"),
    ("`", "`"),
]


def wrapped(rng: random.Random) -> Made:
    token, asked = good(rng)
    before, after = rng.choice(BRACKETS)
    key, other = name(rng), name(rng)
    text = rng.choice(
        (
            f'agora token="{token}"',
            f"Authorization: Bearer {token}",
            f"Authorization: agora token={token}",
            json.dumps({key: token, other: rng.randint(0, 9)}),
            json.dumps({key: token}).replace("/", "\\/"),
            f"https://{other}.example/{key}?token={token}&x=1",
            f"{key}: {token}",
            f"{key} = {token};",
            f"{before}{token}{after}",
            f"```\n{token}\n```",
            f"[{key}]({token})",
            f"{token}.",
            f"\ufeff{token}",
            f"{token[:50]}\u200b{token[50:]}",
            f"  {token}\n",
            f"{name(rng)} {name(rng)}: {token} ({other})",
            repr(token.encode()),
        )
    )
    return Made(text, asked, Cause.SURROUNDED)


def encoded(rng: random.Random) -> Made:
    token, asked = good(rng)
    data = token.encode()
    text = rng.choice(
        (
            base64.b64encode(data).decode(),
            base64.urlsafe_b64encode(data).decode().rstrip("="),
            binascii.hexlify(data).decode(),
        )
    )
    return Made(text, asked, Cause.ENCODED_AGAIN)


def percent(rng: random.Random) -> Made:
    token, asked = good(rng)
    while not {"+", "/", "="} & set(token):
        token, asked = good(rng)
    text = quote(token, safe="")
    return Made(quote(text, safe="") if rng.random() < 0.5 else text, asked, Cause.URL_ENCODED)


def cut(rng: random.Random) -> Made:
    token, asked = good(rng)
    return Made(token[: rng.randint(60, len(token) - 5)], asked, Cause.CUT_SHORT)


def version_lost(rng: random.Random) -> Made:
    token, asked = good(rng)
    return Made(token[rng.randint(1, 3) :], asked, Cause.VERSION_LOST)


def something_else(rng: random.Random) -> Made:
    def word(length: int) -> str:
        return "".join(rng.choices(string.ascii_letters + string.digits, k=length))

    text = rng.choice(
        (
            "",
            " \n",
            rng.choice(("null", "undefined", "None", "nil", "NaN", "[object Object]")),
            APP_ID,
            CERTIFICATE,
            f"eyJ{word(20)}.eyJ{word(30)}.{word(43)}",
            f"YWMt{word(22)}",
            f"NETLESS{rng.choice(('SDK', 'ROOM', 'TASK'))}_{word(40)}",
            f"<{name(rng)} {name(rng)}>",
            f"YOUR_{name(rng).upper()}_TOKEN",
            f"${{{name(rng).upper()}}}",
        )
    )
    return Made(text, {}, Cause.NOT_A_TOKEN)


def of_006(key: bytes, channel: str, uid: str, privileges: dict[int, int]) -> str:
    """As builders of version 006 sign, with whatever they are given."""
    message = struct.pack("<IIH", 77, NOW + 86_400, len(privileges))
    message += b"".join(struct.pack("<HI", *each) for each in privileges.items())
    signature = hmac.new(key, (APP_ID + channel + uid).encode() + message, sha256).digest()
    checksums = struct.pack("<II", crc32(channel.encode()), crc32(uid.encode()))
    content = struct.pack("<H", 32) + signature + checksums + struct.pack("<H", len(message))
    return f"006{APP_ID}{base64.b64encode(content + message).decode()}"


def spoilt_certificate(rng: random.Random) -> Made:
    around = rng.choice((("", "\n"), ("", "\r\n"), (" ", ""), ("", " "), ('"', '"'), ("'", "'")))
    key = f"{around[0]}{CERTIFICATE}{around[1]}".encode()
    key = rng.choice((key, key, CERTIFICATE.lower().encode(), bytes.fromhex(CERTIFICATE)))
    channel, uid = name(rng), rng.randint(1, 2**32 - 1)
    token = of_006(key, channel, str(uid), {1: NOW + 3600})
    return Made(token, {"channel": channel, "uid": uid}, Cause.WRONG_CERTIFICATE)


def malformed_app_id(rng: random.Random) -> Made:
    app_id = rng.choice(("", name(rng), "your-app-id", APP_ID[: rng.randint(5, 31)], f"{APP_ID}\n"))
    token = AccessToken(app_id, CERTIFICATE, "room", 42)
    token.addPrivilege(kJoinChannel, NOW + 3600)
    return Made(token.build(), {"channel": "room", "uid": 42}, Cause.MALFORMED_APP_ID)


def over_before_issue(rng: random.Random) -> Made:
    channel, uid = name(rng), rng.randint(1, 2**32 - 1)
    over = NOW - rng.randint(60, 86_400)
    token = of_006(CERTIFICATE.encode(), channel, str(uid), {1: over})
    return Made(token, {"channel": channel, "uid": uid}, Cause.OVER_BEFORE_ISSUE)


def milliseconds(rng: random.Random) -> Made:
    channel, uid = name(rng), rng.randint(1, 2**32 - 1)
    wrong = (NOW * 1000 + rng.choice((3600, 86_400, 3_600_000, 86_400_000))) % 2**32
    token = of_006(CERTIFICATE.encode(), channel, str(uid), {1: wrong})
    return Made(token, {"channel": channel, "uid": uid}, Cause.MILLISECONDS)


def zero_at_client(rng: random.Random) -> Made:
    token, asked = good(rng)
    return Made(token, {**asked, "uid": 0}, Cause.UID_ZERO_AT_CLIENT)


def beyond_32_bits(rng: random.Random) -> Made:
    channel, uid = name(rng), rng.randint(2**32, 2**43)
    token = of_006(CERTIFICATE.encode(), channel, str(uid), {1: NOW + 3600})
    asked = rng.choice((uid, uid % 2**32))
    return Made(token, {"channel": channel, "uid": asked}, Cause.UID_BEYOND_32_BITS)


KINDS: list[Callable[[random.Random], Made]] = [
    valid,
    wrapped,
    wrapped,
    encoded,
    percent,
    cut,
    version_lost,
    something_else,
    spoilt_certificate,
    malformed_app_id,
    over_before_issue,
    milliseconds,
    zero_at_client,
    beyond_32_bits,
]


def test_kinds_are_named_rightly() -> None:
    rng = random.Random(11)
    made: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for number in range(COUNT):
        kind = KINDS[number % len(KINDS)]
        text, asked, cause = kind(rng)
        diagnosis = explain(text, CERTIFICATE, at=NOW, **asked)
        made[kind.__name__] += 1
        if cause is None:
            assert diagnosis.valid, diagnosis
            continue
        assert not diagnosis.valid, (text, asked, diagnosis)
        missed[kind.__name__] += diagnosis.causes[0] is not cause
        assert CERTIFICATE not in str(diagnosis), "a certificate in the text is not shown"
    table = {kind: f"{made[kind] - missed[kind]} of {made[kind]}" for kind in made}
    assert sum(missed.values()) <= 0.05 * COUNT, table
    assert all(missed[kind] <= 0.1 * made[kind] for kind in made), table
