# Verification of a column of tokens without the GIL.
#
# Plain rows are decided here: a well-formed token of ASCII and of usual size, held against plain
# values.  Whatever else there is, malformed tokens first of all, is left to _judging, which
# decides for both backends what is malformed, and in which order the reasons come.


cdef struct Checks:
    # The memory of one call.
    Lanes lanes
    Parsed tokens[GROUP]
    unsigned char decoded[PLAIN_CONTENT + BLOCK]
    unsigned char contents[GROUP][PLAIN_CONTENT + PADDING]
    unsigned char message[GROUP][32 + 2 * MAX_FIELD + PLAIN_CONTENT + PADDING]


@cython.internal
cdef class AnyText:
    """In place of a field: plain ASCII or a plain integer, of which nothing more is demanded."""

    name = "text"
    wildcard = False
    max_bytes = MAX_FIELD
    characters = bytes(range(128))
    cdef readonly bint integers
    cdef readonly bint anybody

    def __cinit__(self, bint integers):
        self.integers = integers
        self.anybody = True

    def encode(self, value):
        raise AgoraTokenError("not a plain value")


cdef Reader text_reader(
    object column, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t max_bytes, bint integers
):
    cdef Rule rule = Rule(AnyText(integers))
    rule.max_bytes = max_bytes
    return Reader(rule, column, start, stop)


def verify(
    tokens,
    Py_ssize_t start,
    Py_ssize_t stop,
    tuple certificates,
    demands,
    channels,
    uids,
    user_ids,
    reasons,
):
    # Not at the top: judging tokens is no part of issuing them, which `import agora_token` is for.
    from ._judging import Expected, asks_007, services_asked_006, verify_row

    cdef Reader token_reader = text_reader(tokens, start, stop, PLAIN_TEXT, False)
    cdef list readers = [token_reader]
    cdef list asked = [
        None if column is None else text_reader(column, start, stop, MAX_FIELD, column is uids)
        for column in (channels, uids, user_ids)
    ]
    cdef Columns columns
    cdef Demanded demanded
    cdef const unsigned char[::1] keys = b"".join(certificates)
    cdef int key_count = len(certificates)
    cdef unsigned char[::1] out = memoryview(reasons).cast("B")
    cdef Py_ssize_t first, count, index
    cdef bint plain
    cdef Checks *checks
    cdef Reader reader
    if any(len(each) != 32 for each in certificates) or not certificates:
        raise ValueError("a certificate has 32 characters")
    if out.shape[0] < stop - start:
        raise ColumnError("the buffer of reasons is too short")
    readers += [each for each in asked if each is not None]
    columns.channels = rows_of(asked[0])
    columns.uids = rows_of(asked[1])
    columns.user_ids = rows_of(asked[2])
    read_layouts()
    expected = Expected(*[None if each is None else b"" for each in asked])
    plain = read_demands(&demanded, demands)
    demanded.asked_006 = 0
    for service in services_asked_006(demands, expected):
        demanded.asked_006 |= <uint32_t>1 << <int>service
    read_asks(&demanded, &columns, demands, asks_007(demands, expected))
    checks = <Checks *>malloc(sizeof(Checks))
    if checks == NULL:
        raise MemoryError
    try:
        for first in range(start, stop, BLOCK_ROWS):
            count = min(<Py_ssize_t>BLOCK_ROWS, stop - first)
            for reader in readers:
                reader.read_objects(first, count)
            for reader in readers:
                with nogil:
                    reader.read_buffers(first, count)
            with nogil:
                memset(&out[first - start], LEFT_TO_PYTHON, count)
                if plain:
                    verify_rows(
                        checks,
                        token_reader.rows,
                        &columns,
                        count,
                        &keys[0],
                        key_count,
                        &demanded,
                        &out[first - start],
                    )
            for index in range(count):
                if out[first - start + index] == LEFT_TO_PYTHON:
                    out[first - start + index] = verify_row(
                        first + index,
                        token_reader.value(first, index),
                        certificates,
                        demands,
                        *[
                            None if reader is None else reader.value(first, index)
                            for reader in asked
                        ],
                        hmac_sha256,
                    )
    finally:
        agora_wipe(&checks.lanes, sizeof(Lanes))
        free(checks)


