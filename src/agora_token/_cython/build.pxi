# One token from whatever the vendor's builders take: build006 and build007.

cdef enum:
    HEADER_006 = 44  # str(signature), two CRCs and the length of the message
    HEADER_007 = 34  # str(signature)
    MAX_LIFETIME = 86400  # seconds, as in privileges.py; a 006 token's `ts` is this after its issue
    VERSION = 3  # characters

cdef str _CERTIFICATE = CERTIFICATE

# The scratch memory of single calls, which hold the GIL from compressing on.
cdef agora_deflate_state _deflate


cdef inline void store_header_006(
    unsigned char *where,
    const unsigned char *signature,
    uint32_t channel_crc,
    uint32_t uid_crc,
    uint32_t message_size,
) noexcept nogil:
    store_u16(where, 32)
    memcpy(where + 2, signature, 32)
    store_u32(where + 34, channel_crc)
    store_u32(where + 38, uid_crc)
    store_u16(where + 42, message_size)


def build006(
    app_id, certificate, channel, uid, tuple privileges, expiries, ts=None, salt=None
):
    cdef Text app, key, room, user
    cdef Writer writer
    cdef unsigned char signature[32]
    cdef unsigned char *content
    cdef Py_ssize_t size
    cdef uint32_t number
    kept_app = text_of(app_id, "app_id", &app)
    kept_key = text_of(certificate, _CERTIFICATE, &key)
    kept_channel = text_of(channel, "channel", &room)
    kept_uid = user_of(uid, "uid", &user)
    # What is signed is App ID, channel, uid and message.  Room is left in front, so that the
    # header can then be written right before the message, over what only the signature needed.
    writer_open(&writer, HEADER_006)
    try:
        writer_put(&writer, app.data, app.size)
        writer_put(&writer, room.data, room.size)
        writer_put(&writer, user.data, user.size)
        size = writer.size
        writer_put_u32(&writer, next_salt() if salt is None else as_u32(salt, "salt"))
        number = unix_time() + MAX_LIFETIME if ts is None else as_u32(ts, "ts")
        writer_put_u32(&writer, number)
        writer_put_map(&writer, privileges, expiries)
        hmac_of_writer(key.data, key.size, &writer, HEADER_006, signature)
        size = writer.size - size
        if size > 0xFFFF:
            fitting(writer.data[writer.size - size : writer.size], "message")
        content = writer.data + writer.size - size - HEADER_006
        store_header_006(
            content,
            signature,
            agora_crc32(0, room.data, room.size),
            agora_crc32(0, user.data, user.size),
            size,
        )
        size += HEADER_006
        if not PyUnicode_CheckExact(kept_app):  # an App ID beyond ASCII, which the vendor writes too
            token = new_ascii(base64_size(size))
            agora_base64_encode(<char *>ascii_data(token), content, size)
            return f"006{(<bytes>kept_app).decode()}{token}"
        token = new_ascii(VERSION + app.size + base64_size(size))
        memcpy(ascii_data(token), b"006", VERSION)
        memcpy(ascii_data(token) + VERSION, app.data, app.size)
        agora_base64_encode(<char *>ascii_data(token) + VERSION + app.size, content, size)
        return token
    finally:
        writer_close(&writer)


cdef int write_service(Writer *writer, tuple service) except -1:
    cdef Text text
    cdef Py_ssize_t index
    cdef tuple strings
    cdef bytes rest
    kind, privileges, expiries, strings, rest = service
    writer_put_u16(writer, as_u16(kind, "service type"))
    writer_put_map(writer, privileges, expiries)
    for index in range(len(strings)):
        if index == 0:
            kept = text_of(strings[index], "a service's string", &text)
        else:
            kept = user_of(strings[index], "a service's user", &text)
        writer_put_string(writer, &text)
    writer_put(writer, <const unsigned char *>rest, len(rest))
    return 0


cdef object hex32_of(object value, str name, Text *text):
    """Reads what the vendor takes for 32 hex digits; None if it is not, else as ``text_of``."""
    cdef Py_ssize_t index
    cdef unsigned char digit, others = 0
    if plain_text(value, text) and text.size == 32:
        for index in range(32):  # without a branch, so that it is done in vectors
            digit = text.data[index]
            others |= (<unsigned char>(digit - c"0") > 9) & (
                <unsigned char>((digit | 0x20) - c"a") > 5
            )
        if not others:
            return value
    return text_of(value, name, text) if is_hex32(value) else None


def build007(app_id, certificate, tuple services, expire, issue_ts=None, salt=None):
    cdef Text app, key
    cdef Writer writer
    cdef unsigned char signing[32]
    cdef unsigned char number[4]
    cdef uint32_t issued, lifetime, salted
    cdef tuple service
    kept_app = hex32_of(app_id, "app_id", &app)
    kept_key = None if kept_app is None else hex32_of(certificate, _CERTIFICATE, &key)
    if kept_key is None:
        return ""
    issued = unix_time() if issue_ts is None else as_u32(issue_ts, "issue_ts")
    lifetime = as_u32(expire, "expire")
    salted = next_salt() if salt is None else as_u32(salt, "salt")
    # Room is left in front for the signature, which is not signed itself.
    writer_open(&writer, HEADER_007)
    try:
        writer_put_string(&writer, &app)
        writer_put_u32(&writer, issued)
        writer_put_u32(&writer, lifetime)
        writer_put_u32(&writer, salted)
        writer_put_u16(&writer, as_u16(len(services), "the number of services"))
        for service in services:
            write_service(&writer, service)
        store_u32(number, issued)
        hmac_message(number, 4, key.data, key.size, signing)
        store_u32(number, salted)
        hmac_message(number, 4, signing, 32, signing)
        store_u16(writer.data, 32)
        hmac_of_writer(signing, 32, &writer, HEADER_007, writer.data + 2)
        agora_wipe(signing, sizeof(signing))
        return token_of_content(writer.data, writer.size, salt_kind(salted))
    finally:
        writer_close(&writer)


cdef inline uint32_t salt_kind(uint32_t salt) noexcept nogil:
    """1 where the salt ends with a zero byte, as one in six does: zlib finds that one again."""
    return salt >> 24 == 0


cdef object token_of_content(const unsigned char *content, Py_ssize_t size, uint32_t kind):
    """Version 007's compression and base64; contents of one ``kind`` are expected to be alike."""
    cdef unsigned char stack[DEFLATE_ROOM]
    cdef const unsigned char *packed = stack
    cdef Py_ssize_t packed_size
    if size <= AGORA_DEFLATE_MAX_INPUT:
        packed_size = agora_deflate_alike(&_deflate, stack, content, size, kind)
    else:
        kept = zlib_compress(content[:size], 6)
        packed = <const unsigned char *>PyBytes_AS_STRING(kept)
        packed_size = len(<bytes>kept)
    token = new_ascii(VERSION + base64_size(packed_size))
    memcpy(ascii_data(token), b"007", VERSION)
    agora_base64_encode(<char *>ascii_data(token) + VERSION, packed, packed_size)
    return token
