# Integers, strings and Python values as bytes of the wire format (little-endian).
#
# What is not plainly right goes to _wire/values.py, which converts it or raises what both backends raise.

cdef enum:
    STACK_ROOM = 1024
    PADDING = 72  # what hmac_padded() may write behind a message


cdef struct Text:
    # Bytes that belong to a Python object (kept alive by the caller) or stand in `digits`.
    const unsigned char *data
    Py_ssize_t size
    unsigned char digits[10]


cdef inline uint32_t unix_time() noexcept nogil:
    """Now, as Python's time.time() has it; C's time() may be a tick behind it."""
    cdef timespec now
    timespec_get(&now, TIME_UTC)
    return <uint32_t>now.tv_sec


cdef const char *_PAIRS = (
    b"00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    b"40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    b"8081828384858687888990919293949596979899"
)


cdef inline Py_ssize_t store_decimal(unsigned char *where, uint32_t number) noexcept nogil:
    """Writes a number's decimal digits, at most 10; nothing for 0.  Returns how many."""
    cdef unsigned char reversed[10]
    cdef int begin = 10
    while number >= 100:
        begin -= 2
        memcpy(reversed + begin, _PAIRS + 2 * (number % 100), 2)
        number //= 100
    if number >= 10:
        begin -= 2
        memcpy(reversed + begin, _PAIRS + 2 * number, 2)
    elif number or begin < 10:
        begin -= 1
        reversed[begin] = c"0" + number
    memcpy(where, reversed + begin, 10 - begin)
    return 10 - begin


cdef inline bint plain_u32(object value, uint32_t *number):
    """Whether ``value`` is an exact int of 0 to 2**32-1; then it is in ``number``."""
    cdef int overflow = 0
    cdef long long wide
    if not PyLong_CheckExact(value):
        return False
    wide = PyLong_AsLongLongAndOverflow(value, &overflow)
    if overflow or wide < 0 or wide > 0xFFFFFFFF:
        return False
    number[0] = <uint32_t>wide
    return True


cdef inline uint32_t as_u16(object value, str name) except? 0xFFFFFFFF:
    cdef uint32_t number
    if plain_u32(value, &number) and number <= 0xFFFF:
        return number
    return to_u16(value, name)


cdef inline uint32_t as_u32(object value, str name) except? 0xFFFFFFFF:
    cdef uint32_t number
    return number if plain_u32(value, &number) else to_u32(value, name)


cdef inline bint plain_text(object value, Text *text):
    """Whether ``value`` is an exact str of ASCII that fits a token; then ``text`` borrows it."""
    if not (PyUnicode_CheckExact(value) and PyUnicode_IS_COMPACT_ASCII(value)):
        return False
    text.data = <const unsigned char *>PyUnicode_DATA(value)
    text.size = PyUnicode_GET_LENGTH(value)
    return text.size <= 0xFFFF


cdef object text_of(object value, str name, Text *text):
    """Reads a string; returns the object that keeps its bytes alive."""
    if plain_text(value, text):
        return value
    cdef bytes data = text_bytes(value, name)
    text.data = <const unsigned char *>PyBytes_AS_STRING(data)
    text.size = PyBytes_GET_SIZE(data)
    return data


cdef object user_of(object value, str name, Text *text):
    """Reads a uid as the vendor writes it; returns the object that keeps its bytes alive."""
    cdef uint32_t number
    if plain_text(value, text):
        return value
    if plain_u32(value, &number):
        text.data = text.digits
        text.size = store_decimal(text.digits, number)
        return None
    cdef bytes data = user_bytes(value, name)
    text.data = <const unsigned char *>PyBytes_AS_STRING(data)
    text.size = PyBytes_GET_SIZE(data)
    return data


cdef struct Writer:
    # A growing row of bytes that begins on the stack.
    unsigned char *data
    Py_ssize_t size
    Py_ssize_t room
    unsigned char stack[STACK_ROOM]


cdef inline void writer_open(Writer *writer, Py_ssize_t reserved) noexcept:
    """Begins with ``reserved`` bytes, which the caller fills later."""
    writer.data = writer.stack
    writer.size = reserved
    writer.room = STACK_ROOM


cdef void writer_close(Writer *writer) noexcept:
    if writer.data != writer.stack:
        free(writer.data)


cdef int writer_grow(Writer *writer, Py_ssize_t more) except -1:
    cdef Py_ssize_t room = 2 * (writer.size + more)
    cdef unsigned char *data
    if writer.data == writer.stack:
        data = <unsigned char *>malloc(room)
        if data != NULL:
            memcpy(data, writer.stack, writer.size)
    else:
        data = <unsigned char *>realloc(writer.data, room)
    if data == NULL:
        raise MemoryError
    writer.data = data
    writer.room = room
    return 0


cdef inline unsigned char *writer_take(Writer *writer, Py_ssize_t count) except NULL:
    """``count`` more bytes to be written, with room for the padding of a message behind them."""
    if writer.size + count + PADDING > writer.room:
        writer_grow(writer, count + PADDING)
    writer.size += count
    return writer.data + writer.size - count


cdef inline int writer_put(Writer *writer, const unsigned char *data, Py_ssize_t size) except -1:
    memcpy(writer_take(writer, size), data, size)
    return 0


cdef inline int writer_put_u16(Writer *writer, uint32_t value) except -1:
    store_u16(writer_take(writer, 2), value)
    return 0


cdef inline int writer_put_u32(Writer *writer, uint32_t value) except -1:
    store_u32(writer_take(writer, 4), value)
    return 0


cdef inline int writer_put_string(Writer *writer, const Text *text) except -1:
    writer_put_u16(writer, text.size)
    return writer_put(writer, text.data, text.size)


cdef int writer_put_map(Writer *writer, tuple privileges, object expiries) except -1:
    """Privileges with their expiries: a tuple of one each, or one for all."""
    cdef Py_ssize_t count = len(privileges), index
    cdef bint single = not isinstance(expiries, tuple)
    cdef uint32_t expiry = 0
    cdef unsigned char *where
    if not single and len(<tuple>expiries) != count:
        raise ValueError("there must be one expiry for each privilege")
    writer_put_u16(writer, as_u16(count, "the number of privileges"))
    where = writer_take(writer, 6 * count)
    for index in range(count):
        store_u16(where + 6 * index, as_u16(privileges[index], "privilege"))
        if not single:
            store_u32(
                where + 6 * index + 2, as_u32((<tuple>expiries)[index], "privilege expiry")
            )
    if single and count:
        expiry = as_u32(expiries, "privilege expiry")
        for index in range(count):
            store_u32(where + 6 * index + 2, expiry)
    return 0


cdef inline object new_ascii(Py_ssize_t size):
    """A str of ``size`` ASCII characters, to be written before anybody sees it."""
    return PyUnicode_New(size, 127)


cdef inline unsigned char *ascii_data(object text) noexcept:
    return <unsigned char *>PyUnicode_DATA(text)


cdef inline Py_ssize_t base64_size(Py_ssize_t size) noexcept nogil:
    return 4 * ((size + 2) // 3)
