"""In what shape a certificate was used by mistake: with what stood around it, or decoded."""

from __future__ import annotations

from collections.abc import Iterator


def spoilt(certificate: bytes) -> Iterator[tuple[str, bytes, str]]:
    """How it was used, the key that it then is, and what to do about it."""
    strip = "strip it before it is used: builders of version 006 sign with whatever they get"
    for how, before, after in (
        ("a line break behind it", b"", b"\n"),
        ("a line break (CR LF) behind it", b"", b"\r\n"),
        ("a carriage return behind it", b"", b"\r"),
        ("a space behind it", b"", b" "),
        ("a space before it", b" ", b""),
        ("spaces around it", b" ", b" "),
        ("a tab behind it", b"", b"\t"),
        ("a line break before it", b"\n", b""),
        ("a comma behind it", b"", b","),
        ("a semicolon behind it", b"", b";"),
        ("double quotes around it", b'"', b'"'),
        ("single quotes around it", b"'", b"'"),
        ("backquotes around it", b"`", b"`"),
        ("quotes and a line break around it", b'"', b'"\n'),
        ("a byte order mark (BOM) before it", b"\xef\xbb\xbf", b""),
        ("a zero-width space behind it", b"", b"\xe2\x80\x8b"),
        ("a NUL character behind it", b"", b"\0"),
        ("b'…' around it, as Python prints bytes", b"b'", b"'"),
    ):
        yield f"the certificate and {how}", before + certificate + after, strip
    letters = "copy the certificate from Agora's console as it is"
    for key in (certificate.lower(), certificate.upper()):
        yield "the certificate in other letter case", key, letters
    decoded = "use its 32 characters as they are; they are no hex to be decoded"
    yield "the certificate decoded from hex, 16 bytes", bytes.fromhex(certificate.decode()), decoded
