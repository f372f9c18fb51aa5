# Tokens taken apart, as far as they are plain: of usual size, ASCII, and with known services.
# Their layouts come from services.py.

cdef extern from "deflate/inflate.h" nogil:
    void agora_inflate_init()
    Py_ssize_t agora_inflate(uint8_t *, size_t, const uint8_t *, size_t)

cdef enum:
    PLAIN_CONTENT = 4096  # bytes of a token's content
    PLAIN_TEXT = 5632  # characters of a token
    PLAIN_SERVICES = 8
    LAYOUTS = 32  # types of services
    SIGNATURE = 34  # str(signature), before what is signed in 007


cdef struct Grants:
    # A privilege map as it is in the token.
    const unsigned char *entries
    int count


cdef struct Name:
    # The rule of a channel or a user.
    bint there
    bint wildcard
    bint integers
    bint always_needed
    uint32_t needed_for  # a bit for each privilege without which it may be empty
    Py_ssize_t max_bytes
    unsigned char allowed[256]


cdef struct Layout:
    bint known
    Name place
    Name holder
    uint32_t ways_in[4]  # a bit for each privilege: with neither, a user, a place, both
    int rest


cdef struct Opened:
    # A service that a token opens.
    int type
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
    Opened opened[PLAIN_SERVICES]
    Grants grants  # of 006
    bint signed


cdef Layout _layouts[LAYOUTS]
cdef unsigned char _hex_digits[256]  # 1 for each
cdef bint _layouts_read = False


cdef int read_layouts() except -1:
    """Fills the layouts from the table of services, once."""
    global _layouts_read
    if _layouts_read:
        return 0
    # Not at the top: verifying is no part of issuing, which `import agora_token` is for.
    from ._wire.services import layouts

    cdef Layout *layout
    cdef int index
    for each in layouts():
        if each.type >= LAYOUTS:
            continue  # left to Python
        layout = &_layouts[<int>each.type]
        read_name(&layout.place, each.place, each.place_needed_for)
        read_name(&layout.holder, each.holder, each.holder_needed_for)
        for index in range(4):
            layout.ways_in[index] = privilege_bits(each.ways_in[index])
        layout.rest = each.rest
        layout.known = True
    for digit in b"0123456789abcdefABCDEF":
        _hex_digits[<int>digit] = 1
    _layouts_read = True
    return 0


cdef int read_name(Name *name, object field, object needed_for) except -1:
    name.there = field is not None
    if field is None:
        return 0
    name.wildcard = field.wildcard
    name.integers = field.integers
    name.max_bytes = field.max_bytes
    name.always_needed = needed_for is None
    name.needed_for = 0 if needed_for is None else privilege_bits(needed_for)
    memset(name.allowed, 0, 256)
    for character in field.characters:
        name.allowed[<int>character] = 1
    return 0


cdef uint32_t privilege_bits(object privileges) except? 0:
    cdef uint32_t bits = 0
    for privilege in privileges:
        if not 0 <= privilege < 32:
            raise ValueError(f"privilege {privilege} is not one of 0 to 31")
        bits |= <uint32_t>1 << <int>privilege
    return bits


cdef inline uint32_t load_u16(const unsigned char *where) noexcept nogil:
    return where[0] | <uint32_t>where[1] << 8


cdef inline uint32_t load_u32(const unsigned char *where) noexcept nogil:
    return load_u16(where) | load_u16(where + 2) << 16


cdef Py_ssize_t decode(unsigned char *decoded, const Slice *text, Py_ssize_t start) noexcept nogil:
    """The bytes of the base64 of a token, or fewer than any token has."""
    cdef int canonical
    if text.size - start > 4 * (PLAIN_CONTENT // 3):
        return -1
    return agora_base64_decode(
        decoded, <const char *>text.data + start, text.size - start, &canonical
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


cdef bint parse_006(
    Parsed *token, unsigned char *content, unsigned char *decoded, const Slice *text
) noexcept nogil:
    cdef Py_ssize_t size = decode(decoded, text, 35)
    cdef const unsigned char *end
    if size < SIGNATURE + 8 + 2 + 10 or size > PLAIN_CONTENT:
        return False
    memcpy(content, decoded, size)
    if load_u16(content) != 32 or load_u16(content + SIGNATURE + 8) != size - SIGNATURE - 10:
        return False
    token.app_id = text.data + 3
    token.signature = content + 2
    token.content = content
    token.size = size
    token.issue_ts = load_u32(content + SIGNATURE + 14)
    end = read_grants(content + SIGNATURE + 18, content + size, &token.grants)
    return end == content + size


cdef bint parse_007(
    Parsed *token, unsigned char *content, unsigned char *decoded, const Slice *text
) noexcept nogil:
    cdef const unsigned char *at
    cdef const unsigned char *end
    cdef Slice app_id
    cdef Opened *service
    cdef const Layout *layout
    cdef int index
    cdef Py_ssize_t size = decode(decoded, text, 3)
    if size <= 0:
        return False
    size = agora_inflate(content, PLAIN_CONTENT, decoded, size)
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
    if token.services > PLAIN_SERVICES:
        return False
    for index in range(token.services):
        service = &token.opened[index]
        if end - at < 2:
            return False
        service.type = load_u16(at)
        if service.type >= LAYOUTS or not _layouts[service.type].known:
            return False
        layout = &_layouts[service.type]
        service.channel.size = service.user.size = ASK
        at = read_grants(at + 2, end, &service.grants)
        if at != NULL and layout.place.there:
            at = read_text(at, end, &service.channel)
        if at != NULL and layout.holder.there:
            at = read_text(at, end, &service.user)
        if at == NULL or end - at < layout.rest:
            return False
        at += layout.rest
    return at == end
