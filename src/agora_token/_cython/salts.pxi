# Random salts: 1 to 99999999, uniform, from the operating system's CSPRNG (as _salts.py).

cdef enum:
    MAX_SALT = 99999999
    POOL_SIZE = 256

cdef uint32_t _pool[POOL_SIZE]
cdef size_t _pooled = 0


cdef int fill_salts(uint32_t *salts, size_t count) except -1:
    """Writes ``count`` new salts."""
    cdef size_t done = 0, index, numbers
    cdef uint32_t number
    cdef bytes block
    while done < count:
        numbers = count - done
        numbers += numbers // 32 + 4  # about one in 45 is thrown away
        block = os.urandom(4 * numbers)
        for index in range(len(block) // 4):
            memcpy(&number, PyBytes_AS_STRING(block) + 4 * index, 4)
            # Up to the last multiple of MAX_SALT, so that the remainder is unbiased.
            if number < <uint32_t>42 * MAX_SALT and done < count:
                salts[done] = number % MAX_SALT + 1
                done += 1
    return 0


cdef inline uint32_t next_salt() except 0:
    """One salt of the pool, under the GIL."""
    global _pooled
    cdef uint32_t salts[POOL_SIZE]
    if not _pooled:
        # Another thread may run meanwhile, and fill the pool and take from it too.
        fill_salts(salts, POOL_SIZE)
        memcpy(_pool, salts, sizeof(salts))
        _pooled = POOL_SIZE
    _pooled -= 1
    return _pool[_pooled]


def random_salt():
    return next_salt()


def _forget_pool():
    """A child process must not use the salts that its parent will use."""
    global _pooled
    _pooled = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)
