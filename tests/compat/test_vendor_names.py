"""A star import of a compat module gives the names that a star import of the vendor's gave."""

from __future__ import annotations

import importlib
import subprocess
import sys
import types

import pytest


def words(text: str) -> set[str]:
    return set(text.split())


PACKER = words("""
    struct pack_uint16 unpack_uint16 pack_uint32 unpack_uint32 pack_int16 unpack_int16 pack_string
    unpack_string pack_map_uint32 unpack_map_uint32 pack_map_string unpack_map_string
""")
UTILS = {"hashlib", "get_md5"}

# The oldest generation packs under camel-case names of its own, the newest takes Packer's.
ACCESS_TOKEN = PACKER | words("""
    hmac sha256 ctypes base64 crc32 random secrets time warnings OrderedDict kJoinChannel
    kPublishAudioStream kPublishVideoStream kPublishDataStream kPublishAudiocdn kPublishAudioCdn
    kPublishVideoCdn kRequestPublishAudioStream kRequestPublishVideoStream
    kRequestPublishDataStream kInvitePublishAudioStream kInvitePublishVideoStream
    kInvitePublishDataStream kAdministrateChannel kRtmLogin VERSION_LENGTH APP_ID_LENGTH getVersion
    packUint16 packUint32 packInt32 packString packMap packMapUint32 ReadByteBuffer unPackContent
    unPackMessages AccessToken
""")
ACCESS_TOKEN_2 = PACKER | words("""
    time hmac zlib base64 secrets sha256 OrderedDict VERSION_LENGTH get_version Service ServiceRtc
    ServiceRtm ServiceStreaming ServiceFpa ServiceChat ServiceFCdn ServiceApaas ServiceRtm2
    ServiceConvoAI ServiceStt AccessToken AccessToken2
""")
KEY = {"hmac", "ctypes", "warnings", "sha1"}
CLASSIC_KEY = KEY | {"generateSignaure", "generate"}
SERVICE_KEY = KEY | words("""
    generatePublicSharingKey generateRecordingKey generateMediaChannelKey generateDynamicKey
    generateSignature
""")

NAMES = {
    "AccessToken": ACCESS_TOKEN,
    "AccessToken2": ACCESS_TOKEN_2,
    "RtcTokenBuilder": ACCESS_TOKEN
    | {"os", "sys", "Role_Attendee", "Role_Publisher", "Role_Subscriber", "Role_Admin"}
    | {"RtcTokenBuilder"},
    "RtcTokenBuilder2": ACCESS_TOKEN_2
    | {"Role_Publisher", "Role_Subscriber", "RtcTokenBuilder", "RtcTokenBuilder2"},
    "RtmTokenBuilder": ACCESS_TOKEN | {"os", "sys", "Role_Rtm_User", "RtmTokenBuilder"},
    "RtmTokenBuilder2": ACCESS_TOKEN_2 | {"RtmTokenBuilder", "RtmTokenBuilder2"},
    "ChatTokenBuilder2": ACCESS_TOKEN_2 | {"ChatTokenBuilder", "ChatTokenBuilder2"},
    "apaas_token_builder": ACCESS_TOKEN_2 | UTILS | {"ApaasTokenBuilder"},
    "education_token_builder": ACCESS_TOKEN_2 | UTILS | {"EducationTokenBuilder"},
    "fpa_token_builder": ACCESS_TOKEN_2 | {"FpaTokenBuilder"},
    "convoai_token_builder": ACCESS_TOKEN_2 | {"Role_Publisher", "ConvoAITokenBuilder"},
    "stt_token_builder": ACCESS_TOKEN_2 | {"Role_Publisher", "SttTokenBuilder"},
    "DynamicKey": CLASSIC_KEY,
    "DynamicKey2": CLASSIC_KEY,
    "DynamicKey3": CLASSIC_KEY,
    "DynamicKey4": SERVICE_KEY,
    "DynamicKey5": PACKER
    | SERVICE_KEY
    | {"base64", "generateInChannelPermissionKey", "NoUpload", "AudioVideoUpload"}
    | {"MEDIA_CHANNEL_SERVICE", "RECORDING_SERVICE", "PUBLIC_SHARING_SERVICE"}
    | {"IN_CHANNEL_PERMISSION", "ALLOW_UPLOAD_IN_CHANNEL"},
    "SignalingToken": {"hashlib", "warnings", "generateSignalingToken"},
    "Packer": PACKER,
    "utils": UTILS,
}


