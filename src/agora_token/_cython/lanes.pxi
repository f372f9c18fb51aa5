# Messages that are hashed side by side: the HMACs of a group of rows.
#
# Of a group of n rows, lanes 0 to n-1 are the inner hashes, lanes n to 2n-1 the outer ones.

cdef enum:
    GROUP = 64  # rows


cdef struct Lanes:
    uint32_t states[2 * GROUP][8]
    const uint8_t *data[2 * GROUP]
    size_t blocks[2 * GROUP]
    unsigned char pads[2 * GROUP][BLOCK]


cdef inline void fill_states(Lanes *lanes, const uint32_t *state, int first, int count) noexcept nogil:
    cdef int lane
    for lane in range(first, first + count):
        memcpy(lanes.states[lane], state, 32)


cdef inline void use_pads(Lanes *lanes, int first, int count) noexcept nogil:
    """Points lanes at their own pad, one block long."""
    cdef int lane
    for lane in range(first, first + count):
        lanes.data[lane] = lanes.pads[lane]
        lanes.blocks[lane] = 1


cdef inline void hash_lanes(Lanes *lanes, int first, int count) noexcept nogil:
    agora_sha256_many(
        lanes.states + first, lanes.data + first, lanes.blocks + first, count
    )


cdef inline void set_key_pads(
    Lanes *lanes, int lane, int count, const unsigned char *key, int size
) noexcept nogil:
    """Makes a row's pads of its own key."""
    cdef unsigned char *inner = lanes.pads[lane]
    cdef unsigned char *outer = lanes.pads[count + lane]
    cdef int index
    memset(inner, 0x36, BLOCK)
    memset(outer, 0x5C, BLOCK)
    for index in range(size):
        inner[index] ^= key[index]
        outer[index] ^= key[index]


cdef inline void hash_key_pads(Lanes *lanes, int count) noexcept nogil:
    """Absorbs all pads, from the beginning."""
    use_pads(lanes, 0, 2 * count)
    fill_states(lanes, agora_sha256_iv, 0, 2 * count)
    hash_lanes(lanes, 0, 2 * count)


cdef inline void hmac_lanes(Lanes *lanes, int count) noexcept nogil:
    """Absorbs the messages of the inner lanes; leaves the HMACs' states in the outer lanes."""
    cdef int lane
    hash_lanes(lanes, 0, count)
    for lane in range(count):
        store_outer_block(lanes.pads[count + lane], lanes.states[lane])
    use_pads(lanes, count, count)
    hash_lanes(lanes, count, count)
