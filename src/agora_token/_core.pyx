# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, embedsignature=True
"""The native backend: the contract of ``_core.pyi`` in C.

The parts, each included below, from the bottom up:

* ``salts.pxi``    random salts from the operating system's CSPRNG
* ``packing.pxi``  integers, strings and Python values as bytes of the wire format
* ``hmac.pxi``     HMAC-SHA256 over the kernels of ``_csrc/``
* ``build.pxi``    one token from whatever the vendor's builders take: ``build006``, ``build007``
* ``columns.pxi``  columns of values as rows of checked bytes
* ``lanes.pxi``    the HMACs of many rows side by side
* ``plans.pxi``    what both versions' plans share: one token, or a column of them without the GIL
* ``plan006.pxi``, ``plan007.pxi``  the two versions
* ``tokens.pxi``, ``judge.pxi``, ``verification.pxi``  tokens taken apart, judged, verified by the column
"""

cimport cython

import os
from zlib import compress as zlib_compress

from ._wire.values import CERTIFICATE, fitting, is_hex32, text_bytes, to_u16, to_u32, user_bytes
from ._columns import Constant, Integers, Objects, Strings
from ._fields import refuse_open_wildcard
from .errors import AgoraTokenError, BackendError, ColumnError

include "_cython/salts.pxi"
include "_cython/packing.pxi"
include "_cython/hmac.pxi"
include "_cython/build.pxi"
include "_cython/columns.pxi"
include "_cython/lanes.pxi"
include "_cython/plans.pxi"
include "_cython/plan006.pxi"
include "_cython/plan007.pxi"
include "_cython/tokens.pxi"
include "_cython/judge.pxi"
include "_cython/verification.pxi"

NAME = "native"


# Each kernel is tested against known answers before it is used.
agora_sha256_init()
agora_crc32_init()
agora_base64_init()
agora_deflate_init(&_deflate)
agora_inflate_init()
if agora_deflate_bound(AGORA_DEFLATE_MAX_INPUT) > DEFLATE_ROOM:
    raise BackendError("agora_token._core was built with deflate.h and _core.pxd of different versions")


def kernels():
    return {
        "sha256": agora_sha256_kernel().decode("ascii"),
        "crc32": agora_crc32_kernel().decode("ascii"),
        "base64": agora_base64_kernel().decode("ascii"),
        "deflate": "small-input",
    }


def available_kernels(str primitive):
    """The names of the kernels of ``sha256``, ``crc32`` or ``base64`` that this machine supports."""
    names = []
    cdef size_t index = 0
    cdef const char *name
    while True:
        if primitive == "sha256":
            name, supported = agora_sha256_kernel_name(index), agora_sha256_kernel_supported(index)
        elif primitive == "crc32":
            name, supported = agora_crc32_kernel_name(index), agora_crc32_kernel_supported(index)
        else:
            name, supported = agora_base64_kernel_name(index), agora_base64_kernel_supported(index)
        if name == NULL:
            return names
        if supported:
            names.append(name.decode("ascii"))
        index += 1


def force_kernel(str primitive, str name):
    """Puts a kernel to use by name, for tests; raises BackendError where it cannot be."""
    encoded = name.encode()
    cdef int result
    if primitive == "sha256":
        result = agora_sha256_force(encoded)
    elif primitive == "crc32":
        result = agora_crc32_force(encoded)
    else:
        result = agora_base64_force(encoded)
    if result:
        why = {-1: "unknown", -2: "not supported on this machine", -3: "failing its self-test"}
        raise BackendError(f"{primitive} kernel {name!r} is {why[result]}")


def hash_blocks(const unsigned char[::1] data, size_t lanes):
    """Hashes ``data`` as ``lanes`` messages side by side, at most 64, for benchmarks to time."""
    cdef uint32_t states[GROUP][8]
    cdef const uint8_t *messages[GROUP]
    cdef size_t blocks[GROUP]
    cdef size_t lane
    if not 1 <= lanes <= GROUP:
        raise ValueError(f"there are 1 to {GROUP} lanes, not {lanes}")
    for lane in range(lanes):
        blocks[lane] = data.shape[0] // BLOCK // lanes
        messages[lane] = &data[0] + lane * blocks[lane] * BLOCK
        memcpy(states[lane], agora_sha256_iv, 32)
    agora_sha256_many(states, messages, blocks, lanes)


def crc32(const unsigned char[::1] data):
    return agora_crc32(0, &data[0] if data.shape[0] else NULL, data.shape[0])


def hmac_sha256(bytes key, bytes data):
    cdef unsigned char digest[32]
    cdef Writer writer
    writer_open(&writer, 0)
    try:
        writer_put(&writer, <const unsigned char *>data, len(data))
        hmac_of_writer(<const unsigned char *>key, len(key), &writer, 0, digest)
        return digest[:32]
    finally:
        writer_close(&writer)


def compress(bytes data):
    cdef unsigned char packed[DEFLATE_ROOM]
    if len(data) > AGORA_DEFLATE_MAX_INPUT:
        return zlib_compress(data, 6)
    size = agora_deflate(&_deflate, packed, data, len(data))
    return packed[:size]
