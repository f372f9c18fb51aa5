# Verification of a column of tokens without the GIL.
#
# Plain rows are decided here: a well-formed token of ASCII and of usual size, held against plain
# values.  Whatever else there is, malformed tokens first of all, is left to _pure_verify, which
# decides for both backends what is malformed, and in which order the reasons come.

cdef extern from "inflate.h" nogil:
    void agora_inflate_init()
    Py_ssize_t agora_inflate(uint8_t *, size_t, const uint8_t *, size_t)

cdef enum:
    MAX_CONTENT = 4096  # bytes of a token's content
    MAX_TEXT = 5632  # characters of a token
    MAX_SERVICES = 8
    MAX_DEMANDED = 16
    SIGNATURE = 34  # str(signature), before what is signed in 007
    RTC = 1
    RTM = 2
    RTM_LOGIN = 1000
    DAY = 86400

cdef enum:
    # The numbers of Reason, as far as plain rows have them.
    VALID = 0
    MALFORMED = 1
    WRONG_APP_ID = 3
    UNVERIFIABLE = 4
    BAD_SIGNATURE = 5
    MISSING_SERVICE = 6
    WRONG_CHANNEL = 7
    WRONG_USER = 8
    NOT_YET_ISSUED = 9
    EXPIRED = 10
    MISSING_PRIVILEGE = 11
    EXPIRED_PRIVILEGE = 12
    LEFT_TO_PYTHON = 255


cdef struct Grants:
    # A privilege map as it is in the token.
    const unsigned char *entries
    int count


cdef struct Opened:
    # A service that a token opens.
    int type
    bint kept  # whether it is still one that was asked for
    Grants grants
    Slice channel  # size ASK: the service has none
    Slice user


cdef struct Parsed:
    # A token that has been taken apart; the slices lie in its content.
    Py_ssize_t row
    const unsigned char *app_id
    const unsigned char *signature
    unsigned char *content
    Py_ssize_t size
    uint32_t issue_ts  # in 006 the timestamp, 24 hours later
    uint32_t expire
    uint32_t salt
    int services
    Opened opened[MAX_SERVICES]
    Grants grants  # of 006
    bint signed


cdef struct Demanded:
    int64_t at
    int64_t leeway
    const unsigned char *app_id  # NULL if any
    int service  # 0 if any
    int privileges
    int privilege[MAX_DEMANDED]


cdef struct Columns:
    # The block's rows; NULL where a column was not given.
    const Slice *channels
    const Slice *uids
    const Slice *user_ids


cdef struct Checks:
    # The memory of one call.
    Lanes lanes
    Parsed tokens[GROUP]
    unsigned char decoded[MAX_CONTENT + BLOCK]
    unsigned char contents[GROUP][MAX_CONTENT + PADDING]
    unsigned char message[GROUP][32 + 2 * MAX_FIELD + MAX_CONTENT + PADDING]


cdef class AnyText:
    """In place of a field: plain ASCII or a plain integer, of which nothing more is demanded."""

    name = "text"
    wildcard = False
    max_bytes = MAX_FIELD
    characters = bytes(range(128))
    cdef readonly bint integers

    def __cinit__(self, bint integers):
        self.integers = integers

    def encode(self, value):
        raise AgoraTokenError("not a plain value")


cdef Reader text_reader(object column, Py_ssize_t stop, Py_ssize_t max_bytes, bint integers):
    cdef Rule rule = Rule(AnyText(integers))
    rule.max_bytes = max_bytes
    return Reader(rule, column, stop)


cdef inline uint32_t load_u16(const unsigned char *where) noexcept nogil:
    return where[0] | <uint32_t>where[1] << 8


