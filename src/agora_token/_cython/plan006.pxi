# Version 006: three compressions a token, where channel and uid are short.

cdef struct Variant006:
    int count
    uint16_t privileges[MAX_PRIVILEGES]
    uint32_t lifetimes[MAX_PRIVILEGES]


cdef enum:
    MAX_TAIL = 6 + 6 * MAX_PRIVILEGES  # the message without its salt: ts and the map
    TAIL_ROOM = 4 + MAX_TAIL


cdef Py_ssize_t store_tail(
    unsigned char *where, const Variant006 *variant, uint32_t issued_at
) noexcept nogil:
    cdef int index
    store_u32(where, issued_at + MAX_LIFETIME)
    store_u16(where + 4, variant.count)
    where += 6
    for index in range(variant.count):
        store_u16(where, variant.privileges[index])
        store_u32(where + 2, issued_at + variant.lifetimes[index] if variant.lifetimes[index] else 0)
        where += 6
    return 6 + 6 * variant.count


cdef class Plan006(Plan):
    cdef HmacKey key
    cdef Variant006 *variants
    cdef unsigned char prefix[VERSION + 32]

    def __cinit__(self, bytes app_id, bytes certificate, tuple fields, variants):
        cdef int index, entry
        variants = list(variants)
        if not 1 <= len(fields) <= 2:
            raise ValueError(f"a version 006 plan has a channel and a user, not {len(fields)} fields")
        self._open(app_id, certificate, fields, len(variants))
        self.variants = <Variant006 *>malloc(sizeof(Variant006) * (len(variants) or 1))
        if self.variants == NULL:
            raise MemoryError
        for index, (privileges, lifetimes) in enumerate(variants):
            if len(privileges) > MAX_PRIVILEGES:
                raise ValueError(f"a plan has at most {MAX_PRIVILEGES} privileges")
            self.variants[index].count = len(privileges)
            for entry in range(len(privileges)):
                self.variants[index].privileges[entry] = privileges[entry]
                self.variants[index].lifetimes[entry] = lifetimes[entry]
        hmac_key(&self.key, certificate, len(certificate))
        memcpy(self.prefix, b"006", VERSION)
        memcpy(self.prefix + VERSION, <const unsigned char *>app_id, 32)
        self.prepared_size = self.variant_count * (4 + MAX_TAIL)
        self.max_message = 32 + self.field_count * MAX_FIELD + TAIL_ROOM + PADDING
        self.max_token = VERSION + 32 + base64_size(HEADER_006 + TAIL_ROOM)

    def __dealloc__(self):
        agora_wipe(&self.key, sizeof(self.key))
        free(self.variants)

    cdef void _prepare(self, uint32_t issued_at, unsigned char *where) noexcept:
        """The message's tail of each variant, with its size in front."""
        cdef uint32_t size
        cdef int index
        for index in range(self.variant_count):
            size = store_tail(where + 4, &self.variants[index], issued_at)
            memcpy(where, &size, 4)
            where += 4 + MAX_TAIL

    cdef object _sign_one(
        self, const Slice *row, int variant, uint32_t issued_at, uint32_t salt
    ):
        cdef unsigned char buffer[HEADER_006 + 32 + 2 * MAX_FIELD + TAIL_ROOM + PADDING]
        cdef unsigned char signature[32]
        cdef unsigned char *end = buffer + HEADER_006
        cdef unsigned char *message
        cdef Slice user
        cdef Py_ssize_t size
        user.data, user.size = NULL, 0
        if self.field_count > 1:
            user = row[1]
        memcpy(end, self.prefix + VERSION, 32)
        memcpy(end + 32, row[0].data, row[0].size)
        end += 32 + row[0].size
        if user.size:
            memcpy(end, user.data, user.size)
        message = end + user.size
        store_u32(message, salt)
        size = 4 + store_tail(message + 4, &self.variants[variant], issued_at)
        hmac_padded(
            &self.key, buffer + HEADER_006, message + size - buffer - HEADER_006, signature
        )
        # As in build006: the header goes right before the message.
        store_header_006(
            message - HEADER_006,
            signature,
            agora_crc32(0, row[0].data, row[0].size),
            agora_crc32(0, user.data, user.size),
            size,
        )
        token = new_ascii(VERSION + 32 + base64_size(HEADER_006 + size))
        memcpy(ascii_data(token), self.prefix, VERSION + 32)
        agora_base64_encode(
            <char *>ascii_data(token) + VERSION + 32, message - HEADER_006, HEADER_006 + size
        )
        return token

    cdef void _sign_group(
        self,
        Slice **fields,
        const int *rows,
        int count,
        const int32_t *variants,
        const unsigned char *prepared,
        Work *work,
        unsigned char *out,
    ) noexcept nogil:
        cdef Lanes *lanes = &work.lanes
        cdef unsigned char *end = work.messages
        cdef unsigned char *begin
        cdef unsigned char *content
        cdef const unsigned char *tail = prepared
        cdef const Slice *channel
        cdef const Slice *user
        cdef const unsigned char *known = NULL  # the channel whose CRC is in channel_crc
        cdef uint32_t channel_crc = 0, tail_size
        cdef int lane, row
        for lane in range(count):
            row = rows[lane]
            if variants != NULL:
                tail = prepared + variants[row] * (4 + MAX_TAIL)
            memcpy(&tail_size, tail, 4)
            content = work.contents[lane]
            store_u32(content + HEADER_006, work.salts[row])
            memcpy(content + HEADER_006 + 4, tail + 4, tail_size)
            channel = &fields[0][row]
            begin = end
            memcpy(end, self.prefix + VERSION, 32)
            memcpy(end + 32, channel.data, channel.size)
            end += 32 + channel.size
            if self.field_count > 1:
                user = &fields[1][row]
                memcpy(end, user.data, user.size)
                end += user.size
            memcpy(end, content + HEADER_006, 4 + tail_size)
            end += 4 + tail_size
            lanes.data[lane] = begin
            lanes.blocks[lane] = pad_message(end, BLOCK + (end - begin)) - 1
            end = begin + BLOCK * lanes.blocks[lane]
        fill_states(lanes, self.key.inner, 0, count)
        fill_states(lanes, self.key.outer, count, count)
        hmac_lanes(lanes, count)
        for lane in range(count):
            row = rows[lane]
            channel = &fields[0][row]
            if channel.data != known:
                known = channel.data
                channel_crc = agora_crc32(0, channel.data, channel.size)
            content = work.contents[lane]
            if variants != NULL:
                tail = prepared + variants[row] * (4 + MAX_TAIL)
            memcpy(&tail_size, tail, 4)
            store_u16(content, 32)
            agora_sha256_digest(lanes.states[count + lane], content + 2)
            store_u32(content + 34, channel_crc)
            store_u32(
                content + 38,
                agora_crc32(0, fields[1][row].data, fields[1][row].size)
                if self.field_count > 1
                else 0,
            )
            store_u16(content + 42, 4 + tail_size)
            memcpy(out, self.prefix, VERSION + 32)
            work.sizes[row] = VERSION + 32 + agora_base64_encode(
                <char *>out + VERSION + 32, content, HEADER_006 + 4 + tail_size
            )
            out += work.sizes[row]
