# Columns of values as rows of checked bytes.
#
# A reader takes a block of rows at a time.  The plain case (allowed ASCII, an integer in range) is
# read without Python; any other row is marked, and its field is asked about it in the end.

cdef enum:
    # Rows that are read and signed between two looks at the GIL: so many that threads that make
    # strings of them do not wait for each other most of the time.
    BLOCK_ROWS = 8192
    MAX_FIELD = 255  # bytes; no field allows more
    ASK = -1  # the size of a slice that its field has to be asked about

cdef enum ColumnKind:
    CONSTANT
    OBJECTS
    INTEGERS
    STRINGS
    WIDE_STRINGS


cdef struct Slice:
    const unsigned char *data
    Py_ssize_t size


@cython.internal
cdef class Rule:
    """A field's rules, as C reads them."""

    cdef object field
    cdef bint integers
    cdef bint anybody
    cdef bint wildcard
    cdef Py_ssize_t max_bytes
    cdef unsigned char allowed[256]

    def __cinit__(self, field):
        self.field = field
        self.integers = field.integers
        self.anybody = field.anybody
        self.wildcard = field.wildcard
        self.max_bytes = field.max_bytes
        if self.max_bytes > MAX_FIELD:
            raise ValueError(f"a field of {self.max_bytes} bytes is more than {MAX_FIELD}")
        memset(self.allowed, 0, 256)
        for character in field.characters:
            self.allowed[character] = 1

    cdef inline bint accepts(self, const unsigned char *data, Py_ssize_t size) noexcept nogil:
        cdef Py_ssize_t index
        cdef unsigned char good = 1
        if not 1 <= size <= self.max_bytes:
            return False
        for index in range(size):
            good &= self.allowed[data[index]]
        return good

    cdef inline bint plain(self, object value, Slice *row, unsigned char *digits):
        """Whether ``value`` is a plain one; then ``row`` borrows it, or stands in ``digits``."""
        cdef uint32_t number
        if PyUnicode_CheckExact(value):
            if not PyUnicode_IS_COMPACT_ASCII(value):
                return False
            row.data = <const unsigned char *>PyUnicode_DATA(value)
            row.size = PyUnicode_GET_LENGTH(value)
            return self.accepts(row.data, row.size)
        if self.integers and plain_u32(value, &number):
            row.data = digits
            row.size = store_decimal(digits, number)
            return row.size or self.anybody
        return False

    cdef bytes ask(self, object value, Slice *row):
        """The field's own judgement: the bytes that keep ``row`` alive, or its error."""
        cdef bytes data = self.field.encode(value)
        row.data = <const unsigned char *>PyBytes_AS_STRING(data)
        row.size = PyBytes_GET_SIZE(data)
        return data


cdef Py_ssize_t row_number(object number) except -1:
    """A row or element whose offset in bytes can be counted."""
    if not 0 <= number <= PY_SSIZE_T_MAX // 32:
        raise ColumnError(f"there is no row {number}")
    return number


cdef inline uint32_t load_native_u32(const void *values, Py_ssize_t index) noexcept nogil:
    """An element of a buffer, which need not be aligned."""
    cdef uint32_t value
    memcpy(&value, <const unsigned char *>values + 4 * index, 4)
    return value


cdef inline bint bit_is_set(const unsigned char *bits, Py_ssize_t index) noexcept nogil:
    return bits[index >> 3] >> (index & 7) & 1


