# Version 007: about ten compressions a token, and deflate.

cdef struct Variant007:
    uint32_t expire
    int slots
    int slot[MAX_SLOTS]  # the field that stands behind each literal but the last
    Slice literal[MAX_SLOTS + 1]


cdef class Plan007(Plan):
    cdef Variant007 *variants
    cdef unsigned char head[34]  # str(app_id)
    cdef list literals  # what the variants borrow from
    cdef uint32_t key_time
    cdef bint has_key
    cdef unsigned char key[32]  # the certificate's at key_time; single calls mostly share a second

    def __cinit__(self, bytes app_id, bytes certificate, tuple fields, variants):
        cdef int index, part
        cdef Py_ssize_t info, largest = 0
        cdef bytes literal
        variants = list(variants)
        self._open(app_id, certificate, fields, len(variants))
        self.variants = <Variant007 *>malloc(sizeof(Variant007) * (len(variants) or 1))
        if self.variants == NULL:
            raise MemoryError
        store_u16(self.head, 32)
        memcpy(self.head + 2, <const unsigned char *>app_id, 32)
        self.literals = []
        for index, (expire, literals, slots) in enumerate(variants):
            if len(slots) > MAX_SLOTS or len(literals) != len(slots) + 1:
                raise ValueError(f"a layout has at most {MAX_SLOTS} slots, and a literal around each")
            self.variants[index].expire = expire
            self.variants[index].slots = len(slots)
            info = 34 + 12 + len(slots) * (2 + MAX_FIELD)
            for part, slot in enumerate(slots):
                if not 0 <= slot < self.field_count:
                    raise ValueError(f"there is no field {slot}")
                self.variants[index].slot[part] = slot
            for part, literal in enumerate(literals):
                self.literals.append(literal)
                self.variants[index].literal[part].data = <const unsigned char *>literal
                self.variants[index].literal[part].size = len(literal)
                info += len(literal)
            largest = max(largest, info)
        if HEADER_007 + largest > AGORA_DEFLATE_MAX_INPUT:
            raise ValueError(f"a content of {HEADER_007 + largest} bytes is too large for a plan")
        self.prepared_size = 4 + BLOCK
        self.max_message = HEADER_007 + largest + PADDING
        self.max_token = VERSION + base64_size(agora_deflate_bound(HEADER_007 + largest))

    def __dealloc__(self):
        agora_wipe(self.key, sizeof(self.key))
        free(self.variants)

    cdef void _make_key(self, uint32_t issued_at, unsigned char *key) noexcept:
        cdef unsigned char number[4]
        cdef bytes certificate = self.certificate
        store_u32(number, issued_at)
        hmac_message(
            number, 4, <const unsigned char *>certificate, len(certificate), key
        )

    cdef void _prepare(self, uint32_t issued_at, unsigned char *where) noexcept:
        """The time of issue, and the block that hashes the certificate's key at it."""
        memcpy(where, &issued_at, 4)
        self._make_key(issued_at, where + 4)
        memcpy(where + 4 + 32, _OUTER_PADDING, 32)

    cdef inline Py_ssize_t _store_info(
        self,
        unsigned char *info,
        Slice **fields,
        int row,
        const Variant007 *variant,
        uint32_t issued_at,
        uint32_t salt,
    ) noexcept nogil:
        cdef unsigned char *end = info
        cdef const Slice *field
        cdef int part
        memcpy(end, self.head, 34)
        store_u32(end + 34, issued_at)
        store_u32(end + 38, variant.expire)
        store_u32(end + 42, salt)
        end += 46
        memcpy(end, variant.literal[0].data, variant.literal[0].size)
        end += variant.literal[0].size
        for part in range(variant.slots):
            field = &fields[variant.slot[part]][row]
            store_u16(end, field.size)
            memcpy(end + 2, field.data, field.size)
            end += 2 + field.size
            memcpy(end, variant.literal[part + 1].data, variant.literal[part + 1].size)
            end += variant.literal[part + 1].size
        return end - info

    cdef inline uint32_t _kind(
        self, Slice **fields, int row, int variant, uint32_t salt
    ) noexcept nogil:
        """A number for rows of one layout, whose contents are alike."""
        cdef uint32_t kind = variant
        cdef int part
        for part in range(self.variants[variant].slots):
            kind = 257 * kind + <uint32_t>fields[self.variants[variant].slot[part]][row].size
        return 2 * kind + salt_kind(salt)

    cdef object _sign_one(
        self, const Slice *row, int variant, uint32_t issued_at, uint32_t salt
    ):
        cdef unsigned char content[AGORA_DEFLATE_MAX_INPUT + PADDING]
        cdef unsigned char number[4]
        cdef unsigned char signing[32]
        cdef HmacKey key
        cdef const Slice *fields[MAX_FIELDS]
        cdef Py_ssize_t size
        cdef int index
        for index in range(self.field_count):
            fields[index] = &row[index]
        if not self.has_key or self.key_time != issued_at:
            self._make_key(issued_at, self.key)
            self.key_time = issued_at
            self.has_key = True
        size = self._store_info(
            content + HEADER_007,
            <Slice **>fields,
            0,
            &self.variants[variant],
            issued_at,
            salt,
        )
        store_u32(number, salt)
        hmac_message(number, 4, self.key, 32, signing)
        hmac_key(&key, signing, 32)
        store_u16(content, 32)
        hmac_padded(&key, content + HEADER_007, size, content + 2)
        agora_wipe(&key, sizeof(key))
        agora_wipe(signing, sizeof(signing))
        return token_of_content(
            content, HEADER_007 + size, self._kind(<Slice **>fields, 0, variant, salt)
        )

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
        cdef unsigned char *content = work.messages
        cdef unsigned char *contents[GROUP]
        cdef Py_ssize_t sizes[GROUP]
        cdef unsigned char key[32]
        cdef uint32_t issued_at
        cdef int lane, row, variant
        memcpy(&issued_at, prepared, 4)
        # Each row's key: the HMAC under its salt of the certificate's key.
        for lane in range(count):
            store_u32(key, work.salts[rows[lane]])
            set_key_pads(lanes, lane, count, key, 4)
        hash_key_pads(lanes, count)
        for lane in range(count):
            lanes.data[lane] = prepared + 4
            lanes.blocks[lane] = 1
        hmac_lanes(lanes, count)
        # Each row's signature: the HMAC under its key of its info.
        for lane in range(count):
            agora_sha256_digest(lanes.states[count + lane], key)
            set_key_pads(lanes, lane, count, key, 32)
        agora_wipe(key, sizeof(key))
        hash_key_pads(lanes, count)
        for lane in range(count):
            row = rows[lane]
            contents[lane] = content
            sizes[lane] = self._store_info(
                content + HEADER_007,
                fields,
                row,
                &self.variants[0 if variants == NULL else variants[row]],
                issued_at,
                work.salts[row],
            )
            content += HEADER_007
            lanes.data[lane] = content
            lanes.blocks[lane] = pad_message(content + sizes[lane], BLOCK + sizes[lane]) - 1
            content += BLOCK * lanes.blocks[lane]
        hmac_lanes(lanes, count)
        for lane in range(count):
            row = rows[lane]
            variant = 0 if variants == NULL else variants[row]
            store_u16(contents[lane], 32)
            agora_sha256_digest(lanes.states[count + lane], contents[lane] + 2)
            memcpy(out, b"007", VERSION)
            work.sizes[row] = VERSION + agora_base64_encode(
                <char *>out + VERSION,
                work.packed,
                agora_deflate_alike(
                    &work.deflate,
                    work.packed,
                    contents[lane],
                    HEADER_007 + sizes[lane],
                    self._kind(fields, row, variant, work.salts[row]),
                ),
            )
            out += work.sizes[row]
