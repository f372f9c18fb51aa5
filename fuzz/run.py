"""Fuzzes reading, verifying and explaining for a bounded time; see README.md beside it.

python fuzz/run.py --seconds 60 [--seed 1] [--atheris]
"""

from __future__ import annotations

import argparse
import base64
import random
import sys
import time
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

PIECES = ("", "%2B", " ", "\n", "=", "==", "006", "007", "eJ", "\0", "é", "\ud800", "AAAA", "1:")


def seeds() -> list[str]:
    """Tokens of every version."""
    from helpers.vectors import load

    return [
        vector.get("token") or vector["key"]
        for name in ("006", "007", "dynamic_key", "signaling")
        for vector in load(name)
    ]


def mutated_bytes(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(changed) + 1)
        action = rng.randrange(4)
        if action == 0:
            changed[at : at + 1] = rng.choice(
                (b"\0", b"\1", b"\2", b"\x08", b"\xff", rng.randbytes(1))
            )
        elif action == 1:
            changed[at : at + rng.randrange(8)] = b""
        elif action == 2:
            changed[at:at] = rng.randbytes(rng.randrange(8))
        else:
            start = rng.randrange(len(changed) + 1)
            changed[at : at + 4] = changed[start : start + 4]
    return bytes(changed)


def signed(content: bytes) -> bytes:
    """The content with a signature that holds, so that what it says is looked at."""
    from agora_token._pure import hmac_sha256
    from agora_token._wire.signing import issue_key, signing_key
    from helpers.project import CERTIFICATE

    info = content[34:]
    issued, salt = (int.from_bytes(info[at : at + 4], "little") for at in (34, 42))
    key = signing_key(issue_key(CERTIFICATE.encode(), issued, hmac_sha256), salt, hmac_sha256)
    return b"\x20\0" + hmac_sha256(key, info) + info


def mutated(token: str, other: str, rng: random.Random) -> str:
    """A token with damage: to its text, its compressed bytes or what they decompress to."""
    level = rng.randrange(4)
    try:
        if level == 0 and token.startswith("007"):
            content = mutated_bytes(zlib.decompress(base64.b64decode(token[3:])), rng)
            if rng.random() < 0.5:
                content = signed(content)
            packed = zlib.compress(content, rng.randrange(10))
            return "007" + base64.b64encode(packed).decode("ascii")
        if level == 1:
            start = 35 if token.startswith("006") else 3
            packed = mutated_bytes(base64.b64decode(token[start:]), rng)
            return token[:start] + base64.b64encode(packed).decode("ascii")
    except (ValueError, zlib.error):
        pass  # a legacy key, or what an earlier mutation left, has no such level
    at = rng.randrange(len(token) + 1)
    if level == 2:
        return token[:at] + other[rng.randrange(len(other)) :]
    return token[:at] + rng.choice(PIECES) + token[at + rng.randrange(4) :]


def by_mutation(seconds: float, seed: int) -> int:
    """Runs until the time is over; returns how many texts were tried."""
    from helpers.hostile import survive

    rng = random.Random(seed)
    corpus = seeds()
    end = time.monotonic() + seconds
    tried = 0
    while time.monotonic() < end:
        token = rng.choice(corpus)
        for _ in range(rng.randint(1, 3)):
            token = mutated(token, rng.choice(corpus), rng)
        try:
            survive(token)
        except BaseException:
            print(f"the text that did it: {token!r}", file=sys.stderr)
            raise
        tried += 1
    return tried


def by_coverage(seconds: float, seed: int) -> None:
    """Lets atheris look for texts that reach new code."""
    import atheris  # type: ignore[import-untyped]  # wheels for few platforms

    with atheris.instrument_imports(include=["agora_token"]):
        from helpers.hostile import survive

    def one_input(data: bytes) -> None:
        survive(data.decode("utf-8", "surrogateescape"))

    corpus = Path(__file__).parent.parent / "build" / "fuzz"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, token in enumerate(seeds()):
        (corpus / f"seed-{number}").write_text(token, encoding="utf-8")
    limits = [f"-max_total_time={seconds:.0f}", f"-seed={seed}", "-max_len=4096"]
    atheris.Setup([sys.argv[0], str(corpus), *limits], one_input)
    atheris.Fuzz()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, usage="%(prog)s [options]")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--seed", type=int, default=None, help="a new one each time by default")
    parser.add_argument("--atheris", action="store_true", help="guided by coverage")
    options = parser.parse_args()
    seed = random.randrange(1 << 31) if options.seed is None else options.seed
    print(f"seed {seed}")
    if options.atheris:
        by_coverage(options.seconds, seed)
    else:
        print(f"{by_mutation(options.seconds, seed)} texts survived")


if __name__ == "__main__":
    main()
