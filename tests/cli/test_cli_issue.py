"""``agora-token issue``: one token of each product."""

from __future__ import annotations

import pytest

from agora_token._products import PRODUCTS
from agora_token.reading import read
from agora_token.verifying import verify
from helpers.command_line import Agora
from helpers.project import APP_ID, CERTIFICATE

VALUES = {
    "channel": ["--channel", "room"],
    "uid": ["--uid", "42"],
    "account": ["--account", "alice"],
    "user_id": ["--user-id", "alice"],
    "room_uuid": ["--room-uuid", "class"],
    "user_uuid": ["--user-uuid", "alice"],
}


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_product(agora: Agora, product: str) -> None:
    arguments = [text for name in PRODUCTS[product].parameters for text in VALUES[name]]
    if product.endswith("room-user"):
        arguments += ["--role", "2"]
    result = agora("issue", product, *arguments)
    assert (result.status, result.err) == (0, "")
    info = verify(result.out.strip(), CERTIFICATE, leeway=5)
    assert info.app_id == APP_ID
    assert info.lifetime == (86400 if product == "fpa" else 3600)


def test_options_of_rtc(agora: Agora) -> None:
    result = agora(
        *("issue", "rtc", "--channel", "room", "--account", "alice", "--role", "subscriber"),
        *("--expires-in", "90m", "--token-version", "007"),
    )
    (service,) = read(result.out.strip()).services
    assert (service.channel, service.user) == ("room", "alice")
    assert [(each.number, each.expire) for each in service.privileges] == [(1, 5400)]


def test_version_006(agora: Agora) -> None:
    arguments = ["--channel", "room", "--uid", "42", "--token-version", "006"]
    token = agora("issue", "rtc", *arguments).out.strip()
    assert verify(token, CERTIFICATE, channel="room", uid=42, leeway=5).version == "006"


def test_uid_is_a_number_and_account_is_text(agora: Agora) -> None:
    def user(*arguments: str) -> str | None:
        return read(agora("issue", "rtc", "--channel", "room", *arguments).out.strip()).user

    assert user("--uid", "0") == ""
    assert user("--account", "0") == "0"
    assert user("--uid", "007") == "7"
    assert user("--account", "007") == "007"
    usage = agora("issue", "rtc", "--help").out
    assert "as a number" in usage
    assert "as text" in usage


@pytest.mark.parametrize(
    "arguments",
    [
        ["rtc"],
        ["rtc", "--channel", "room"],
        ["rtc", "--uid", "42"],
        ["rtc", "--channel", "room", "--uid", "alice"],
        ["rtc", "--channel", "room", "--uid", "4294967296"],
        ["rtc", "--channel", "room", "--uid", "1", "--account", "a"],
        ["rtc", "--channel", "room", "--uid", "1", "--role", "king"],
        ["rtc", "--channel", "room", "--uid", "1", "--expires-in", "1w"],
        ["rtc", "--channel", "room", "--uid", "1", "--token-version", "005"],
        ["chat-user", "--user-id", "a", "--token-version", "006"],
        ["apaas-room-user", "--room-uuid", "a", "--user-uuid", "b"],
    ],
)
def test_usage_errors(agora: Agora, arguments: list[str]) -> None:
    result = agora("issue", *arguments)
    assert (result.status, result.out) == (2, "")
    assert "Usage: agora-token issue" in result.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--channel", "sälon", "--uid", "1"], "channel 'sälon'"),
        (["--channel", "x" * 65, "--uid", "1"], "65 bytes"),
        (["--channel", "*", "--uid", "0"], "every channel"),
        (["--channel", "room", "--uid", "1", "--expires-in", "25h"], "24 hours"),
        (["--channel", "room", "--uid", "1", "--expires-in", "0"], "expires_in"),
        (["--channel", "room", "--account", ""], "uid is empty"),
    ],
)
def test_values_that_are_refused(agora: Agora, arguments: list[str], message: str) -> None:
    result = agora("issue", "rtc", *arguments)
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("agora-token: ")
    assert message in result.err
    assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize("name", ["AGORA_APP_ID", "AGORA_APP_CERTIFICATE"])
def test_a_missing_or_bad_project(agora: Agora, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["issue", "rtc", "--channel", "room", "--uid", "1"]
    for value in (None, "", "secret"):
        monkeypatch.delenv(name) if value is None else monkeypatch.setenv(name, value)
        result = agora(*arguments)
        assert (result.status, result.out) == (2, "")
        assert CERTIFICATE not in result.err
        if name == "AGORA_APP_CERTIFICATE":
            assert "secret" not in result.err
