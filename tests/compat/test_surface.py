"""Each class under each import path has the methods of the class that it stands for, and no others.

Public code asks ``hasattr(RtcTokenBuilder, "build_token_with_uid")`` to tell the generations apart.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import subprocess
import sys
import warnings
from types import ModuleType
from typing import Any

import pytest

import agora_token
from agora_token import Issuer, Role, compat
from agora_token.errors import InvalidAppIdError, InvalidInputError, InvalidUserError
from agora_token.reading import read
from helpers.needs import need_module
from helpers.project import APP_ID, CERTIFICATE

RTC_006 = {"buildTokenWithUid", "buildTokenWithAccount"}
RTC_006_NEWEST = RTC_006 | {
    "buildTokenWithUidAndPrivilege",
    "buildTokenWithUserAccountAndPrivilege",
}
RTC_007 = {
    "build_token_with_uid",
    "build_token_with_user_account",
    "build_token_with_uid_and_privilege",
    "build_token_with_user_account_and_privilege",
    "build_token_with_rtm",
    "build_token_with_rtm2",
}
RTM_007 = {"build_token", "build_token_with_permissions"}
CHAT = {"build_user_token", "build_app_token"}
APAAS = {"build_room_user_token", "build_user_token", "build_app_token"}
SERVICE = {"add_privilege", "service_type", "pack", "unpack", "kServiceType"}
PRIVILEGES = {
    "ServiceRtc": "JoinChannel PublishAudioStream PublishVideoStream PublishDataStream",
    "ServiceRtm": "Login",
    "ServiceStreaming": "PublishMixStream PublishRawStream",
    "ServiceFpa": "Login",
    "ServiceChat": "User App",
    "ServiceFCdn": "Publish Play",
    "ServiceApaas": "RoomUser User App",
    "ServiceRtm2": "Login",
    "ServiceConvoAI": "",
    "ServiceStt": "",
}
SURFACE = {
    ("AccessToken", "AccessToken"): {"addPrivilege", "build", "fromString"},
    ("AccessToken", "ReadByteBuffer"): {
        "unPackUint16",
        "unPackUint32",
        "unPackString",
        "unPackMapUint32",
    },
    ("AccessToken2", "AccessToken"): {
        "kServices",
        "add_service",
        "get_services",
        "build",
        "from_string",
        "verify_signature",
    },
    ("RtcTokenBuilder", "RtcTokenBuilder"): RTC_006_NEWEST,
    ("RtcTokenBuilder2", "RtcTokenBuilder"): RTC_007,
    ("RtcTokenBuilder2", "RtcTokenBuilder2"): RTC_007,
    ("RtmTokenBuilder", "RtmTokenBuilder"): {"buildToken"},
    ("RtmTokenBuilder2", "RtmTokenBuilder"): RTM_007,
    ("RtmTokenBuilder2", "RtmTokenBuilder2"): RTM_007,
    ("ChatTokenBuilder2", "ChatTokenBuilder"): CHAT,
    ("ChatTokenBuilder2", "ChatTokenBuilder2"): CHAT,
    ("apaas_token_builder", "ApaasTokenBuilder"): APAAS,
    ("education_token_builder", "EducationTokenBuilder"): APAAS,
    ("fpa_token_builder", "FpaTokenBuilder"): {"build_token"},
    ("convoai_token_builder", "ConvoAITokenBuilder"): {"build_token"},
    ("stt_token_builder", "SttTokenBuilder"): {"build_token"},
    ("AccessToken2", "Service"): SERVICE - {"kServiceType"},
    **{
        ("AccessToken2", name): SERVICE
        | {f"kPrivilege{each}" for each in privileges.split()}
        | ({"Permissions", "get_user_id", "get_permissions"} if name == "ServiceRtm2" else set())
        for name, privileges in PRIVILEGES.items()
    },
}

MODULES = [
    each.name
    for each in pkgutil.iter_modules(compat.__path__)
    if not each.name.startswith(("_", "agora"))
]


def public(kind: Any) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


def imported(name: str) -> ModuleType:
    with warnings.catch_warnings():
        # The vendor's modules warn when they are imported.
        warnings.simplefilter("ignore", DeprecationWarning)
        need_module(name.partition(".")[0])
        return importlib.import_module(name)


@pytest.mark.parametrize(("module", "name"), SURFACE)
@pytest.mark.parametrize("package", ["agora_token.compat", "agora_token"])
def test_a_vendors_class_has_its_methods_and_no_others(
    package: str, module: str, name: str
) -> None:
    kind = getattr(importlib.import_module(f"{package}.{module}"), name)
    assert public(kind) == SURFACE[module, name]
    assert all(not hasattr(kind, each) for each in RTC_006 | RTC_007 if each not in public(kind))


def test_every_class_of_every_module_is_looked_at() -> None:
    known = {name for _, name in SURFACE}
    for module in MODULES:
        for name, value in vars(importlib.import_module(f"agora_token.compat.{module}")).items():
            if inspect.isclass(value) and value.__module__.startswith("agora_token"):
                assert name in {*known, "AccessToken2", "RtcRole"}, (module, name)


@pytest.mark.parametrize("module", ["AccessToken", "RtcTokenBuilder", "RtmTokenBuilder"])
def test_agora_token_builder(module: str) -> None:
    theirs = imported(f"agora_token_builder.{module}")
    ours = importlib.import_module(f"agora_token.compat.agora_token_builder.{module}")
    for name, kind in vars(theirs).items():
        if inspect.isclass(kind):
            assert public(getattr(ours, name)) == public(kind)
        elif not name.startswith("_"):
            assert hasattr(ours, name)


def test_the_package_agora_token_builder() -> None:
    theirs = imported("agora_token_builder")
    ours = importlib.import_module("agora_token.compat.agora_token_builder")
    importlib.import_module("agora_token.compat.agora_token_builder.RtcTokenBuilder")
    for name in ("RtcTokenBuilder", "RtmTokenBuilder"):
        assert inspect.isclass(getattr(ours, name))
        assert public(getattr(ours, name)) == public(getattr(theirs, name))


def test_agoraiotools() -> None:
    theirs = imported("agoraiotools")
    ours = importlib.import_module("agora_token.compat.agoraiotools")
    newer = {"get_services", "verify_signature"}
    for name in public(theirs):
        if inspect.ismodule(vars(theirs)[name]) and not hasattr(ours, name):
            continue  # a submodule
        mine, his = getattr(ours, name), getattr(theirs, name)
        if not inspect.isclass(his):
            continue
        if his.__module__.startswith("agoraiotools"):
            added = newer if name.startswith("AccessToken") else set()
            assert public(mine) == public(his) | added, name


@pytest.mark.parametrize(
    "server",
    [
        lambda kind: hasattr(kind, "build_token_with_uid"),
        lambda kind: "build_token_with_uid" in dir(kind),
    ],
)
def test_code_that_asks_for_methods_gets_the_generation_that_it_had(server: Any) -> None:
    from agora_token.compat import agora_token_builder
    from agora_token.compat.RtcTokenBuilder2 import RtcTokenBuilder

    assert not server(agora_token_builder.RtcTokenBuilder)
    assert server(RtcTokenBuilder)
    assert not hasattr(RtcTokenBuilder, "buildTokenWithUid")


@pytest.mark.parametrize("module", ["agora_token_builder", "RtcTokenBuilder", "RtcTokenBuilder2"])
def test_roles_are_found_on_the_builders_and_do_not_count_as_methods(module: str) -> None:
    builder = importlib.import_module(f"agora_token.compat.{module}").RtcTokenBuilder
    assert (builder.Role_Publisher, builder.Role_Subscriber) == (1, 2)
    assert (builder.Role_Attendee, builder.Role_Admin) == (0, 101)
    assert not [name for name in dir(builder) if name.startswith("Role")]
    found = importlib.import_module(f"agora_token.compat.{module}")
    assert (found.RtcRole.PUBLISHER, found.RtcRole.SUBSCRIBER) == (1, 2)


def test_roles_at_the_top() -> None:
    assert agora_token.RtcRole is Role
    assert agora_token.RtcTokenBuilder.Role_Publisher == 1


@pytest.mark.parametrize("module", MODULES)
def test_a_vendors_module_is_found_directly_under_the_package(module: str) -> None:
    direct = importlib.import_module(f"agora_token.{module}")
    assert direct is importlib.import_module(f"agora_token.compat.{module}")
    assert direct.__spec__ is not None
    assert direct.__spec__.name == f"agora_token.compat.{module}"


AS_PEOPLE_WRITE_IT = """
import agora_token.RtcTokenBuilder2 as whole
from agora_token import RtcTokenBuilder2
from agora_token.RtcTokenBuilder2 import RtcTokenBuilder, Role_Publisher
assert whole is RtcTokenBuilder2 and whole.RtcTokenBuilder is RtcTokenBuilder
from agora_token.RtcTokenBuilder import RtcTokenBuilder as Rtc006, Role_Subscriber
from agora_token.AccessToken import *
from agora_token.AccessToken2 import *
from agora_token.RtmTokenBuilder import RtmTokenBuilder as Rtm006
import agora_token
assert not hasattr(Rtc006, "build_token_with_uid")
for name in ("AccessToken", "AccessToken2", "RtcTokenBuilder", "RtmTokenBuilder"):
    assert isinstance(getattr(agora_token, name), type), name
