# The rules of _judging.py for plain rows: a change to one is a change to the other.

cdef enum:
    MAX_DEMANDED = 16  # privileges
    MAX_ASKS = 3

cdef enum:
    # Of version 006, which has its own numbers.
    JOIN_CHANNEL = 1
    RTM_LOGIN = 1000
    RTC_BIT = 1 << 1
    RTM_BIT = 1 << 2

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


cdef struct Asked:
    # Services of which one has to be there.
    uint32_t types  # a bit for each
    const Slice *channels  # the block's rows; NULL where none are asked for
    const Slice *users


cdef struct Demanded:
    int64_t at
    int64_t leeway
    int64_t lifetime  # the longest of a token
    const unsigned char *app_id  # NULL if any
    bint anybody
    int asks
    Asked ask[MAX_ASKS]
    int main  # the ask whose services privileges of no named service are of
    uint32_t asked_006  # RTC_BIT, RTM_BIT or both; 0 for a service that 006 does not have
    int privileges
    int service[MAX_DEMANDED]
    int privilege[MAX_DEMANDED]


cdef struct Columns:
    # The block's rows; NULL where a column was not given.
    const Slice *channels
    const Slice *uids
    const Slice *user_ids


cdef struct Found:
    # Whether something that is wanted is granted, and for long enough.
    bint granted
    bint alive


cdef bint signed_for_006(
    const Parsed *token,
    const Columns *columns,
    const Demanded *demanded,
    Slice *channel,
    Slice *uid,
) noexcept nogil:
    """The channel and uid that a 006 token must be signed with; False where they are not known."""
    if columns.user_ids != NULL:
        channel[0] = columns.user_ids[token.row]
        uid.data, uid.size = b"", 0
        return columns.channels == NULL and columns.uids == NULL
    if columns.channels == NULL or columns.uids == NULL:
        return False
    channel[0] = columns.channels[token.row]
    uid[0] = columns.uids[token.row]
    if (
        demanded.anybody
        and uid.size
        and load_u32(token.content + SIGNATURE + 4) == 0
        and agora_crc32(0, uid.data, uid.size) != 0
    ):
        uid.size = 0
    return True


cdef int judge_006(
    const Parsed *token, const Columns *columns, const Demanded *demanded
) noexcept nogil:
    cdef Slice channel, uid
    cdef int index, service, privilege, reason
    cdef uint32_t there = 0
    cdef bint login = find_grant(&token.grants, RTM_LOGIN) != NULL
    cdef bint missing = False, expired = False
    cdef Found found
    signed_for_006(token, columns, demanded, &channel, &uid)
    reason = VALID
    if load_u32(token.content + SIGNATURE) != agora_crc32(0, channel.data, channel.size):
        reason = WRONG_CHANNEL
    elif load_u32(token.content + SIGNATURE + 4) != agora_crc32(0, uid.data, uid.size):
        reason = WRONG_USER
    if reason:
        return MALFORMED if token.signed else reason
    if not token.signed:
        return BAD_SIGNATURE
    if token.grants.count > login:
        there |= RTC_BIT
    if login:
        there |= RTM_BIT
    if not demanded.asked_006 or (token.grants.count and demanded.asked_006 & ~there):
        return MISSING_SERVICE
    reason = judge_times(
        <int64_t>token.issue_ts - demanded.lifetime, token.issue_ts, demanded
    )
    if reason:
        return reason
    for index in range(-2, demanded.privileges):
        if index >= 0:
            service = demanded.service[index]
            privilege = demanded.privilege[index]
            if not service:
                service = 1 if demanded.asked_006 & RTC_BIT else 2
            if service == 2 and privilege == 1:
                privilege = RTM_LOGIN
        else:
            service = 1 if index == -2 else 2
            privilege = JOIN_CHANNEL if service == 1 else RTM_LOGIN
            if not demanded.asked_006 >> service & 1:
                continue
        found.granted = found.alive = False
        if service in (1, 2):
            look_up(&found, &token.grants, privilege, 0, demanded)
        missing |= not found.granted
        expired |= not found.alive
    if missing or expired:
        return MISSING_PRIVILEGE if missing else EXPIRED_PRIVILEGE
    if not is_app_id(token.app_id):
        return LEFT_TO_PYTHON
    if demanded.asked_006 == RTM_BIT:
        return VALID if is_name(&_layouts[2].holder, &channel) else LEFT_TO_PYTHON
    if not is_name(&_layouts[1].place, &channel):
        return LEFT_TO_PYTHON
    return VALID if not uid.size or is_name(&_layouts[1].holder, &uid) else LEFT_TO_PYTHON


