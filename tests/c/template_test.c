/* Columns of inputs that resemble each other, compressed by templates, against zlib.
 *
 *     template_test COUNT [SEED]
 *
 * Inputs follow each other as in a column: most bytes stay, some vary. Some varying bytes are then
 * made to look like other parts of the input, wholly or nearly, so that it leaves the template, or
 * only just follows it. Buffers end at pages that cannot be touched. Exits with 1 at the first
 * difference, which it prints. Link with -lz. */
#define _DEFAULT_SOURCE

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "../../src/agora_token/_csrc/deflate/internal.h"

enum { MAX = AGORA_DEFLATE_MAX_BOUNDED + 40, ROOM = 2 * MAX, PARTS = 16 };

static uint64_t random_state;

/* splitmix64 */
static uint64_t random64(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static unsigned below(unsigned limit)
{
    return (unsigned)((random64() >> 32) * limit >> 32);
}

/* How the bytes of a part come about. */
typedef enum { CONSTANT, RANDOM, DIGITS, HEX, TEXT, SMALL, EITHER, COUNTER, KINDS } part_kind;

typedef struct {
    part_kind kind;
    unsigned begin, size;
} part;

typedef struct {
    uint8_t bytes[MAX]; /* the constant ones */
    part parts[PARTS];
    unsigned part_count, size, rows;
    uint32_t kind;
} column;

static uint8_t any_byte(part_kind kind)
{
    static const char hex[] = "0123456789abcdef";
    switch (kind) {
    case DIGITS:
    case COUNTER:
        return (uint8_t)('0' + below(10));
    case HEX:
        return (uint8_t)hex[below(16)];
    case TEXT:
        return (uint8_t)('a' + below(26));
    case SMALL:
        return (uint8_t)below(6);
    case EITHER:
        return (uint8_t)(143 + below(2)); /* the last literal of eight bits, the first of nine */
    default:
        return (uint8_t)random64();
    }
}

static void add(column *to, part_kind constant, part_kind kind, unsigned size)
{
    if (size > MAX - to->size)
        size = MAX - to->size;
    to->parts[to->part_count++] = (part){kind, to->size, size};
    for (; size > 0; size--)
        to->bytes[to->size++] = any_byte(constant);
}

/* As a token's content: a signature, an App ID, times, a salt, maps and names. */
static void token_column(column *to)
{
    static const uint8_t map[] = {1, 0, 1, 0, 4, 0, 1, 0, 16, 14, 0, 0, 2, 0, 16, 14, 0, 0,
                                  3, 0, 16, 14, 0, 0, 4, 0, 16, 14, 0, 0};
    unsigned entries = below(5), names = 1 + below(3);
    add(to, SMALL, CONSTANT, 2);
    add(to, RANDOM, RANDOM, 32);
    add(to, SMALL, CONSTANT, 2);
    add(to, HEX, CONSTANT, 32);
    add(to, RANDOM, CONSTANT, 8);
    add(to, RANDOM, RANDOM, 3);
    add(to, SMALL, below(2) ? SMALL : CONSTANT, 1);
    unsigned begin = to->size, size = 6 + 6 * entries;
    add(to, SMALL, CONSTANT, size);
    memcpy(to->bytes + begin, map, size);
    for (; names > 0; names--) {
        static const part_kind kinds[] = {DIGITS, HEX, TEXT, COUNTER, CONSTANT};
        part_kind kind = kinds[below(5)];
        add(to, SMALL, CONSTANT, 2);
        add(to, kind == CONSTANT ? HEX : kind, kind, 1 + below(below(4) ? 12 : 70));
    }
}

static void random_column(column *to)
{
    unsigned parts = 1 + below(PARTS - 1), most = below(8) ? 30 : 200;
    for (; parts > 0; parts--) {
        part_kind kind = below(2) ? CONSTANT : (part_kind)below(KINDS);
        add(to, kind == CONSTANT ? (part_kind)below(KINDS) : kind, kind, 1 + below(most));
    }
}

static void next_column(column *to)
{
    to->size = to->part_count = 0;
    if (below(3))
        token_column(to);
    else
        random_column(to);
    to->rows = 1 + below(below(4) ? 100 : 3000);
    to->kind = below(3) ? below(4) : (uint32_t)random64();
}

/* Make a group look like another one: its bytes, all or two of them, or others with its hash. */
static void imitate(uint8_t *bytes, unsigned size)
{
    if (size < 6)
        return;
    uint8_t *from = bytes + below(size - 2), *to = bytes + below(size - 2);
    size_t room = (size_t)(bytes + size - (from > to ? from : to));
    memmove(to, from, 1 + below(below(2) || room < 8 ? 3 : 8));
    switch (below(4)) {
    case 0:
        to[0] ^= 0x20; /* falls out of the hash */
        break;
    case 1:
        to[0] ^= 1; /* meets bit 5 of the second */
        to[1] ^= 0x20;
        break;
    case 2:
        to[1] ^= 1; /* meets bit 5 of the third */
        to[2] ^= 0x20;
    }
}

static void fill(uint8_t *row, const column *from, unsigned number)
{
    memcpy(row, from->bytes, from->size);
    for (unsigned i = 0; i < from->part_count; i++) {
        const part *here = &from->parts[i];
        uint8_t *bytes = row + here->begin;
        if (here->kind == COUNTER)
            for (unsigned k = here->size, rest = number; k-- > 0; rest /= 10)
                bytes[k] = (uint8_t)('0' + rest % 10);
        else if (here->kind != CONSTANT)
            for (unsigned k = 0; k < here->size; k++)
                bytes[k] = any_byte(here->kind);
        /* Only varying bytes change, so that the template still comes into question. */
        if (here->kind != CONSTANT && here->size > 6 && below(24) == 0)
            imitate(bytes, here->size);
        if (here->kind != CONSTANT && here->size >= 3 && from->size > 6 && below(40) == 0)
            memmove(bytes + below(here->size - 2), row + below(from->size - 2), 1 + below(3));
    }
    if (below(500) == 0)
        imitate(row, from->size);
    if (below(500) == 0)
        row[below(from->size)] = (uint8_t)random64();
}

/* The first of `size` bytes that end where a page that cannot be touched begins. */
static uint8_t *guarded(unsigned which, size_t size)
{
    static uint8_t *ends[2];
    if (!ends[which]) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        size_t room = (ROOM + page - 1) / page * page;
        uint8_t *pages =
            mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (pages == MAP_FAILED || mprotect(pages + room, page, PROT_NONE) != 0)
            exit(2);
        ends[which] = pages + room;
    }
    return ends[which] - size;
}

