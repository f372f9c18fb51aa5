# What the native backend uses of _csrc/ and of the C API.

from cpython.buffer cimport (
    PyBUF_SIMPLE,
    PyBUF_WRITABLE,
    PyBuffer_FillInfo,
    PyBuffer_Release,
    PyObject_GetBuffer,
)
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.list cimport PyList_New, PyList_SET_ITEM
from cpython.long cimport PyLong_CheckExact
from cpython.ref cimport Py_INCREF
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcmp, memcpy, memset

cdef extern from "Python.h":
    const Py_ssize_t PY_SSIZE_T_MAX
    bint PyUnicode_CheckExact(object)
    bint PyUnicode_IS_COMPACT_ASCII(object)
    void *PyUnicode_DATA(object)
    Py_ssize_t PyUnicode_GET_LENGTH(object)
    object PyUnicode_New(Py_ssize_t, Py_UCS4)
    long long PyLong_AsLongLongAndOverflow(object, int *) except? -1

cdef extern from "<time.h>" nogil:
    struct timespec:
        long tv_sec
    enum: TIME_UTC
    int timespec_get(timespec *, int)

cdef extern from "wipe.h" nogil:
    void agora_wipe(void *, size_t)

cdef extern from "bytes.h" nogil:
    void store_u16 "agora_store_le16"(unsigned char *, uint16_t)
    void store_u32 "agora_store_le32"(unsigned char *, uint32_t)
    void agora_store_be64(unsigned char *, uint64_t)

cdef extern from "allocate.h" nogil:
    void *agora_allocate(size_t)

cdef extern from "sha256/sha256.h" nogil:
    const uint32_t agora_sha256_iv[8]
    void agora_sha256_many(uint32_t (*)[8], const uint8_t *const *, const size_t *, size_t)
    void agora_sha256_digest(const uint32_t *, uint8_t *)
    int agora_sha256_init()
    const char *agora_sha256_kernel()
    int agora_sha256_force(const char *)
    const char *agora_sha256_kernel_name(size_t)
    int agora_sha256_kernel_supported(size_t)

cdef extern from "crc32.h" nogil:
    uint32_t agora_crc32(uint32_t, const uint8_t *, size_t)
    int agora_crc32_init()
    const char *agora_crc32_kernel()
    int agora_crc32_force(const char *)
    const char *agora_crc32_kernel_name(size_t)
    int agora_crc32_kernel_supported(size_t)

cdef extern from "base64.h" nogil:
    size_t agora_base64_encode(char *, const uint8_t *, size_t)
    Py_ssize_t agora_base64_decode(uint8_t *, const char *, size_t, int *)
    int agora_base64_init()
    const char *agora_base64_kernel()
    int agora_base64_force(const char *)
    const char *agora_base64_kernel_name(size_t)
    int agora_base64_kernel_supported(size_t)

cdef extern from "deflate/deflate.h" nogil:
    enum: AGORA_DEFLATE_MAX_INPUT
    ctypedef struct agora_deflate_state:
        pass
    void agora_deflate_init(agora_deflate_state *)
    size_t agora_deflate_bound(size_t)
    size_t agora_deflate(agora_deflate_state *, uint8_t *, const uint8_t *, size_t)
    size_t agora_deflate_alike(
        agora_deflate_state *, uint8_t *, const uint8_t *, size_t, uint32_t kind
    )

cdef enum:
    # More than agora_deflate_bound(AGORA_DEFLATE_MAX_INPUT), which is checked when the module loads.
    DEFLATE_ROOM = 8192