cdef inline uint32_t load_u32(const unsigned char *where) noexcept nogil:
    return load_u16(where) | load_u16(where + 2) << 16


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
    from ._pure_verify import verify_row

    cdef Reader token_reader = text_reader(tokens, stop, MAX_TEXT, False)
    cdef list readers = [token_reader]
    cdef list asked = [
        None if column is None else text_reader(column, stop, MAX_FIELD, column is uids)
        for column in (channels, uids, user_ids)
    ]
    cdef Columns columns
    cdef Demanded demanded
    cdef const unsigned char[::1] keys = b"".join(certificates)
    cdef int key_count = len(certificates)
    cdef unsigned char[::1] out = memoryview(reasons).cast("B")
    cdef Py_ssize_t first, count, index
    cdef bint plain = read_demands(&demanded, demands)
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
    demanded.app_id = NULL
    if demands.app_id is not None:
        if len(demands.app_id) != 32:
            return False
        demanded.app_id = demands.app_id
    demanded.service = demands.service or 0
    demanded.privileges = len(demands.privileges)
    if demanded.privileges > MAX_DEMANDED:
        return False
    for index, privilege in enumerate(demands.privileges):
        demanded.privilege[index] = privilege
    return True


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
    cdef int version, grouped
    cdef Py_ssize_t row
    for version in range(6, 8):
        grouped = 0
        for row in range(count):
            if not is_version(&texts[row], version) or not is_plain(columns, row):
                continue
            if version == 7:
                if not parse_007(checks, &texts[row], grouped):
                    continue
            elif not parse_006(checks, &texts[row], grouped):
                continue
            checks.tokens[grouped].row = row
            if demanded.app_id != NULL and memcmp(
                demanded.app_id, checks.tokens[grouped].app_id, 32
            ):
                out[row] = WRONG_APP_ID
                continue
            if version == 6 and not join_006(checks, grouped, columns):
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