@pytest.mark.parametrize("module", NAMES)
def test_a_star_import_gives_the_vendors_names(module: str) -> None:
    namespace: dict[str, object] = {}
    exec(f"from agora_token.compat.{module} import *", namespace)
    del namespace["__builtins__"]
    assert set(namespace) == NAMES[module]
    for name, value in namespace.items():
        if isinstance(value, types.ModuleType):
            assert value.__name__ == name


CONSTANTS: dict[str, dict[str, object]] = {
    "AccessToken": {
        "VERSION_LENGTH": 3,
        "APP_ID_LENGTH": 32,
        "kJoinChannel": 1,
        "kPublishAudioStream": 2,
        "kPublishVideoStream": 3,
        "kPublishDataStream": 4,
        "kPublishAudioCdn": 5,
        "kPublishAudiocdn": 5,
        "kPublishVideoCdn": 6,
        "kRequestPublishAudioStream": 7,
        "kRequestPublishVideoStream": 8,
        "kRequestPublishDataStream": 9,
        "kInvitePublishAudioStream": 10,
        "kInvitePublishVideoStream": 11,
        "kInvitePublishDataStream": 12,
        "kAdministrateChannel": 101,
        "kRtmLogin": 1000,
    },
    "AccessToken2": {"VERSION_LENGTH": 3},
    "RtcTokenBuilder": {
        "Role_Attendee": 0,
        "Role_Publisher": 1,
        "Role_Subscriber": 2,
        "Role_Admin": 101,
    },
    "RtcTokenBuilder2": {"Role_Publisher": 1, "Role_Subscriber": 2},
    "RtmTokenBuilder": {"Role_Rtm_User": 1},
    "convoai_token_builder": {"Role_Publisher": 1},
    "stt_token_builder": {"Role_Publisher": 1},
    "DynamicKey5": {
        "MEDIA_CHANNEL_SERVICE": 1,
        "RECORDING_SERVICE": 2,
        "PUBLIC_SHARING_SERVICE": 3,
        "IN_CHANNEL_PERMISSION": 4,
        "ALLOW_UPLOAD_IN_CHANNEL": 1,
        "NoUpload": b"0",
        "AudioVideoUpload": b"3",
    },
}


@pytest.mark.parametrize("module", CONSTANTS)
def test_constants(module: str) -> None:
    found = vars(importlib.import_module(f"agora_token.compat.{module}"))
    for name, value in CONSTANTS[module].items():
        assert found[name] == value
        assert type(found[name]) is type(value), name


SERVICE_CONSTANTS: dict[str, tuple[int, dict[str, int]]] = {
    "ServiceRtc": (
        1,
        {
            "JoinChannel": 1,
            "PublishAudioStream": 2,
            "PublishVideoStream": 3,
            "PublishDataStream": 4,
        },
    ),
    "ServiceRtm": (2, {"Login": 1}),
    "ServiceStreaming": (3, {"PublishMixStream": 1, "PublishRawStream": 2}),
    "ServiceFpa": (4, {"Login": 1}),
    "ServiceChat": (5, {"User": 1, "App": 2}),
    "ServiceFCdn": (6, {"Publish": 1, "Play": 2}),
    "ServiceApaas": (7, {"RoomUser": 1, "User": 2, "App": 3}),
    "ServiceRtm2": (8, {"Login": 1}),
    "ServiceConvoAI": (9, {}),
    "ServiceStt": (10, {}),
}


@pytest.mark.parametrize("name", SERVICE_CONSTANTS)
def test_services_have_their_types_and_privileges(name: str) -> None:
    number, privileges = SERVICE_CONSTANTS[name]
    module = importlib.import_module("agora_token.compat.AccessToken2")
    service = getattr(module, name)
    assert service.kServiceType == number
    assert service().service_type() == number
    assert module.AccessToken.kServices[number] is service
    found = {key: value for key, value in vars(service).items() if key.startswith("kPrivilege")}
    assert found == {f"kPrivilege{privilege}": value for privilege, value in privileges.items()}


def test_importing_warns_of_nothing() -> None:
    imports = "\n".join(f"from agora_token.compat.{module} import *" for module in NAMES)
    subprocess.run([sys.executable, "-W", "error", "-c", imports], check=True, timeout=60)
