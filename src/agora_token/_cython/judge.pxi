# The rules of _judging.py for plain rows: a change to one is a change to the other.

cdef enum:
    MAX_DEMANDED = 16  # privileges
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
