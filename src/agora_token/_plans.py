"""A project's plans: what tokens of one kind have in common, worked out once and kept."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, cast

from . import _backend
from ._columns import Column, Constant, Objects, column_values
from .errors import InvalidInputError

if TYPE_CHECKING:
    from ._core import Plan006, Plan007
    from ._products import Grant

_MAX_PLANS = 256


class Plans:
    """Makes plans and keeps them, a bounded number.  Threads may share it."""

    def __init__(self, app_id: bytes, certificate: bytes) -> None:
        self._app_id = app_id
        self._certificate = certificate
        self._plans: dict[Hashable, Plan006 | Plan007] = {}

    def get(self, key: Hashable, make: Callable[[], Plan006 | Plan007]) -> Plan006 | Plan007:
        """The plan kept under a key; it is made the first time."""
        try:
            return self._plans[key]
        except (KeyError, TypeError):  # what cannot be hashed is refused when the plan is made
            plan = make()
        if len(self._plans) >= _MAX_PLANS:
            self._plans.clear()
        self._plans[key] = plan
        return plan

    def make(self, product: str, grants: Sequence[Grant], version: str) -> Plan006 | Plan007:
        """A plan of ``product`` whose variants are ``grants``; raises if one cannot be granted."""
        # Not at the top: `import agora_token` does not need the tables.
        from ._products import CHAT_USER, PRODUCTS, WITH_CHAT_USER

        try:
            found = PRODUCTS[product]
        except KeyError:
            known = ", ".join(PRODUCTS)
            raise InvalidInputError(
                f"product {product!r} is not known; it must be {known}"
            ) from None
        if version not in found.versions:
            raise InvalidInputError(
                f"version {version!r} is not one that {product} tokens have: "
                f"{' or '.join(found.versions)}"
            )
        if version == "006":
            variants_006 = [found.variant_006(grant) for grant in grants]
            return _backend.Plan006(self._app_id, self._certificate, found.fields_006, variants_006)
        variants = [found.variant_007(grant) for grant in grants]
        if product not in WITH_CHAT_USER:
            return _backend.Plan007(self._app_id, self._certificate, found.fields, variants)
        fields = (*found.fields, CHAT_USER)
        plan = _backend.Plan007(self._app_id, self._certificate, fields, variants)
        return cast("Plan007", _ChatUserPlan(plan))


class _ChatUserPlan:
    """A plan with one more field: the chat user, which is the MD5 of the last one."""

    def __init__(self, plan: Plan007) -> None:
        self._plan = plan

    def one(self, values: tuple[object, ...], *rest: Any) -> str:
        return self._plan.one((*values, _md5_hex(values[-1])), *rest)

    def many(self, columns: tuple[Column, ...], start: int, stop: int, *rest: Any) -> Any:
        return self._plan.many(_with_chat_user(columns, start, stop), start, stop, *rest)

    def column(
        self, columns: tuple[Column, ...], start: int, stop: int, *rest: Any, **named: Any
    ) -> Any:
        extended = _with_chat_user(columns, start, stop)
        return self._plan.column(extended, start, stop, *rest, **named)


def _with_chat_user(columns: tuple[Column, ...], start: int, stop: int) -> tuple[Column, ...]:
    users = columns[-1]
    if isinstance(users, Constant):
        return (*columns, Constant(_md5_hex(users.value)))
    hashed = [_md5_hex(user) for user in column_values(users, start, stop)]
    return (*columns, Objects([""] * start + hashed if start else hashed))


def _md5_hex(user: object) -> str:
    from hashlib import md5  # loads OpenSSL

    # The protocol's choice of hash, not a matter of security.  A bad user is refused by its field.
    data = user.encode(errors="replace") if isinstance(user, str) else b""
    return md5(data, usedforsecurity=False).hexdigest()
