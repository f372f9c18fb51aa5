"""The two packages on PyPI that carry the vendor's Python, and ``compat``, side by side.

``agora-token-builder`` is version 006, ``agoraiotools`` is both versions, an earlier generation of
007, and the dynamic keys.  Same values in, same token or the same kind of error out.
"""

from __future__ import annotations

import base64
import contextlib
import importlib
import random
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import pytest

from agora_token.compat import AccessToken, AccessToken2
from helpers.needs import need_module
from helpers.project import APP_ID, CERTIFICATE

PROJECTS = [
    (APP_ID, CERTIFICATE),
    (APP_ID.lower(), CERTIFICATE.upper()),
    ("", ""),
    ("short", CERTIFICATE),
    (APP_ID, "short"),
    ("z" * 32, CERTIFICATE),
    (APP_ID, "z" * 32),
    ("ü" * 32, CERTIFICATE),
    ("97 CA 35 de 60 c4 46 45 bb ae 8a", CERTIFICATE),
    (None, CERTIFICATE),
    (APP_ID, 5),
    (APP_ID.encode(), CERTIFICATE),
    (APP_ID, CERTIFICATE.encode()),
]
NAMES = ["room", "", " ", "ünïcode", "a\nb", "*", "x" * 65, "x" * 65535, 5, None, b"room"]
USERS: list[Any] = [
    *(1, 0, -5, 4294967295, 1 << 32, 1 << 64, True, False, None, 0.0, 1.5),
    *("0", "", "1", "ann", "ünïcode", "x" * 65535, [], (), b"ann"),
]
TOO_LONG = "x" * 65536
LONG_NAMES = [*NAMES, TOO_LONG]
LONG_USERS = [*USERS, TOO_LONG]
ROLES = [0, 1, 2, 3, 101, -1, True, 1.0, "1", None]
EXPIRIES = [0, 1, 600, 1446455471, (1 << 32) - 1, 1 << 32, -1, True, 1.9, "600", "x", None]


def load(name: str) -> ModuleType:
    with warnings.catch_warnings():
        # They warn when they are imported.
        warnings.simplefilter("ignore", DeprecationWarning)
        need_module(name.partition(".")[0])
        # Not an attribute of the package, which may be a class of the same name.
        return importlib.import_module(name)


@pytest.fixture(params=["agora_token_builder", "agoraiotools"])
def package_006(request: pytest.FixtureRequest) -> str:
    package: str = request.param
    load(f"{package}.AccessToken")
    return package


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* is deprecated by Agora", DeprecationWarning)
        yield


def outcome(function: Callable[..., Any], *values: Any) -> Any:
    """What a call returns, or the error that it raises."""
    try:
        return function(*values)
    except Exception as error:
        return error


def assert_alike(ours: Any, theirs: Any, values: Values) -> None:
    if isinstance(theirs, Exception) and values.mixed:
        # Which of several bad values is met first makes no difference to anybody.
        assert ours == "" or isinstance(ours, Exception), (values, ours, theirs)
    elif isinstance(theirs, WRONG_TYPE):
        assert isinstance(ours, WRONG_TYPE), (values, ours, theirs)
    elif isinstance(theirs, Exception):
        assert isinstance(ours, type(theirs)), (values, ours, theirs)
    elif theirs == "" and values.mixed:
        assert ours == "" or isinstance(ours, Exception), (values, ours)
    elif theirs.startswith("007"):
        assert content(ours) == content(theirs), values
        if "ng" not in zlib.ZLIB_RUNTIME_VERSION:  # zlib-ng gives them other bytes
            assert ours == theirs, values
    else:
        assert ours == theirs, values


def content(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text[3:]))


def fix(monkeypatch: pytest.MonkeyPatch, module: ModuleType, now: int, salt: int) -> None:
    """Gives their module a time and a salt."""
    dice = SimpleNamespace(randint=lambda low, high: salt)
    monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: now))
    monkeypatch.setattr(module, "secrets", SimpleNamespace(SystemRandom=lambda: dice))


WRONG_TYPE = (AttributeError, TypeError)