cdef Py_ssize_t decode(Checks *checks, const Slice *text, Py_ssize_t start) noexcept nogil:
    """The bytes of the base64 of a token, or fewer than any token has."""
    cdef int canonical
    if text.size - start > 4 * (MAX_CONTENT // 3):
        return -1
    return agora_base64_decode(
        checks.decoded, <const char *>text.data + start, text.size - start, &canonical
    )


cdef const unsigned char *read_grants(
    const unsigned char *at, const unsigned char *end, Grants *grants
) noexcept nogil:
    """What follows a map in ascending order, or NULL."""
    cdef int index, previous = -1, key
    if end - at < 2:
        return NULL
    grants.count = load_u16(at)
    grants.entries = at + 2
    at += 2
    if end - at < 6 * grants.count:
        return NULL
    for index in range(grants.count):
        key = load_u16(at)
        if key <= previous:
            return NULL
        previous = key
        at += 6
    return at


cdef const unsigned char *read_text(
    const unsigned char *at, const unsigned char *end, Slice *text
) noexcept nogil:
    """What follows a string of ASCII, or NULL."""
    cdef Py_ssize_t index
    cdef unsigned char seen = 0
    if end - at < 2:
        return NULL
    text.size = load_u16(at)
    text.data = at + 2
    if end - text.data < text.size:
        return NULL
    for index in range(text.size):
        seen |= text.data[index]
    return NULL if seen & 0x80 else text.data + text.size


cdef bint parse_006(Checks *checks, const Slice *text, int slot) noexcept nogil:
    cdef Parsed *token = &checks.tokens[slot]
    cdef Py_ssize_t size = decode(checks, text, 35)
    cdef unsigned char *content = checks.contents[slot]
    cdef const unsigned char *end
    if size < SIGNATURE + 8 + 2 + 10 or size > MAX_CONTENT:
        return False
    memcpy(content, checks.decoded, size)
    if load_u16(content) != 32 or load_u16(content + SIGNATURE + 8) != size - SIGNATURE - 10:
        return False
    token.app_id = text.data + 3
    token.signature = content + 2
    token.content = content
    token.size = size
    token.issue_ts = load_u32(content + SIGNATURE + 14)
    end = read_grants(content + SIGNATURE + 18, content + size, &token.grants)
    return end == content + size


cdef bint parse_007(Checks *checks, const Slice *text, int slot) noexcept nogil:
    cdef Parsed *token = &checks.tokens[slot]
    cdef unsigned char *content = checks.contents[slot]
    cdef const unsigned char *at
    cdef const unsigned char *end
    cdef Slice app_id
    cdef Opened *service
    cdef int index
    cdef Py_ssize_t size = decode(checks, text, 3)
    if size <= 0:
        return False
    size = agora_inflate(content, MAX_CONTENT, checks.decoded, size)
    if size < SIGNATURE or load_u16(content) != 32:
        return False
    end = content + size
    at = read_text(content + SIGNATURE, end, &app_id)
    if at == NULL or app_id.size != 32 or end - at < 14:
        return False
    token.app_id = app_id.data
    token.signature = content + 2
    token.content = content
    token.size = size
    token.issue_ts = load_u32(at)
    token.expire = load_u32(at + 4)
    token.salt = load_u32(at + 8)
    token.services = load_u16(at + 12)
    at += 14
    if token.services > MAX_SERVICES:
        return False
    for index in range(token.services):
        service = &token.opened[index]
        if end - at < 2:
            return False
        service.type = load_u16(at)
        service.channel.size = service.user.size = ASK
        at = read_grants(at + 2, end, &service.grants)
        if at != NULL and service.type in (1, 3, 6, 7):
            at = read_text(at, end, &service.channel)
        if at != NULL and service.type in (1, 2, 3, 5, 6, 7):
            at = read_text(at, end, &service.user)
        elif service.type not in (4, 9, 10):
            return False
        if at == NULL:
            return False
        if service.type == 7:  # its role
            at += 2
            if at > end:
                return False
    return at == end


cdef bint join_006(Checks *checks, int slot, const Columns *columns) noexcept nogil:
    """Puts together what a 006 token is signed over; False where channel or uid is not known."""
    cdef Parsed *token = &checks.tokens[slot]
    cdef unsigned char *message = checks.message[slot]
    cdef unsigned char *end = message + 32
    cdef Py_ssize_t size = token.size - SIGNATURE - 10
    cdef Slice channel, uid
    if not place_of(token, columns, &channel, &uid):
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


cdef bint place_of(
    const Parsed *token, const Columns *columns, Slice *channel, Slice *uid
) noexcept nogil:
    """The channel and uid that a 006 token is held against."""
    if columns.user_ids != NULL:
        channel[0] = columns.user_ids[token.row]
        uid.data, uid.size = b"", 0
        return columns.channels == NULL and columns.uids == NULL
    if columns.channels == NULL or columns.uids == NULL:
        return False
    channel[0] = columns.channels[token.row]
    uid[0] = columns.uids[token.row]
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
            out[token.row] = judge_007(token, columns, demanded)
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


cdef int judge_006(
    const Parsed *token, const Columns *columns, const Demanded *demanded
) noexcept nogil:
    cdef Slice channel, uid
    cdef int index, privilege, reason
    cdef bint login = find_grant(&token.grants, RTM_LOGIN) != NULL
    cdef bint missing = False, expired = False
    cdef const unsigned char *expiry
    place_of(token, columns, &channel, &uid)
    reason = VALID
    if load_u32(token.content + SIGNATURE) != agora_crc32(0, channel.data, channel.size):
        reason = WRONG_CHANNEL
    elif load_u32(token.content + SIGNATURE + 4) != agora_crc32(0, uid.data, uid.size):
        reason = WRONG_USER
    if reason:
        return MALFORMED if token.signed else reason
    if not token.signed:
        return BAD_SIGNATURE
    if (columns.user_ids != NULL or demanded.service == RTM) and not login:
        return MISSING_SERVICE
    if demanded.service == RTC and token.grants.count <= login:
        return MISSING_SERVICE
    if demanded.service not in (0, RTC, RTM):
        return MISSING_SERVICE
    reason = judge_times(<int64_t>token.issue_ts - DAY, token.issue_ts, demanded)
    if reason:
        return reason
    for index in range(demanded.privileges):
        privilege = demanded.privilege[index]
        if demanded.service == RTM and privilege == 1:
            privilege = RTM_LOGIN
        expiry = find_grant(&token.grants, privilege)
        if expiry == NULL:
            missing = True
        elif not is_alive(load_u32(expiry), 0, demanded):
            expired = True
    return MISSING_PRIVILEGE if missing else EXPIRED_PRIVILEGE if expired else VALID


cdef int judge_007(Parsed *token, const Columns *columns, const Demanded *demanded) noexcept nogil:
    cdef Opened *service
    cdef int index, login, reason
    cdef bint found[2]  # a service of the demanded type: for a place, and for a log-in
    cdef const Slice *wanted[3]
    cdef bint any_found = False
    found[0] = found[1] = False
    for index in range(token.services):
        service = &token.opened[index]
        service.kept = True
        if service.type == demanded.service:
            any_found = True
            if service.user.size != ASK:
                found[service.channel.size == ASK] = True
    if demanded.service and not any_found:
        return MISSING_SERVICE
    for index in range(token.services):
        service = &token.opened[index]
        if service.user.size != ASK and found[service.channel.size == ASK]:
            service.kept = service.type == demanded.service
    if (columns.channels != NULL or columns.uids != NULL) and not has_kept(token, False):
        return MISSING_SERVICE
    if columns.user_ids != NULL and not has_kept(token, True):
        return MISSING_SERVICE
    wanted[0] = columns.channels
    wanted[1] = columns.uids
    wanted[2] = columns.user_ids
    for index in range(3):
        if wanted[index] != NULL:
            login = index == 2
            keep_only(token, login, index == 0, &wanted[index][token.row])
            if not has_kept(token, login):
                return WRONG_USER if index else WRONG_CHANNEL
    reason = judge_times(
        token.issue_ts, <int64_t>token.issue_ts + min(token.expire, <uint32_t>DAY), demanded
    )
    return reason or judge_privileges_007(token, demanded)


cdef bint has_kept(const Parsed *token, bint login) noexcept nogil:
    cdef int index
    for index in range(token.services):
        if token.opened[index].kept and is_of_group(&token.opened[index], login):
            return True
    return False


cdef inline bint is_of_group(const Opened *service, bint login) noexcept nogil:
    return service.user.size != ASK and (service.channel.size == ASK) == login


cdef void keep_only(Parsed *token, bint login, bint by_channel, const Slice *wanted) noexcept nogil:
    cdef Opened *service
    cdef const Slice *has
    cdef int index
    for index in range(token.services):
        service = &token.opened[index]
        if service.kept and is_of_group(service, login):
            has = &service.channel if by_channel else &service.user
            service.kept = (
                has.size == wanted.size and memcmp(has.data, wanted.data, has.size) == 0
            )


cdef int judge_times(int64_t issued, int64_t expires, const Demanded *demanded) noexcept nogil:
    if demanded.at + demanded.leeway < issued:
        return NOT_YET_ISSUED
    if demanded.at - demanded.leeway >= expires:
        return EXPIRED
    return VALID


cdef int judge_privileges_007(const Parsed *token, const Demanded *demanded) noexcept nogil:
    cdef const Opened *service
    cdef const unsigned char *expiry
    cdef int index, each, kind, privilege
    cdef bint granted, alive, expired = False
    for index in range(demanded.privileges):
        kind = demanded.service or RTC
        privilege = demanded.privilege[index]
        if privilege == RTM_LOGIN:
            kind, privilege = RTM, 1
        granted = alive = False
        for each in range(token.services):
            service = &token.opened[each]
            if service.kept and service.type == kind:
                expiry = find_grant(&service.grants, privilege)
                if expiry != NULL:
                    granted = True
                    alive |= is_alive(load_u32(expiry), token.issue_ts, demanded)
        if not granted:
            return MISSING_PRIVILEGE
        expired |= not alive
    return EXPIRED_PRIVILEGE if expired else VALID


cdef const unsigned char *find_grant(const Grants *grants, int privilege) noexcept nogil:
    """The expiry of a privilege, or NULL."""
    cdef int index
    for index in range(grants.count):
        if load_u16(grants.entries + 6 * index) == <uint32_t>privilege:
            return grants.entries + 6 * index + 2
    return NULL


cdef inline bint is_alive(uint32_t expiry, int64_t start, const Demanded *demanded) noexcept nogil:
    return not expiry or demanded.at - demanded.leeway < start + expiry
