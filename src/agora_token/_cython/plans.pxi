# Plan: what the tokens of a kind share, one token of it, or a column of them without the GIL.

cdef enum:
    MAX_FIELDS = 4
    MAX_PRIVILEGES = 32
    MAX_SLOTS = 8


cdef struct Work:
    # The memory of one call over a column.
    Lanes lanes
    uint32_t salts[BLOCK_ROWS]
    int32_t sizes[BLOCK_ROWS]  # of the tokens; 0 where the row is refused
    bint refused[BLOCK_ROWS]  # only of a call with rejects
    int32_t variants[BLOCK_ROWS]
    agora_deflate_state deflate
    unsigned char packed[DEFLATE_ROOM]
    unsigned char contents[GROUP][HEADER_006 + 10 + 6 * MAX_PRIVILEGES]
    unsigned char *messages  # of a group, one behind the other


# One is kept for the next call: to set it up costs as much as a hundred tokens.
cdef Work *_spare_work = NULL


cdef Work *take_work() except NULL:
    global _spare_work
    cdef Work *work = _spare_work
    _spare_work = NULL
    if work == NULL:
        work = <Work *>malloc(sizeof(Work))
        if work == NULL:
            raise MemoryError
        agora_deflate_init(&work.deflate)
    work.messages = NULL
    return work


cdef void give_back(Work *work) noexcept:
    global _spare_work
    free(work.messages)
    agora_wipe(&work.lanes, sizeof(work.lanes))
    if _spare_work == NULL:
        _spare_work = work
    else:
        free(work)


cdef class Plan:
    """What both versions share: fields, the reading of rows, and the loop over blocks."""

    cdef object certificate
    cdef list rules
    cdef int field_count
    cdef int variant_count
    cdef bint wildcard  # whether field 0 may be one
    cdef Py_ssize_t prepared_size
    cdef Py_ssize_t max_message  # what a row may take of Work.messages
    cdef Py_ssize_t max_token

    cdef int _open(self, bytes app_id, bytes certificate, tuple fields, int variants) except -1:
        if len(app_id) != 32:
            raise ValueError("an App ID has 32 characters")
        if len(fields) > MAX_FIELDS:
            raise ValueError(f"a plan has at most {MAX_FIELDS} fields")
        self.certificate = certificate
        self.rules = [Rule(field) for field in fields]
        self.field_count = len(fields)
        self.variant_count = variants
        self.wildcard = len(fields) > 1 and fields[0].wildcard
        return 0

    # What a version does with a group of rows and with a single one.

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
        pass

    cdef void _prepare(self, uint32_t issued_at, unsigned char *where) noexcept:
        """Writes what is equal among all rows that are issued at a time: prepared_size bytes."""

    cdef object _sign_one(
        self, const Slice *row, int variant, uint32_t issued_at, uint32_t salt
    ):
        raise TypeError("a plan is of one version")

    def one(self, tuple values, int variant=0, issued_at=None, salt=None):
        cdef Slice row[MAX_FIELDS]
        cdef unsigned char digits[MAX_FIELDS][10]
        cdef Rule rule
        cdef int index
        cdef list kept = None
        if len(values) != self.field_count:
            raise ValueError(f"there are {self.field_count} fields, not {len(values)}")
        if not 0 <= variant < self.variant_count:
            raise IndexError(f"there is no variant {variant}")
        for index in range(self.field_count):
            rule = <Rule>self.rules[index]
            if not rule.plain(values[index], &row[index], digits[index]):
                if kept is None:
                    kept = []
                kept.append(rule.ask(values[index], &row[index]))
        if kept is not None:
            self._refuse_wildcard(row)
        return self._sign_one(
            row,
            variant,
            unix_time() if issued_at is None else <uint32_t>issued_at,
            next_salt() if salt is None else <uint32_t>salt,
        )

    cdef int _refuse_wildcard(self, const Slice *row) except -1:
        """A wildcard is never a plain value, so only rows with a value asked about come here."""
        if self.wildcard and row[0].size == 1 and row[0].data[0] == c"*" and row[1].size == 0:
            refuse_open_wildcard(b"*", b"")
        return 0

    def many(
        self,
        tuple columns,
        Py_ssize_t start,
        Py_ssize_t stop,
        issued_at,
        variants=None,
        salts=None,
    ):
        cdef Run run = Run(self, columns, start, stop, issued_at, variants, salts, None)
        cdef Py_ssize_t index, size, done = 0
        cdef const unsigned char *where
        cdef list tokens = PyList_New(stop - start)
        while done < stop - start:
            run.block()
            where = <const unsigned char *>run.tokens.data
            for index in range(run.count):
                size = run.work.sizes[index]
                token = new_ascii(size)
                memcpy(ascii_data(token), where, size)
                where += size
                Py_INCREF(token)
                PyList_SET_ITEM(tokens, done + index, token)
            run.tokens.size = 0
            done += run.count
        return tokens

    def column(
        self,
        tuple columns,
        Py_ssize_t start,
        Py_ssize_t stop,
        issued_at,
        variants=None,
        salts=None,
        rejects=None,
    ):
        cdef Run run = Run(self, columns, start, stop, issued_at, variants, salts, rejects)
        cdef Memory offsets = Memory()
        cdef int32_t *offset = <int32_t *>offsets.reserve(4 * (stop - start + 1), 0)
        cdef Py_ssize_t index, position = 0, done = 0
        offset[0] = 0
        while done < stop - start:
            run.block()
            for index in range(run.count):
                position += run.work.sizes[index]
                offset[done + index + 1] = <int32_t>position
            if position > 0x7FFFFFFF:
                raise OverflowError("the tokens do not fit an Arrow string column; take fewer rows")
            done += run.count
        offsets.size = 4 * (stop - start + 1)
        run.tokens.trim()
        return offsets, run.tokens