cdef const Slice *rows_of(Reader reader):
    return NULL if reader is None else reader.rows


cdef bint read_demands(Demanded *demanded, object demands):
    """Whether the demands are plain ones."""
    demanded.at = demands.at
    demanded.leeway = demands.leeway
    demanded.lifetime = MAX_LIFETIME
    demanded.anybody = demands.anybody
    demanded.app_id = NULL
    if demands.signature_only:
        return False
    if demands.app_id is not None:
        if len(demands.app_id) != 32:
            return False
        demanded.app_id = demands.app_id
    demanded.privileges = len(demands.privileges)
    if demanded.privileges > MAX_DEMANDED:
        return False
    for index, (service, privilege) in enumerate(demands.privileges):
        demanded.service[index] = service
        demanded.privilege[index] = privilege
    return True


cdef int read_asks(
    Demanded *demanded, const Columns *columns, object demands, list asks
) except -1:
    """What is asked of version 007, for which _judging.py has the rules."""
    cdef Asked *asked
    if len(asks) > MAX_ASKS:
        raise ValueError("more is asked than can be")
    demanded.asks = len(asks)
    demanded.main = 0
    for index, ask in enumerate(asks):
        asked = &demanded.ask[<int>index]
        asked.types = 0
        for number in ask.types:
            if number < LAYOUTS:
                asked.types |= <uint32_t>1 << <int>number
        asked.channels = NULL if ask.channel is None else columns.channels
        asked.users = NULL
        if ask.user is not None:
            asked.users = columns.user_ids if ask.is_login else columns.uids
        if ask.types == (demands.service,):
            demanded.main = index
    return 0


cdef void verify_rows(
    Checks *checks,
    const Slice *texts,
    const Columns *columns,
    Py_ssize_t count,
    const unsigned char *keys,
    int key_count,
    const Demanded *demanded,
    unsigned char *out,
) noexcept nogil:
    """Verifies a block: the rows of one version side by side, then those of the other."""
    cdef Parsed *token
    cdef unsigned char *content
    cdef int version, grouped
    cdef Py_ssize_t row
    for version in range(6, 8):
        grouped = 0
        for row in range(count):
            if not is_version(&texts[row], version) or not is_plain(columns, row):
                continue
            token = &checks.tokens[grouped]
            content = checks.contents[grouped]
            if version == 7:
                if not parse_007(token, content, checks.decoded, &texts[row]):
                    continue
            elif not parse_006(token, content, checks.decoded, &texts[row]):
                continue
            token.row = row
            if demanded.app_id != NULL and memcmp(demanded.app_id, token.app_id, 32):
                out[row] = WRONG_APP_ID
                continue
            if version == 6 and not join_006(checks, grouped, columns, demanded):
                out[row] = UNVERIFIABLE
                continue
            grouped += 1
            if grouped == GROUP:
                verify_group(checks, grouped, version, columns, keys, key_count, demanded, out)
                grouped = 0
        verify_group(checks, grouped, version, columns, keys, key_count, demanded, out)


cdef inline bint is_version(const Slice *text, int version) noexcept nogil:
    return text.size > 40 and memcmp(text.data, b"00", 2) == 0 and text.data[2] == c"0" + version


cdef inline bint is_plain(const Columns *columns, Py_ssize_t row) noexcept nogil:
    return not (
        (columns.channels != NULL and columns.channels[row].size == ASK)
        or (columns.uids != NULL and columns.uids[row].size == ASK)
        or (columns.user_ids != NULL and columns.user_ids[row].size == ASK)
    )


