"""The vectors of ``tests/vectors`` and the services that those of version 007 name."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from agora_token.services import SERVICES, Rtm2Service, Service

Vector = dict[str, Any]


def load(name: str) -> list[Vector]:
    """The objects of ``tests/vectors/<name>.jsonl``."""
    path = Path(__file__).parent.parent / "vectors" / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def integer_keys(entries: dict[str, int]) -> dict[int, int]:
    """A map as it was before JSON made its keys strings."""
    return {int(key): value for key, value in entries.items()}


def service_of(entry: Vector) -> Service:
    """The service that a vector of version 007 names."""
    values = {key: value for key, value in entry.items() if key != "type"}
    values["privileges"] = integer_keys(values["privileges"])
    if entry["type"] == Rtm2Service.type:
        values["permissions"] = {
            int(resource): integer_keys(granted)
            for resource, granted in values["permissions"].items()
        }
    return SERVICES[entry["type"]](**values)


def as_read(service: Service) -> Service:
    """The same service as a token gives it back: a uid as its text, and 0 for none."""
    users = {"uid", "account"} & {each.name for each in fields(service)}  # type: ignore[arg-type]
    given = {name: getattr(service, name) for name in users}
    read = {name: 0 if user in (0, "") else str(user) for name, user in given.items()}
    return replace(service, **read)  # type: ignore[type-var]