static size_t zlib_deflate(uint8_t *dst, const uint8_t *src, size_t n)
{
    static z_stream stream;
    if (!stream.state && deflateInit(&stream, 6) != Z_OK)
        exit(2);
    deflateReset(&stream);
    stream.next_in = (uint8_t *)src;
    stream.avail_in = (unsigned)n;
    stream.next_out = dst;
    stream.avail_out = ROOM;
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
        exit(2);
    return stream.total_out;
}

static void dump(const char *title, const uint8_t *bytes, size_t size)
{
    printf("%s, %zu bytes:\n", title, size);
    for (size_t i = 0; i < size; i++)
        printf("%02x%s", bytes[i], i % 32 == 31 || i + 1 == size ? "\n" : "");
}

int main(int argc, char **argv)
{
    enum { COLUMNS = 5 }; /* that take turns */
    static column columns[COLUMNS];
    static agora_deflate_state state;
    static uint8_t row[MAX], expected[ROOM];

    if (argc < 2) {
        fprintf(stderr, "usage: %s COUNT [SEED]\n", argv[0]);
        return 2;
    }
    uint64_t count = strtoull(argv[1], NULL, 10);
    random_state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;

    agora_deflate_init(&state);
    for (uint64_t done = 0; done < count; done++) {
        column *from = &columns[below(below(8) ? 2 : COLUMNS)];
        if (from->rows == 0)
            next_column(from);
        fill(row, from, --from->rows);

        size_t n = from->size;
        uint8_t *src = guarded(0, n), *dst = guarded(1, agora_deflate_bound(n));
        memcpy(src, row, n);
        size_t size = agora_deflate_alike(&state, dst, src, n, from->kind);
        size_t due = zlib_deflate(expected, src, n);
        if (size != due || memcmp(dst, expected, size) != 0) {
            printf("differs: input %llu\n", (unsigned long long)done);
            dump("input", src, n);
            dump("by template", dst, size);
            dump("zlib", expected, due);
            return 1;
        }
    }
    printf("%llu of %llu inputs followed a template\n", (unsigned long long)state.followed,
           (unsigned long long)count);
    return state.followed < count / 10; /* else this tested next to nothing */
}