@cython.internal
cdef class Run:
    """One call over a column, block by block; the tokens gather in ``tokens``."""

    cdef Plan plan
    cdef list readers
    cdef Slice *fields[MAX_FIELDS]
    cdef Py_ssize_t position  # the first row of the next block
    cdef Py_ssize_t first
    cdef Py_ssize_t stop
    cdef int count  # rows of the block that was done last
    cdef uint32_t issued_at
    cdef unsigned char *prepared
    cdef Py_buffer views[3]  # variants, salts, rejects
    cdef bint has_view[3]
    cdef bint fixed_salt
    cdef uint32_t salt
    cdef Memory tokens
    cdef Work *work

    def __cinit__(
        self, Plan plan, tuple columns, Py_ssize_t start, Py_ssize_t stop, issued_at,
        variants, salts, rejects,
    ):
        cdef Reader reader
        cdef int index
        if len(columns) != plan.field_count:
            raise ValueError(f"there are {plan.field_count} fields, not {len(columns)}")
        if not 0 <= start <= stop:
            raise ValueError(f"there are no rows {start} to {stop}")
        self.plan = plan
        self.readers = [
            Reader(rule, column, start, stop) for rule, column in zip(plan.rules, columns)
        ]
        for index in range(plan.field_count):
            reader = self.readers[index]
            self.fields[index] = reader.rows
        self.first = self.position = start
        self.stop = row_number(stop)
        self.issued_at = issued_at
        self._view(0, variants, PyBUF_SIMPLE, 4 * stop)
        self.fixed_salt = isinstance(salts, int)
        if self.fixed_salt:
            self.salt = salts
        else:
            self._view(1, salts, PyBUF_SIMPLE, 4 * stop)
        self._view(2, rejects, PyBUF_WRITABLE, stop - start)
        self.tokens = Memory()
        self.work = take_work()
        self.work.messages = <unsigned char *>malloc(GROUP * plan.max_message)
        self.prepared = <unsigned char *>malloc(plan.prepared_size or 1)
        if self.work.messages == NULL or self.prepared == NULL:
            raise MemoryError
        plan._prepare(self.issued_at, self.prepared)

    def __dealloc__(self):
        cdef int index
        for index in range(3):
            if self.has_view[index]:
                PyBuffer_Release(&self.views[index])
        if self.prepared != NULL:
            agora_wipe(self.prepared, self.plan.prepared_size)
            free(self.prepared)
        if self.work != NULL:
            give_back(self.work)

    cdef int _view(self, int index, object buffer, int flags, Py_ssize_t needed) except -1:
        if buffer is None:
            return 0
        PyObject_GetBuffer(buffer, &self.views[index], flags)
        self.has_view[index] = True
        if self.views[index].len < needed:
            raise ColumnError(f"a buffer of {self.views[index].len} bytes is too short for its rows")
        return 0

    cdef int block(self) except -1:
        """Reads and signs the next block of rows."""
        cdef Reader reader
        cdef Py_ssize_t start = self.position
        cdef Py_ssize_t count = min(self.stop - start, <Py_ssize_t>BLOCK_ROWS)
        cdef bint ask = False
        cdef Py_ssize_t done = start - self.first
        cdef Py_ssize_t expected = self.plan.max_token
        cdef unsigned char *out
        cdef int index
        if done:  # the rows to come are expected to be as long as those that were
            expected = (self.tokens.size + done - 1) // done + 1
        out = self.tokens.reserve(
            self.plan.max_token * count, expected * (self.stop - start - count) if done else 0
        )
        if self.has_view[1]:
            memcpy(
                self.work.salts, <const unsigned char *>self.views[1].buf + 4 * start, 4 * count
            )
        elif self.fixed_salt:
            for index in range(count):
                self.work.salts[index] = self.salt
        else:
            fill_salts(self.work.salts, count)
        if self.has_view[0]:
            self._read_variants(start, count)
        for reader in self.readers:
            reader.read_objects(start, count)
        for reader in self.readers:
            ask |= reader.was_asked
            with nogil:
                ask |= reader.read_buffers(start, count)
        if ask or self.has_view[2]:
            self._ask(start, count)
        with nogil:
            self.tokens.size += self._sign(start, count, out)
        self.position += count
        self.count = count
        return 0

    cdef int _read_variants(self, Py_ssize_t start, Py_ssize_t count) except -1:
        """Copies them: the caller's may change, once they have been checked."""
        cdef int32_t *variants = self.work.variants
        cdef Py_ssize_t index
        memcpy(variants, <const unsigned char *>self.views[0].buf + 4 * start, 4 * count)
        for index in range(count):
            if not 0 <= variants[index] < self.plan.variant_count:
                raise IndexError(f"row {start + index}: there is no variant {variants[index]}")
        return 0

    cdef int _ask(self, Py_ssize_t start, Py_ssize_t count) except -1:
        """Asks the fields about the marked rows; refuses or rejects what they refuse."""
        cdef Reader reader
        cdef Py_ssize_t index
        cdef int field, refused
        cdef Slice row[MAX_FIELDS]
        for index in range(count):
            refused = 0
            try:
                for field in range(self.plan.field_count):
                    if self.fields[field][index].size == ASK:
                        refused = field + 1
                        reader = self.readers[field]
                        reader.ask(start, index)
                    row[field] = self.fields[field][index]
                refused = 2
                self.plan._refuse_wildcard(row)
                refused = 0
            except AgoraTokenError as error:
                if not self.has_view[2] or isinstance(error, ColumnError):
                    raise error.at_row(start + index) from None
            self.work.refused[index] = refused != 0
            if self.has_view[2]:
                (<unsigned char *>self.views[2].buf)[start - self.first + index] = refused
        return 0

    cdef Py_ssize_t _sign(
        self, Py_ssize_t start, Py_ssize_t count, unsigned char *out
    ) noexcept nogil:
        """Signs the block's rows, group by group; returns the bytes written."""
        cdef const int32_t *variants = NULL
        cdef int rows[GROUP]
        cdef int grouped
        cdef Py_ssize_t index = 0, size = 0
        if self.has_view[0]:
            variants = self.work.variants
        while index < count:
            grouped = 0
            while index < count and grouped < GROUP:
                self.work.sizes[index] = 0
                if not (self.has_view[2] and self.work.refused[index]):
                    rows[grouped] = index
                    grouped += 1
                index += 1
            self.plan._sign_group(
                self.fields,
                rows,
                grouped,
                variants,
                self.prepared,
                self.work,
                out + size,
            )
            for grouped in range(grouped):
                size += self.work.sizes[rows[grouped]]
        return size