@cython.internal
cdef class Reader:
    """One column, read by blocks into ``rows``."""

    cdef Rule rule
    cdef object column
    cdef ColumnKind kind
    cdef Py_ssize_t first  # the buffers' element that is the column's row 0
    cdef Py_buffer views[3]  # values or data, offsets, validity
    cdef bint has_view[3]
    cdef bint was_asked  # whether a constant is not a plain value
    cdef object kept  # what the block's rows borrow from
    cdef list asked
    cdef Slice *rows  # a block of them, or fewer where there are not so many
    cdef unsigned char (*digits)[10]
    cdef Py_ssize_t room

    def __cinit__(self, Rule rule, column, Py_ssize_t start, Py_ssize_t stop):
        cdef Slice row
        self.rule = rule
        self.column = column
        if not 0 <= start <= row_number(stop):
            raise ValueError(f"there are no rows {start} to {stop}")
        self.asked = []
        self.room = max(0, min(stop - start, <Py_ssize_t>BLOCK_ROWS))
        self.rows = <Slice *>malloc((self.room + 1) * sizeof(Slice))
        self.digits = <unsigned char (*)[10]>malloc((self.room + 1) * 10)
        if self.rows == NULL or self.digits == NULL:
            raise MemoryError
        if isinstance(column, Constant):
            self.kind = CONSTANT
            if not rule.plain(column.value, &row, self.digits[0]):
                self.was_asked = True
                try:
                    self.kept = rule.ask(column.value, &row)
                except AgoraTokenError:
                    row.size = ASK  # every row is asked about, and so the first one is named
            self._repeat(row)
        elif isinstance(column, Objects):
            self.kind = OBJECTS
            if len(column.values) < stop:
                raise ColumnError(f"the column has {len(column.values)} rows, not {stop}")
        elif isinstance(column, Integers):
            self.kind = INTEGERS
            self.first = row_number(column.start)
            self._view(0, column.values, 4 * (self.first + stop))
            self._view(2, column.validity, (self.first + stop + 7) // 8)
        elif isinstance(column, Strings):
            self.kind = WIDE_STRINGS if column.wide else STRINGS
            self.first = row_number(column.start)
            self._view(0, column.data, 0)
            self._view(1, column.offsets, (8 if column.wide else 4) * (self.first + stop + 1))
            self._view(2, column.validity, (self.first + stop + 7) // 8)
        else:
            raise ColumnError(f"{type(column).__name__} is not a column")

    def __dealloc__(self):
        cdef int index
        for index in range(3):
            if self.has_view[index]:
                PyBuffer_Release(&self.views[index])
        free(self.rows)
        free(self.digits)

    cdef int _view(self, int index, object buffer, Py_ssize_t needed) except -1:
        if buffer is None:
            return 0
        PyObject_GetBuffer(buffer, &self.views[index], PyBUF_SIMPLE)
        self.has_view[index] = True
        if self.views[index].len < needed:
            raise ColumnError(f"a buffer of {self.views[index].len} bytes is too short for its rows")
        return 0

    cdef void _repeat(self, Slice row) noexcept:
        cdef Py_ssize_t index
        for index in range(self.room):
            self.rows[index] = row

    cdef int read_objects(self, Py_ssize_t start, Py_ssize_t count) except -1:
        """Reads a block of Python objects; other columns are read by :meth:`read_buffers`."""
        cdef Py_ssize_t index
        cdef list block
        cdef object previous = None
        self.asked = []
        if self.kind != OBJECTS:
            return 0
        # A copy: the caller's list may be changed while the GIL is not held.
        block = list(self.column.values[start : start + count])
        self.kept = block
        if len(block) != count:
            raise ColumnError("the column became shorter while it was read")
        for index in range(count):
            value = block[index]
            if index and value is previous:
                self.rows[index] = self.rows[index - 1]
            elif not self.rule.plain(value, &self.rows[index], self.digits[index]):
                self.rows[index].size = ASK
            previous = value
        return 0

    cdef bint read_buffers(self, Py_ssize_t start, Py_ssize_t count) noexcept nogil:
        """Reads a block from memory; returns whether there is a row to ask about."""
        cdef Py_ssize_t index
        cdef bint ask = False
        if self.kind == INTEGERS:
            self._read_integers(self.first + start, count)
        elif self.kind == STRINGS or self.kind == WIDE_STRINGS:
            self._read_strings(self.first + start, count)
        for index in range(count):
            ask |= self.rows[index].size == ASK
        return ask

    cdef void _read_integers(self, Py_ssize_t first, Py_ssize_t count) noexcept nogil:
        cdef const void *values = self.views[0].buf
        cdef Py_ssize_t index
        for index in range(count):
            self.rows[index].data = self.digits[index]
            self.rows[index].size = (
                store_decimal(self.digits[index], load_native_u32(values, first + index))
                if self.rule.integers and self._is_valid(first + index)
                else ASK
            )
            if not (self.rows[index].size or self.rule.anybody):
                self.rows[index].size = ASK

    cdef void _read_strings(self, Py_ssize_t first, Py_ssize_t count) noexcept nogil:
        cdef Py_ssize_t index, begin, end
        cdef Slice *row
        cdef Slice *before = NULL
        for index in range(count):
            row = &self.rows[index]
            begin = self._offset(first + index)
            end = self._offset(first + index + 1)
            row.size = ASK
            if 0 <= begin <= end <= self.views[0].len and self._is_valid(first + index):
                row.data = <const unsigned char *>self.views[0].buf + begin
                # A value that repeats is checked once, and then known by its address.
                if (
                    before != NULL
                    and before.size == end - begin
                    and memcmp(before.data, row.data, end - begin) == 0
                ):
                    row[0] = before[0]
                elif self.rule.accepts(row.data, end - begin):
                    row.size = end - begin
                    before = row

    cdef inline Py_ssize_t _offset(self, Py_ssize_t index) noexcept nogil:
        cdef int64_t wide
        if self.kind == STRINGS:
            return <int32_t>load_native_u32(self.views[1].buf, index)
        memcpy(&wide, <const unsigned char *>self.views[1].buf + 8 * index, 8)
        return <Py_ssize_t>wide

    cdef inline bint _is_valid(self, Py_ssize_t index) noexcept nogil:
        return not self.has_view[2] or bit_is_set(<const unsigned char *>self.views[2].buf, index)

    cdef object value(self, Py_ssize_t start, Py_ssize_t index):
        """The Python value of a row of the block that began at ``start``."""
        cdef Py_ssize_t position = self.first + start + index
        if self.kind == CONSTANT:
            return self.column.value
        if self.kind == OBJECTS:
            return (<list>self.kept)[index]
        if not self._is_valid(position):
            return None
        if self.kind == INTEGERS:
            return load_native_u32(self.views[0].buf, position)
        begin, end = self._offset(position), self._offset(position + 1)
        if not 0 <= begin <= end <= self.views[0].len:
            raise ColumnError("the offsets of the column do not lie within its data")
        # What is not UTF-8 becomes a lone surrogate, which the field then refuses.
        data = (<const char *>self.views[0].buf)[begin:end]
        return data.decode(errors="surrogateescape")

    cdef int ask(self, Py_ssize_t start, Py_ssize_t index) except -1:
        """Asks the field about a marked row."""
        self.asked.append(self.rule.ask(self.value(start, index), &self.rows[index]))
        return 0


@cython.internal
cdef class Memory:
    """Memory of the C heap that is handed to Python as a read-only buffer."""

    cdef void *data
    cdef Py_ssize_t size
    cdef Py_ssize_t room

    def __dealloc__(self):
        free(self.data)

    def __getbuffer__(self, Py_buffer *view, int flags):
        # Nothing has an address too: Arrow takes no null pointer.
        cdef void *data = self.data if self.data != NULL else <void *>self
        PyBuffer_FillInfo(view, self, data, self.size, 1, flags)

    cdef unsigned char *reserve(self, Py_ssize_t more, Py_ssize_t expected) except NULL:
        """Room for ``more`` bytes; where it must grow, for ``expected`` more."""
        cdef void *data
        if self.size + more > self.room:
            self.room = self.size + more + expected
            data = agora_allocate(self.room)
            if data == NULL:
                raise MemoryError
            if self.size:
                memcpy(data, self.data, self.size)
            free(self.data)
            self.data = data
        return <unsigned char *>self.data + self.size

    cdef void trim(self) noexcept:
        """Gives back what was reserved and not used, where that is worth it."""
        cdef void *data
        if self.room - self.size > self.size // 8:
            data = realloc(self.data, self.size or 1)
            if data != NULL:
                self.data = data