class Values(NamedTuple):
    project: tuple[Any, Any]
    others: tuple[Any, ...] = ()
    mixed: bool = False
    """Whether several values may be bad at once."""


def variations(*columns: list[Any]) -> Iterator[Values]:
    """Every value of every column in turn, beside the first of the others; then some mixtures."""
    every: list[list[Any]] = [PROJECTS, *columns]
    first = [column[0] for column in every]
    for index, column in enumerate(every):
        for value in column:
            row = [*first[:index], value, *first[index + 1 :]]
            yield Values(row[0], tuple(row[1:]))
    dice = random.Random(7)
    for _ in range(100):
        row = [dice.choice(column) for column in every]
        yield Values(row[0], tuple(row[1:]), mixed=True)


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    ("module", "method", "columns"),
    [
        ("RtcTokenBuilder", "buildTokenWithUid", (NAMES, USERS, ROLES, EXPIRIES)),
        ("RtcTokenBuilder", "buildTokenWithAccount", (NAMES, USERS, ROLES, EXPIRIES)),
        ("RtmTokenBuilder", "buildToken", (NAMES, ROLES, EXPIRIES)),
    ],
)
def test_builders_006(
    package_006: str,
    module: str,
    method: str,
    columns: tuple[list[Any], ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    access_token = load(f"{package_006}.AccessToken")
    theirs = getattr(getattr(load(f"{package_006}.{module}"), module), method)
    ours = getattr(getattr(load(f"agora_token.compat.{module}"), module), method)
    for values in variations(*columns):
        text = outcome(ours, *values.project, *values.others)
        parsed = AccessToken.AccessToken()
        # An App ID of another length shifts the content.
        if isinstance(text, str) and parsed.fromString(
            "006" + APP_ID + text[3 + len(values.project[0]) :]
        ):
            fix(monkeypatch, access_token, parsed.ts - 86400, parsed.salt)
        assert_alike(text, outcome(theirs, *values.project, *values.others), values)


RTC = (LONG_NAMES, LONG_USERS, ROLES, EXPIRIES)
APAAS_ROOM = (LONG_NAMES, LONG_NAMES, ROLES, EXPIRIES)


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    ("module", "method", "columns"),
    [
        ("RtcTokenBuilder2", "build_token_with_uid", RTC),
        ("RtcTokenBuilder2", "build_token_with_uid", (*RTC, EXPIRIES)),
        ("RtcTokenBuilder2", "build_token_with_user_account", RTC),
        (
            "RtcTokenBuilder2",
            "build_token_with_user_account_and_privilege",  # the one for a uid fails in theirs
            (LONG_NAMES, LONG_USERS, *[EXPIRIES] * 5),
        ),
        (
            "RtcTokenBuilder2",
            "build_token_with_rtm",
            (LONG_NAMES, LONG_NAMES, ROLES, EXPIRIES, EXPIRIES),
        ),
        (
            "RtcTokenBuilder2",
            "build_token_with_rtm2",
            (*RTC, *[EXPIRIES] * 4, LONG_NAMES, EXPIRIES),
        ),
        ("RtmTokenBuilder2", "build_token", (LONG_NAMES, EXPIRIES)),
        ("ChatTokenBuilder2", "build_user_token", (LONG_NAMES, EXPIRIES)),
        ("ChatTokenBuilder2", "build_app_token", (EXPIRIES,)),
        ("fpa_token_builder", "build_token", ()),
        ("apaas_token_builder", "build_room_user_token", APAAS_ROOM),
        ("apaas_token_builder", "build_user_token", (LONG_NAMES, EXPIRIES)),
        ("apaas_token_builder", "build_app_token", (EXPIRIES,)),
        ("education_token_builder", "build_room_user_token", APAAS_ROOM),
        ("education_token_builder", "build_user_token", (LONG_NAMES, EXPIRIES)),
        ("education_token_builder", "build_app_token", (EXPIRIES,)),
    ],
)
def test_builders_007(
    module: str, method: str, columns: tuple[list[Any], ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    access_token = load("agoraiotools.AccessToken2")
    theirs = builder_of(load(f"agoraiotools.{module}"), method)
    ours = builder_of(load(f"agora_token.compat.{module}"), method)
    for values in variations(*columns):
        text = outcome(ours, *values.project, *values.others)
        if isinstance(text, str) and text:
            # After the signature and the App ID, each with its length.
            issue_ts, _, salt = struct.unpack_from("<III", content(text), 34 + 34)
            fix(monkeypatch, access_token, issue_ts, salt)
        assert_alike(text, outcome(theirs, *values.project, *values.others), values)


def builder_of(module: ModuleType, method: str) -> Callable[..., Any]:
    """The method of whichever of a module's builders has it."""
    for name in dir(module):
        if "TokenBuilder" in name and hasattr(getattr(module, name), method):
            function: Callable[..., Any] = getattr(getattr(module, name), method)
            return function
    raise LookupError(method)


SERVICES: list[tuple[str, tuple[Any, ...]]] = [
    ("ServiceRtc", ("room", 5)),
    ("ServiceRtc", ()),
    ("ServiceRtm", ("ann",)),
    ("ServiceFpa", ()),
    ("ServiceChat", ("ann",)),
    ("ServiceApaas", ("room", "ann", 3)),
    ("ServiceApaas", ()),
]


def token_007(module: ModuleType, dice: random.Random) -> Any:
    """A token of random services, privileges, times and salt, of their class or of ours."""
    token = module.AccessToken(
        APP_ID, CERTIFICATE, dice.randrange(1, 1 << 32), dice.randrange(1000)
    )
    token._AccessToken__salt = dice.randrange(1 << 32)
    added = {}
    for name, values in dice.sample(SERVICES, dice.randint(1, len(SERVICES))):
        added[name] = getattr(module, name)(*values)  # theirs keeps one of each type
        for _ in range(dice.randrange(5)):
            added[name].add_privilege(dice.randrange(1 << 16), dice.randrange(1 << 32))
    for service in added.values():
        token.add_service(service)
    return token


@pytest.mark.usefixtures("backend")
def test_access_token_007() -> None:
    theirs = load("agoraiotools.AccessToken2")
    for seed in range(200):
        ours = token_007(AccessToken2, random.Random(seed)).build()
        assert content(ours) == content(token_007(theirs, random.Random(seed)).build())


def state(token: Any) -> list[Any]:
    names = ("app_id", "issue_ts", "expire", "salt")
    found = [getattr(token, f"_AccessToken__{name}") for name in names]
    for number, service in sorted(token._AccessToken__service.items()):
        found.append((number, sorted(vars(service).items())))
    return found


def test_parsing_007_that_was_altered() -> None:
    theirs = load("agoraiotools.AccessToken2")
    dice = random.Random(11)
    parsed = refused = 0
    for seed in range(40):
        original = content(token_007(AccessToken2, random.Random(seed)).build())
        for _ in range(40):
            text = "007" + base64.b64encode(zlib.compress(altered(original, dice))).decode()
            our_token, their_token = AccessToken2.AccessToken(), theirs.AccessToken()
            our_result = outcome(our_token.from_string, text)
            with contextlib.redirect_stdout(None):  # where they print their errors
                their_result = outcome(their_token.from_string, text)
            if their_result is True:
                assert our_result is True
                assert state(our_token) == state(their_token)
                parsed += 1
            elif our_result is not True:  # an unknown service ends the list only with us
                assert isinstance(our_result, ValueError)
                assert isinstance(their_result, ValueError)
                refused += 1
    assert min(parsed, refused) > 100


def altered(data: bytes, dice: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.randrange(3)):
        changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed[: dice.choice((len(changed), dice.randrange(len(changed))))])


def test_parsing_006_that_was_altered(package_006: str) -> None:
    theirs = load(f"{package_006}.AccessToken")
    token = AccessToken.AccessToken(APP_ID, CERTIFICATE, "room", 5)
    for privilege in range(1, 6):
        token.addPrivilege(privilege, privilege)
    original = base64.b64decode(token.build()[35:])
    dice = random.Random(13)
    results = set()
    for _ in range(1000):
        text = "006" + APP_ID + base64.b64encode(altered(original, dice)).decode()
        our_token = AccessToken.AccessToken("", "", "", "")
        their_token = theirs.AccessToken()
        result = our_token.fromString(text)
        with contextlib.redirect_stdout(None):
            assert their_token.fromString(text) is result
        if result:
            assert (our_token.appID, our_token.salt, our_token.ts, our_token.messages) == (
                their_token.appID, their_token.salt, their_token.ts, their_token.messages
            )  # fmt: skip
        results.add(result)
    assert results == {True, False}


KEY_TIMES = [1446455472, 0, 1 << 32, -1, "5", 1.5, True, None]
KEY_RANDOM = [58964981, 0, -1, 1 << 32, 1 << 40, True, "7", 1.5, None]
KEY_COLUMNS = {
    "DynamicKey": (NAMES, KEY_TIMES, KEY_RANDOM),
    "DynamicKey2": (NAMES, KEY_TIMES, KEY_RANDOM, KEY_RANDOM, KEY_TIMES),
    "DynamicKey3": (NAMES, KEY_TIMES, KEY_RANDOM, KEY_RANDOM, KEY_TIMES),
    "DynamicKey4": (NAMES, KEY_TIMES, KEY_RANDOM, KEY_RANDOM, KEY_TIMES),
    "DynamicKey5": (NAMES[:-2], KEY_TIMES, KEY_RANDOM, KEY_RANDOM, KEY_TIMES),
}
MORE = {
    ("DynamicKey4", "generateDynamicKey"): (["ARS", "", "x"],),
    ("DynamicKey4", "generateSignature"): (["ARS", "", "x"],),
    ("DynamicKey5", "generateInChannelPermissionKey"): ([b"0", "3", "x" * 65536],),
}


@pytest.mark.parametrize("name", KEY_COLUMNS)
def test_dynamic_keys(name: str) -> None:
    ours, theirs = load(f"agora_token.compat.{name}"), load(f"agoraiotools.{name}")
    functions = [function for function in ours.__all__ if function.startswith("generate")]
    if name == "DynamicKey5":  # these two take the service first and a dictionary last
        functions = [f for f in functions if f.endswith("Key") and f != "generateDynamicKey"]
    for function in functions:
        columns = (*KEY_COLUMNS[name], *MORE.get((name, function), ()))
        for values in variations(*columns):
            assert_alike(
                outcome(getattr(ours, function), *values.project, *values.others),
                outcome(getattr(theirs, function), *values.project, *values.others),
                values,
            )


def test_signaling_token() -> None:
    ours, theirs = load("agora_token.compat.SignalingToken"), load("agoraiotools.SignalingToken")
    for values in variations(NAMES, EXPIRIES):
        account, expiry = values.others
        assert_alike(
            outcome(ours.generateSignalingToken, account, *values.project, expiry),
            outcome(theirs.generateSignalingToken, account, *values.project, expiry),
            values,
        )


@pytest.mark.parametrize(
    "name",
    [
        *("agora_token_builder.AccessToken", "agora_token_builder.RtcTokenBuilder"),
        *("agora_token_builder.RtmTokenBuilder", "agoraiotools.AccessToken"),
        *("agoraiotools.AccessToken2", "agoraiotools.RtcTokenBuilder"),
        *("agoraiotools.RtcTokenBuilder2", "agoraiotools.RtmTokenBuilder"),
        *("agoraiotools.RtmTokenBuilder2", "agoraiotools.ChatTokenBuilder2"),
        *("agoraiotools.apaas_token_builder", "agoraiotools.education_token_builder"),
        *("agoraiotools.fpa_token_builder", "agoraiotools.SignalingToken"),
        *("agoraiotools.DynamicKey", "agoraiotools.DynamicKey2", "agoraiotools.DynamicKey3"),
        *("agoraiotools.DynamicKey4", "agoraiotools.DynamicKey5"),
        *("agoraiotools.Packer", "agoraiotools.utils"),
    ],
)
def test_star_imports_give_their_names(name: str) -> None:
    theirs = {key for key in vars(load(name)) if not key.startswith("_")}
    ours = set(load(f"agora_token.compat.{name.partition('.')[2]}").__all__)
    assert theirs <= ours