cdef bint join_006(
    Checks *checks, int slot, const Columns *columns, const Demanded *demanded
) noexcept nogil:
    """Puts together what a 006 token is signed over; False where channel or uid is not known."""
    cdef Parsed *token = &checks.tokens[slot]
    cdef unsigned char *message = checks.message[slot]
    cdef unsigned char *end = message + 32
    cdef Py_ssize_t size = token.size - SIGNATURE - 10
    cdef Slice channel, uid
    if not signed_for_006(token, columns, demanded, &channel, &uid):
        return False
    memcpy(message, token.app_id, 32)
    memcpy(end, channel.data, channel.size)
    end += channel.size
    memcpy(end, uid.data, uid.size)
    end += uid.size
    memcpy(end, token.content + SIGNATURE + 10, size)
    end += size
    checks.lanes.data[slot] = message
    checks.lanes.blocks[slot] = pad_message(end, BLOCK + (end - message)) - 1
    return True


cdef void verify_group(
    Checks *checks,
    int count,
    int version,
    const Columns *columns,
    const unsigned char *keys,
    int key_count,
    const Demanded *demanded,
    unsigned char *out,
) noexcept nogil:
    cdef Parsed *token
    cdef int index, key
    for index in range(count):
        checks.tokens[index].signed = False
    for key in range(key_count):
        if version == 7:
            sign_007(checks, count, keys + 32 * key)
        else:
            sign_006(checks, count, keys + 32 * key)
        for index in range(count):
            token = &checks.tokens[index]
            token.signed |= is_signature(token.signature, checks.lanes.states[count + index])
    for index in range(count):
        token = &checks.tokens[index]
        if version == 6:
            out[token.row] = judge_006(token, columns, demanded)
        elif token.signed:
            out[token.row] = judge_007(token, demanded)
        else:
            out[token.row] = BAD_SIGNATURE


cdef bint is_signature(const unsigned char *signature, const uint32_t *state) noexcept nogil:
    """Compares in a time that tells nothing of where they differ."""
    cdef unsigned char digest[32]
    cdef unsigned char different = 0
    cdef int index
    agora_sha256_digest(state, digest)
    for index in range(32):
        different |= digest[index] ^ signature[index]
    return different == 0


cdef void sign_006(Checks *checks, int count, const unsigned char *certificate) noexcept nogil:
    """The signatures that a certificate gives, as states in the outer lanes."""
    cdef HmacKey key
    hmac_key(&key, certificate, 32)
    fill_states(&checks.lanes, key.inner, 0, count)
    fill_states(&checks.lanes, key.outer, count, count)
    hmac_lanes(&checks.lanes, count)
    agora_wipe(&key, sizeof(key))


cdef void sign_007(Checks *checks, int count, const unsigned char *certificate) noexcept nogil:
    """Likewise, through the keys of each token's time of issue and salt."""
    cdef Lanes *lanes = &checks.lanes
    cdef Parsed *token
    cdef unsigned char message[BLOCK]
    cdef unsigned char keys[GROUP][BLOCK]
    cdef unsigned char number[4]
    cdef int index
    memcpy(message, certificate, 32)
    memcpy(message + 32, _OUTER_PADDING, 32)
    for index in range(count):
        store_u32(number, checks.tokens[index].issue_ts)
        set_key_pads(lanes, index, count, number, 4)
    hash_key_pads(lanes, count)
    for index in range(count):
        lanes.data[index] = message
    hmac_lanes(lanes, count)
    for index in range(count):
        store_outer_block(keys[index], lanes.states[count + index])
        store_u32(number, checks.tokens[index].salt)
        set_key_pads(lanes, index, count, number, 4)
    hash_key_pads(lanes, count)
    for index in range(count):
        lanes.data[index] = keys[index]
    hmac_lanes(lanes, count)
    for index in range(count):
        agora_sha256_digest(lanes.states[count + index], keys[index])
        set_key_pads(lanes, index, count, keys[index], 32)
    hash_key_pads(lanes, count)
    for index in range(count):
        token = &checks.tokens[index]
        lanes.data[index] = token.content + SIGNATURE
        lanes.blocks[index] = (
            pad_message(token.content + token.size, BLOCK + token.size - SIGNATURE) - 1
        )
    hmac_lanes(lanes, count)
    agora_wipe(message, sizeof(message))
    agora_wipe(keys, sizeof(keys))
