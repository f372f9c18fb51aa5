# HMAC-SHA256 (RFC 2104) over the kernels of _csrc/.

cdef enum:
    BLOCK = 64

cdef inline size_t pad_message(unsigned char *end, uint64_t total) noexcept nogil:
    """Pads a message of ``total`` bytes that ends at ``end``; returns its number of blocks.

    Writes at most 72 bytes.
    """
    cdef size_t blocks = (total + 9 + BLOCK - 1) // BLOCK
    cdef size_t padding = blocks * BLOCK - total
    memset(end, 0, padding)
    end[0] = 0x80
    agora_store_be64(end + padding - 8, total << 3)
    return blocks


# What follows a digest that is hashed behind a key's block: the padding of 96 bytes.
cdef const unsigned char *_OUTER_PADDING = (
    b"\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x03\0"
)


cdef inline void store_outer_block(unsigned char *block, const uint32_t *inner) noexcept nogil:
    """The outer message of an HMAC: the inner hash's digest and its padding."""
    agora_sha256_digest(inner, block)
    memcpy(block + 32, _OUTER_PADDING, 32)


cdef inline void sha256_blocks(
    uint32_t *state, const unsigned char *data, size_t blocks
) noexcept nogil:
    agora_sha256_many(<uint32_t (*)[8]>state, &data, &blocks, 1)


cdef void key_block(
    const unsigned char *key, size_t size, unsigned char *block
) noexcept nogil:
    """The key as a block, hashed first where it is longer."""
    cdef unsigned char tail[2 * BLOCK]
    cdef uint32_t state[8]
    cdef size_t rest
    memset(block, 0, BLOCK)
    if size <= BLOCK:
        memcpy(block, key, size)
        return
    memcpy(state, agora_sha256_iv, 32)
    sha256_blocks(state, key, size // BLOCK)
    rest = size % BLOCK
    memcpy(tail, key + size - rest, rest)
    sha256_blocks(state, tail, pad_message(tail + rest, size) - size // BLOCK)
    agora_sha256_digest(state, block)
    agora_wipe(tail, sizeof(tail))


cdef inline void mask_block(
    unsigned char *masked, const unsigned char *block, unsigned char mask
) noexcept nogil:
    cdef int index
    for index in range(BLOCK):
        masked[index] = block[index] ^ mask


cdef struct HmacKey:
    # The states of SHA-256 after the inner and the outer block of a key.
    uint32_t inner[8]
    uint32_t outer[8]


cdef void hmac_key(HmacKey *key, const unsigned char *secret, size_t size) noexcept nogil:
    cdef unsigned char block[BLOCK]
    cdef unsigned char masked[2 * BLOCK]
    cdef uint32_t states[2][8]
    cdef const uint8_t *data[2]
    cdef size_t blocks[2]
    key_block(secret, size, block)
    mask_block(masked, block, 0x36)
    mask_block(masked + BLOCK, block, 0x5C)
    memcpy(states[0], agora_sha256_iv, 32)
    memcpy(states[1], agora_sha256_iv, 32)
    data[0], data[1] = masked, masked + BLOCK
    blocks[0] = blocks[1] = 1
    agora_sha256_many(states, data, blocks, 2)
    memcpy(key.inner, states[0], 32)
    memcpy(key.outer, states[1], 32)
    agora_wipe(block, sizeof(block))
    agora_wipe(masked, sizeof(masked))
    agora_wipe(states, sizeof(states))


cdef inline void hmac_finish(
    const HmacKey *key, uint32_t *inner, unsigned char *digest
) noexcept nogil:
    """The outer hash over the inner one's final state."""
    cdef unsigned char block[BLOCK]
    cdef uint32_t state[8]
    store_outer_block(block, inner)
    memcpy(state, key.outer, 32)
    sha256_blocks(state, block, 1)
    agora_sha256_digest(state, digest)


cdef inline void hmac_padded(
    const HmacKey *key, unsigned char *message, size_t size, unsigned char *digest
) noexcept nogil:
    """The HMAC of a message that has room for 72 bytes of padding behind it."""
    cdef uint32_t state[8]
    memcpy(state, key.inner, 32)
    sha256_blocks(state, message, pad_message(message + size, BLOCK + size) - 1)
    hmac_finish(key, state, digest)


cdef void hmac_message(
    const unsigned char *secret,
    size_t secret_size,
    const unsigned char *message,
    size_t size,
    unsigned char *digest,
) noexcept nogil:
    """The HMAC of a message that may stand anywhere, and may be where the digest goes."""
    cdef HmacKey key
    cdef unsigned char tail[2 * BLOCK]
    cdef uint32_t state[8]
    cdef size_t rest = size % BLOCK
    hmac_key(&key, secret, secret_size)
    memcpy(state, key.inner, 32)
    sha256_blocks(state, message, size // BLOCK)
    memcpy(tail, message + size - rest, rest)
    sha256_blocks(state, tail, pad_message(tail + rest, BLOCK + size) - 1 - size // BLOCK)
    hmac_finish(&key, state, digest)
    agora_wipe(&key, sizeof(key))
    agora_wipe(tail, sizeof(tail))


cdef void hmac_of_writer(
    const unsigned char *secret,
    size_t secret_size,
    Writer *writer,
    Py_ssize_t start,
    unsigned char *digest,
) noexcept nogil:
    """The HMAC of what a writer holds from ``start`` on."""
    cdef HmacKey key
    hmac_key(&key, secret, secret_size)
    hmac_padded(&key, writer.data + start, writer.size - start, digest)
    agora_wipe(&key, sizeof(key))