cdef int judge_007(const Parsed *token, const Demanded *demanded) noexcept nogil:
    cdef const Opened *service
    cdef const Asked *ask
    cdef const Layout *layout
    cdef uint32_t groups[MAX_ASKS]  # a bit for each of the token's services
    cdef uint32_t kept, ways_in
    cdef int index, each, kind, reason
    cdef bint missing = False, expired = False
    cdef Found found
    for index in range(demanded.asks):
        groups[index] = 0
        for each in range(token.services):
            groups[index] |= (demanded.ask[index].types >> token.opened[each].type & 1) << each
        if not groups[index]:
            return MISSING_SERVICE
    for index in range(demanded.asks):
        ask = &demanded.ask[index]
        if ask.channels != NULL:
            for each in range(token.services):
                if not is_for_channel(
                    &token.opened[each], &ask.channels[token.row], demanded.anybody
                ):
                    groups[index] &= ~(<uint32_t>1 << each)
            if not groups[index]:
                return WRONG_CHANNEL
        if ask.users != NULL:
            for each in range(token.services):
                if not is_for_user(&token.opened[each], &ask.users[token.row], demanded.anybody):
                    groups[index] &= ~(<uint32_t>1 << each)
            if not groups[index]:
                return WRONG_USER
    reason = judge_times(
        token.issue_ts, token.issue_ts + min(<int64_t>token.expire, demanded.lifetime), demanded
    )
    if reason:
        return reason
    for index in range(demanded.asks):
        found.granted = found.alive = False
        for each in range(token.services):
            if groups[index] >> each & 1:
                service = &token.opened[each]
                layout = &_layouts[service.type]
                ways_in = layout.ways_in[2 * (service.channel.size > 0) + (service.user.size > 0)]
                if not ways_in:
                    found.granted = found.alive = True
                for kind in range(32):
                    if ways_in >> kind & 1:
                        look_up(&found, &service.grants, kind, token.issue_ts, demanded)
        missing |= not found.granted
        expired |= not found.alive
    for index in range(demanded.privileges):
        kind = demanded.service[index]
        kept = 0
        if not kind:
            kept = groups[demanded.main]
        else:
            for each in range(demanded.asks):
                if demanded.ask[each].types >> kind & 1:
                    kept |= groups[each] | (<uint32_t>1 << PLAIN_SERVICES)
            if not kept:
                kept = 0xFFFFFFFF  # no service of this type was asked for: any will do
        found.granted = found.alive = False
        for each in range(token.services):
            service = &token.opened[each]
            if kept >> each & 1 and (not kind or service.type == kind):
                look_up(
                    &found, &service.grants, demanded.privilege[index], token.issue_ts, demanded
                )
        missing |= not found.granted
        expired |= not found.alive
    if missing or expired:
        return MISSING_PRIVILEGE if missing else EXPIRED_PRIVILEGE
    if not is_app_id(token.app_id):
        return LEFT_TO_PYTHON
    for each in range(token.services):
        if not has_plain_names(&token.opened[each]):
            return LEFT_TO_PYTHON
    return VALID


cdef inline bint is_for_channel(
    const Opened *service, const Slice *channel, bint anybody
) noexcept nogil:
    if service.channel.size == ASK:
        return False
    if anybody and _layouts[service.type].place.wildcard and is_star(&service.channel):
        return True
    return (
        service.channel.size == channel.size
        and memcmp(service.channel.data, channel.data, channel.size) == 0
    )


cdef inline bint is_for_user(const Opened *service, const Slice *user, bint anybody) noexcept nogil:
    if service.user.size == ASK:
        return False
    if anybody and _layouts[service.type].holder.integers and service.user.size == 0:
        return True
    return (
        service.user.size == user.size and memcmp(service.user.data, user.data, user.size) == 0
    )


cdef inline bint is_star(const Slice *text) noexcept nogil:
    return text.size == 1 and text.data[0] == c"*"


cdef int judge_times(int64_t issued, int64_t expires, const Demanded *demanded) noexcept nogil:
    if demanded.at + demanded.leeway < issued:
        return NOT_YET_ISSUED
    if demanded.at - demanded.leeway >= expires:
        return EXPIRED
    return VALID


cdef void look_up(
    Found *found, const Grants *grants, int privilege, int64_t start, const Demanded *demanded
) noexcept nogil:
    """Notes whether a privilege is granted, and whether it lasts."""
    cdef const unsigned char *where = find_grant(grants, privilege)
    cdef uint32_t expiry
    if where != NULL:
        expiry = load_u32(where)
        found.granted = True
        found.alive |= not expiry or demanded.at - demanded.leeway < start + expiry


cdef const unsigned char *find_grant(const Grants *grants, int privilege) noexcept nogil:
    """The expiry of a privilege, or NULL."""
    cdef int index
    for index in range(grants.count):
        if load_u16(grants.entries + 6 * index) == <uint32_t>privilege:
            return grants.entries + 6 * index + 2
    return NULL


cdef bint has_plain_names(const Opened *service) noexcept nogil:
    """Whether the names are plainly ones that the service can have."""
    cdef const Layout *layout = &_layouts[service.type]
    cdef uint32_t granted = 0, privilege
    cdef int index
    if is_star(&service.channel) and layout.place.wildcard:
        return service.user.size > 0 and is_name(&layout.holder, &service.user)
    for index in range(service.grants.count):
        privilege = load_u16(service.grants.entries + 6 * index)
        if privilege < 32:
            granted |= <uint32_t>1 << privilege
    return is_name_or_empty(&layout.place, &service.channel, granted) and is_name_or_empty(
        &layout.holder, &service.user, granted
    )


cdef inline bint is_name_or_empty(
    const Name *rule, const Slice *text, uint32_t granted
) noexcept nogil:
    if not rule.there or (text.size == 0 and rule.integers):
        return True
    if text.size == 0:
        return not rule.always_needed and not granted & rule.needed_for
    return is_name(rule, text)


cdef inline bint is_name(const Name *rule, const Slice *text) noexcept nogil:
    cdef Py_ssize_t index
    cdef unsigned char good = 1
    if not 1 <= text.size <= rule.max_bytes:
        return False
    for index in range(text.size):
        good &= rule.allowed[text.data[index]]
    return good


cdef inline bint is_app_id(const unsigned char *text) noexcept nogil:
    cdef int index
    cdef unsigned char good = 1
    for index in range(32):
        good &= _hex_digits[text[index]]
    return good