agora_token.RtcTokenBuilder.build_token_with_uid, agora_token.RtcTokenBuilder.buildTokenWithUid
try:
    import agora_token.nothing
except ModuleNotFoundError as error:
    assert error.name == "agora_token.nothing"
else:
    raise AssertionError
"""


def test_deleting_a_copy_under_our_name_is_enough() -> None:
    subprocess.run([sys.executable, "-c", AS_PEOPLE_WRITE_IT], check=True, timeout=60)


def test_the_vendors_modules_are_not_loaded_before_they_are_wanted() -> None:
    code = "import sys, agora_token\nassert not [n for n in sys.modules if 'compat' in n]"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("module", ["AccessToken2", "RtcTokenBuilder2", "RtcTokenBuilder"])
def test_bytes_where_text_belongs(module: str) -> None:
    found = importlib.import_module(f"agora_token.compat.{module}")
    if module == "AccessToken2":
        for service in (found.ServiceRtm, found.ServiceChat, found.ServiceRtc):
            with pytest.raises(AttributeError):
                service(b"alice")
        assert found.AccessToken(APP_ID.encode(), CERTIFICATE).build() == ""
        return
    build = {
        "RtcTokenBuilder2": ("build_token_with_rtm", (1, 600)),
        "RtcTokenBuilder": ("buildTokenWithUid", (1, 1_800_000_000)),
    }[module]
    function, rest = getattr(found.RtcTokenBuilder, build[0]), build[1]
    with pytest.raises(AttributeError):
        function(APP_ID, CERTIFICATE, b"room-1", "alice", *rest)
    if module == "RtcTokenBuilder2":
        with pytest.raises(AttributeError):
            function(APP_ID, CERTIFICATE, "room-1", b"alice", *rest)
        assert function(APP_ID.encode(), CERTIFICATE, "room-1", "alice", *rest) == ""
    else:
        with pytest.raises(AttributeError):
            function(APP_ID.encode(), CERTIFICATE, "room-1", "alice", *rest)


def test_the_agents_sdks_function() -> None:
    from agora_token.compat.agora_agent import generate_convo_ai_token, generate_rtc_token

    for token in (
        generate_convo_ai_token(APP_ID, CERTIFICATE, "room-1", 1001, 3600),
        generate_convo_ai_token(APP_ID, CERTIFICATE, "room-1", account="1001", token_expire=3600),
    ):
        info = read(token)
        assert [(each.name, each.user) for each in info.services] == [
            ("rtc", "1001"),
            ("rtm", "1001"),
        ]
        assert {each.expire for service in info.services for each in service.privileges} == {3600}
    assert read(generate_convo_ai_token(APP_ID, CERTIFICATE, "room-1", 0)).user == "0"
    assert read(generate_rtc_token(APP_ID, CERTIFICATE, "room-1", 0, role=2)).expire == 86400
    with pytest.raises(InvalidAppIdError):
        generate_convo_ai_token(APP_ID + " ", CERTIFICATE, "room-1", 1)
    for uid in (None, True, b"1", 1.5):
        with pytest.raises(InvalidUserError):
            generate_convo_ai_token(APP_ID, CERTIFICATE, "room-1", uid)  # type: ignore[arg-type]


def test_the_header_of_rest_calls() -> None:
    token = Issuer(APP_ID, CERTIFICATE).rtc_rtm("room-1", "1001")
    assert Issuer.authorization(token) == f"agora token={token}"
    for bad in ("", "007 x", "007x\r\nHost: y", None):
        with pytest.raises(InvalidInputError):
            Issuer.authorization(bad)  # type: ignore[arg-type]
