"""``SimpleTokenBuilder``: its roles, its results, and which of the vendor's defects it lacks."""

from __future__ import annotations

import copy
import json
import pickle
from types import ModuleType

import pytest

from agora_token.builders.access_token import FAILURE, SUCCESS, AccessToken, SimpleTokenBuilder
from helpers.project import APP_ID, CERTIFICATE, CHANNEL, TOKEN_006, UID

ROLES = {
    0: {1, 2, 3, 4},
    1: {1, 2, 3, 4, 5, 6, 10, 11, 12},
    2: {1, 7, 8, 9},
    101: {1, 2, 3, 4, 101},
}


def builder() -> SimpleTokenBuilder:
    return SimpleTokenBuilder(APP_ID, CERTIFICATE, CHANNEL, UID)


@pytest.mark.parametrize("role", ROLES)
def test_roles(role: int) -> None:
    simple = builder()
    assert simple.initPrivileges(role)
    assert simple.token.messages == dict.fromkeys(ROLES[role], 0)


def test_a_role_replaces_the_privileges_before_it() -> None:
    simple = builder()
    simple.setPrivilege(1000, 5)
    assert simple.initPrivileges(2)
    assert set(simple.token.messages) == ROLES[2]


@pytest.mark.parametrize("role", [3, 4, -1, "1", None, 100])
def test_other_roles_fail_and_change_nothing(role: object) -> None:
    simple = builder()
    simple.setPrivilege(1, 5)
    assert simple.initPrivileges(role) < 0  # type: ignore[arg-type]
    assert simple.token.messages == {1: 5}


def test_builders_share_nothing() -> None:
    first, second = builder(), builder()
    assert first.initPrivileges(0)
    first.setPrivilege(1000, 5)
    assert first.removePrivilege(1)
    assert second.initPrivileges(0)
    assert set(second.token.messages) == ROLES[0]


def test_removing_a_privilege() -> None:
    simple = builder()
    assert simple.initPrivileges(2)
    assert simple.removePrivilege(7) == 0
    assert simple.removePrivilege(7) < 0
    assert set(simple.token.messages) == {1, 8, 9}


def test_init_from_a_token(backend: ModuleType) -> None:
    simple = SimpleTokenBuilder("a" * 32, CERTIFICATE, CHANNEL, UID)
    assert simple.initTokenBuilder(TOKEN_006)
    token = simple.token
    assert isinstance(token, AccessToken)
    assert (token.appID, token.salt, token.ts) == (APP_ID, 1, 1111111)
    assert (token.appCertificate, token.channelName) == (CERTIFICATE, CHANNEL)
    assert token.uidStr == str(UID)
    assert simple.buildToken() == TOKEN_006
    simple.setPrivilege(2, 9)
    assert token.messages == {1: 1446455471, 2: 9}
    assert simple.buildToken() != TOKEN_006


@pytest.mark.parametrize("junk", ["", "junk", TOKEN_006[:-4], "007" + TOKEN_006[3:], None])
def test_init_from_junk_changes_nothing(junk: object) -> None:
    simple = builder()
    assert simple.initPrivileges(1)
    before = copy.deepcopy(vars(simple.token))
    assert simple.initTokenBuilder(junk) < 0  # type: ignore[arg-type]
    assert vars(simple.token) == before


def test_the_other_spelling() -> None:
    simple = builder()
    assert simple.initPrivilige(0) == 0
    assert simple.removePriviledge(4) == 0
    assert simple.removePriviledge(4) < 0
    assert set(simple.token.messages) == {1, 2, 3}


def test_keywords() -> None:
    simple = SimpleTokenBuilder(
        appID=APP_ID, appCertificate=CERTIFICATE, channelName=CHANNEL, uid=1
    )
    assert simple.initPrivileges(role=1)
    assert simple.initTokenBuilder(originToken=TOKEN_006)
    simple.setPrivilege(privilege=1, expireTimestamp=0)
    assert simple.removePrivilege(privilege=1)


def test_success_for_callers_of_both_conventions() -> None:
    result = builder().initPrivileges(1)
    assert result
    assert bool(result) is True
    assert result == True  # noqa: E712
    assert not result == False  # noqa: E712, SIM201
    assert result != False  # noqa: E712
    assert not result != True  # noqa: E712, SIM202
    assert result == 0
    assert 0 == result  # noqa: SIM300
    assert not result != 0  # noqa: SIM202
    assert not result < 0
    assert result >= 0
    assert result != -1
    assert result in (0,)
    assert int(result) == 0
    assert result == SUCCESS


def test_failure_for_callers_of_both_conventions() -> None:
    result = builder().removePrivilege(1)
    assert not result
    assert bool(result) is False
    assert result == False  # noqa: E712
    assert not result == True  # noqa: E712, SIM201
    assert result != True  # noqa: E712
    assert not result != False  # noqa: E712, SIM202
    assert result == -1
    assert result < 0
    assert not result >= 0
    assert result != 0
    assert 0 != result  # noqa: SIM300
    assert result not in (0, True)
    assert int(result) == -1
    assert result == FAILURE
    assert result != SUCCESS


@pytest.mark.parametrize("outcome", [SUCCESS, FAILURE], ids=repr)
def test_results_are_values(outcome: int) -> None:
    assert hash(outcome) == hash(int(outcome))
    for same in (copy.copy(outcome), pickle.loads(pickle.dumps(outcome))):
        assert same == outcome
        assert bool(same) == bool(outcome)
    assert json.dumps(outcome) == str(int(outcome))
