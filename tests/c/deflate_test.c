/* The small-input deflate and inflate against zlib, on seeded random inputs.
 *
 *     deflate_test COUNT [SEED [SHAPE]]
 *
 * Every input is compressed by both, and the bytes have to be the same; the stream is inflated
 * again whole, truncated and damaged, and both have to give the same verdict and the same output.
 * Buffers end at pages that cannot be touched. Exits with 1 at the first difference, which it
 * prints. Link with -lz. */
#define _DEFAULT_SOURCE

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "../../src/agora_token/_csrc/deflate/internal.h"
#include "../../src/agora_token/_csrc/deflate/inflate.h"

#define MAX AGORA_DEFLATE_MAX_INPUT
#define ROOM (2 * MAX)

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

/* Contents of tokens. */

typedef struct {
    uint8_t bytes[ROOM];
    size_t size;
} content;

static void add(content *to, const void *data, size_t size)
{
    if (size > MAX - to->size)
        size = MAX - to->size;
    memcpy(to->bytes + to->size, data, size);
    to->size += size;
}

static void add_u16(content *to, unsigned value)
{
    add(to, (uint8_t[]){(uint8_t)value, (uint8_t)(value >> 8)}, 2);
}

static void add_u32(content *to, uint32_t value)
{
    add_u16(to, value & 0xffff);
    add_u16(to, value >> 16);
}

static void add_random(content *to, size_t size)
{
    for (; size > 0; size--)
        add(to, (uint8_t[]){(uint8_t)random64()}, 1);
}

static void add_string(content *to, const char *text)
{
    add_u16(to, (unsigned)strlen(text));
    add(to, text, strlen(text));
}

static void add_map(content *to, unsigned entries, uint32_t expire)
{
    add_u16(to, entries);
    for (unsigned key = 1; key <= entries; key++) {
        add_u16(to, key);
        add_u32(to, expire);
    }
}

static void random_hex(char *text, unsigned digits, int upper)
{
    const char *alphabet = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    for (; digits > 0; digits--)
        *text++ = alphabet[below(16)];
    *text = 0;
}

/* A channel name or an account: what people use, from "7" to 255 characters. */
static void random_name(char *text)
{
    static const char *const words[] = {"room", "live", "class", "user", "alice", "bob",
                                        "meeting", "video-call", "channel", "test", "demo"};
    static const char alphabet[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 !#$%&()+-:;<=.>?@[]^_{}|~,";
    unsigned kind = below(8), size;
    switch (kind) {
    case 0:
        sprintf(text, "%u", (unsigned)random64());
        break;
    case 1:
        sprintf(text, "%s-%u", words[below(11)], below(100000));
        break;
    case 2:
        random_hex(text, 32, 0);
        break;
    case 3:
        random_hex(text, 8, 0);
        for (int i = 0; i < 4; i++) {
            text[8 + 5 * i] = '-';
            random_hex(text + 9 + 5 * i, i < 3 ? 4 : 12, 0);
        }
        break;
    case 4:
        sprintf(text, "%s:%s_%u@%s.com", words[below(11)], words[below(11)], below(1000),
                words[below(11)]);
        break;
    case 5:
        sprintf(text, "%u", below(1000));
        break;
    case 6:
        size = 1 + below(64);
        for (; size > 0; size--)
            *text++ = alphabet[below(89)];
        *text = 0;
        break;
    default:
        size = below(8) ? 1 + below(24) : 1 + below(255);
        for (; size > 0; size--)
            *text++ = alphabet[below(62)];
        *text = 0;
    }
}

/* Everything before the services. One project's tokens follow each other, as in a batch. */
static void begin_token(content *to, unsigned services)
{
    static char app_id[33];
    static uint32_t issue_ts, expire;
    if (!app_id[0] || below(50) == 0) {
        static const uint32_t lifetimes[] = {600, 900, 3600, 7200, 86400};
        random_hex(app_id, 32, below(4) == 0);
        issue_ts = below(16) ? 1600000000 + below(200000000) : (uint32_t)random64();
        expire = below(16) ? lifetimes[below(5)] : (uint32_t)random64();
    }
    add_u16(to, 32);
    add_random(to, 32);
    add_string(to, app_id);
    add_u32(to, issue_ts);
    add_u32(to, expire);
    add_u32(to, 1 + below(99999999));
    add_u16(to, services);
}

static uint32_t privilege_expire(void)
{
    return below(3) ? below(2) * 3600 : below(86401);
}

static void add_rtc(content *to, const char *channel, const char *uid)
{
    add_u16(to, 1);
    add_map(to, below(4) ? 4 : below(5), privilege_expire());
    add_string(to, channel);
    add_string(to, uid);
}

static void add_user(content *to, unsigned type, const char *user)
{
    add_u16(to, type);
    add_map(to, 1, privilege_expire());
    add_string(to, user);
}

static char channel[300] = "room-1", user[300];

/* A channel for some tokens in a row, a user for each. */
static void next_names(void)
{
    if (below(20) == 0)
        random_name(channel);
    if (below(2))
        sprintf(user, "%u", below(2) ? (unsigned)random64() : below(1000000));
    else if (below(10) == 0)
        strcpy(user, channel);
    else if (below(20) == 0)
        user[0] = 0;
    else
        random_name(user);
}

static void rtc(content *to)
{
    next_names();
    begin_token(to, 1);
    add_rtc(to, channel, user);
}

static void rtm(content *to)
{
    next_names();
    begin_token(to, 1);
    add_user(to, 2, user);
}

static void chat(content *to)
{
    next_names();
    begin_token(to, 1);
    add_user(to, 5, below(4) ? user : "");
}

static void rtc_and_rtm(content *to)
{
    next_names();
    begin_token(to, 2);
    add_rtc(to, channel, user);
    if (below(4) == 0)
        random_name(user);
    add_user(to, 2, user);
}

static void apaas(content *to)
{
    char digest[33];
    next_names();
    random_hex(digest, 32, 0);
    begin_token(to, 3);
    add_user(to, 2, user);
    add_user(to, 5, digest);
    add_user(to, 7, channel);
    add_string(to, user);
    add_u16(to, below(3) ? below(3) : 0xffff);
}

static void many_services(content *to)
{
    unsigned services = 1 + below(below(8) ? 12 : 60);
    begin_token(to, services);
    for (unsigned i = 0; i < services; i++) {
        if (below(3) == 0)
            next_names();
        if (below(2))
            add_rtc(to, channel, user);
        else
            add_user(to, 1 + below(10), user);
    }
}

static void long_account(content *to)
{
    char text[256];
    unsigned size = 100 + below(156), distinct = 1 + below(62);
    for (unsigned i = 0; i < size; i++)
        text[i] = (char)('@' + below(distinct));
    text[size] = 0;
    next_names();
    begin_token(to, 1);
    add_rtc(to, below(2) ? channel : text, text);
}

/* Hostile contents. */

static size_t random_size(void)
{
    unsigned kind = below(16);
    if (kind == 0)
        return MAX - below(3);
    return below(kind < 4 ? MAX + 1 : kind < 6 ? 12 : 400);
}

static void zeros(content *to)
{
    to->size = random_size();
    memset(to->bytes, below(2) ? 0 : (int)below(256), to->size);
}

static void few_symbols(content *to)
{
    unsigned symbols = 1 + below(below(2) ? 4 : 64), first = below(256);
    to->size = random_size();
    for (size_t i = 0; i < to->size; i++)
        to->bytes[i] = (uint8_t)(first + below(symbols));
}

static void runs(content *to)
{
    size_t size = random_size();
    while (to->size < size) {
        unsigned length = 1 + below(below(4) ? 20 : 400);
        uint8_t byte = (uint8_t)below(below(2) ? 256 : 3);
        for (; length > 0 && to->size < size; length--)
            to->bytes[to->size++] = byte;
    }
}

static void periodic(content *to)
{
    size_t period = 1 + below(below(2) ? 10 : 300);
    to->size = random_size();
    for (size_t i = 0; i < to->size; i++)
        to->bytes[i] = i < period || below(200) == 0 ? (uint8_t)random64() : to->bytes[i - period];
}

/* Symbols as rare as in a code of great depth, and in between. */
static void skewed(content *to)
{
    unsigned steps = 1 + below(20), threshold = 1 + below(255);
    to->size = random_size();
    for (size_t i = 0; i < to->size; i++) {
        unsigned symbol = 0;
        while (symbol < steps && (random64() & 255) < threshold)
            symbol++;
        to->bytes[i] = (uint8_t)(symbol * 37 + (below(16) ? 0 : random64()));
    }
}

/* Fibonacci frequencies, in random order: the deepest codes there are. */
static void deepest(content *to)
{
    unsigned a = 1, b = 1;
    size_t size = random_size();
    for (uint8_t symbol = (uint8_t)random64(); to->size < size; symbol++) {
        for (unsigned i = 0; i < b && to->size < size; i++)
            to->bytes[to->size++] = symbol;
        b += a;
        a = b - a;
    }
    for (size_t i = to->size; i > 1; i--) {
        size_t k = below((unsigned)i);
        uint8_t byte = to->bytes[i - 1];
        to->bytes[i - 1] = to->bytes[k];
        to->bytes[k] = byte;
    }
}

/* Random bytes and text in a proportion where stored, fixed and dynamic blocks meet. */
static void boundary(content *to)
{
    unsigned narrow = below(257), symbols = 1 + below(200);
    to->size = random_size();
    for (size_t i = 0; i < to->size; i++)
        to->bytes[i] = (uint8_t)(below(256) < narrow ? below(symbols) : random64());
}

static void incompressible(content *to)
{
    add_random(to, random_size());
}

static void repeats(content *to)
{
    size_t size = random_size();
    unsigned symbols = 1 + below(256), often = 1 + below(30);
    while (to->size < size) {
        if (to->size > 0 && below(often) == 0) {
            size_t distance = 1 + below((unsigned)to->size);
            size_t length = 1 + below(below(8) ? 20 : 300);
            for (; length > 0 && to->size < size; length--, to->size++)
                to->bytes[to->size] = to->bytes[to->size - distance];
        } else
            to->bytes[to->size++] = (uint8_t)below(symbols);
    }
}

/* Triples of one hash of zlib's and of different bytes, in numbers that exhaust its search. */
static void collisions(content *to)
{
    size_t size = random_size();
    unsigned spread = 1 + below(8);
    while (to->size < size) {
        unsigned flip = below(spread);
        uint8_t triple[3] = {'a', 'b', 'c'};
        if (flip & 1)
            triple[0] ^= 0x20; /* falls out of the hash */
        if (flip & 2) {
            triple[0] ^= 1; /* meets bit 5 of the second */
            triple[1] ^= 0x20;
        }
        if (flip & 4) {
            triple[1] ^= 1; /* meets bit 5 of the third */
            triple[2] ^= 0x20;
        }
        add(to, triple, 3);
        if (below(4) == 0)
            add_random(to, below(3));
    }
    to->size = size;
}

static void english(content *to)
{
    static const char *const words[] = {
        "the ", "token ", "of ", "a ",  "channel ", "expires ", "after ", "and ",  "is ",
        "signed", ", ",   "by ", "your ", "server", ". ",     "The ",   "user ", "joins ",
    };
    size_t size = random_size();
    while (to->size < size) {
        const char *word = words[below(18)];
        add(to, word, strlen(word));
    }
    to->size = size;
}

typedef struct {
    const char *name;
    void (*fill)(content *to);
    unsigned share;
} shape;

static const shape shapes[] = {
    {"rtc", rtc, 20},
    {"rtm", rtm, 6},
    {"chat", chat, 6},
    {"rtc+rtm", rtc_and_rtm, 10},
    {"apaas", apaas, 8},
    {"many services", many_services, 4},
    {"long account", long_account, 6},
    {"zeros", zeros, 1},
    {"few symbols", few_symbols, 4},
    {"runs", runs, 3},
    {"periodic", periodic, 4},
    {"skewed", skewed, 6},
    {"deepest", deepest, 2},
    {"boundary", boundary, 8},
    {"incompressible", incompressible, 2},
    {"repeats", repeats, 6},
    {"collisions", collisions, 2},
    {"english", english, 2},
};
#define SHAPES (sizeof shapes / sizeof shapes[0])

/* zlib, with its memory from an arena: the C library's is slow in blocks of this size. */

static uint8_t arena[1 << 19];
static size_t arena_used;

static void *arena_alloc(void *opaque, unsigned items, unsigned size)
{
    (void)opaque;
    void *block = arena + arena_used;
    arena_used += ((size_t)items * size + 63) & ~(size_t)63;
    return arena_used <= sizeof arena ? block : NULL;
}

static void arena_free(void *opaque, void *block)
{
    (void)opaque;
    (void)block;
}

static size_t zlib_deflate(uint8_t *dst, const uint8_t *src, size_t n, int level, int memory,
                           int strategy, int flush)
{
    z_stream stream = {.zalloc = arena_alloc, .zfree = arena_free};
    arena_used = 0;
    deflateInit2(&stream, level, Z_DEFLATED, 15, memory, strategy);
    stream.next_in = (uint8_t *)src;
    stream.next_out = dst;
    stream.avail_out = ROOM;
    if (flush != Z_NO_FLUSH) {
        stream.avail_in = (unsigned)n / 2;
        deflate(&stream, flush);
        n -= n / 2;
    }
    stream.avail_in = (unsigned)n;
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
        exit(2);
    deflateEnd(&stream);
    return stream.total_out;
}

/* zlib's verdict in our terms: what it says is told apart only as far as it tells. */
static ptrdiff_t zlib_inflate(uint8_t *dst, size_t cap, const uint8_t *src, size_t n,
                              size_t *written)
{
    z_stream stream = {.zalloc = arena_alloc, .zfree = arena_free};
    arena_used = 0;
    stream.next_in = (uint8_t *)src;
    stream.avail_in = (unsigned)n;
    inflateInit(&stream);
    stream.next_out = dst;
    stream.avail_out = (unsigned)cap;
    int status = inflate(&stream, Z_FINISH);
    *written = stream.total_out;
    ptrdiff_t verdict = AGORA_INFLATE_MALFORMED;
    if (status == Z_STREAM_END)
        verdict = stream.avail_in ? AGORA_INFLATE_TRAILING : (ptrdiff_t)stream.total_out;
    else if (stream.msg && strcmp(stream.msg, "incorrect data check") == 0)
        verdict = AGORA_INFLATE_CHECKSUM;
    inflateEnd(&stream);
    return verdict;
}

/* The first of `size` bytes that end where a page that cannot be touched begins. */
static uint8_t *guarded(unsigned which, size_t size)
{
    static uint8_t *ends[4];
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

static void dump(const char *title, const uint8_t *bytes, size_t size)
{
    printf("%s, %zu bytes:\n", title, size);
    for (size_t i = 0; i < size; i++)
        printf("%02x%s", bytes[i], i % 32 == 31 || i + 1 == size ? "\n" : "");
}

static void check_inflate(const uint8_t *stream, size_t size, size_t cap)
{
    static uint8_t theirs[ROOM];
    size_t written;
    uint8_t *src = guarded(2, size), *ours = guarded(3, cap);
    memcpy(src, stream, size);
    ptrdiff_t expected = zlib_inflate(theirs, cap, stream, size, &written);
    ptrdiff_t verdict = agora_inflate(ours, cap, src, size);
    ptrdiff_t merged = verdict == AGORA_INFLATE_TRUNCATED || verdict == AGORA_INFLATE_TOO_LARGE
                           ? AGORA_INFLATE_MALFORMED
                           : verdict;
    if (merged == expected &&
        (expected == AGORA_INFLATE_MALFORMED || memcmp(ours, theirs, written) == 0))
        return;
    printf("inflate: %td, zlib: %td, cap %zu\n", verdict, expected, cap);
    dump("stream", stream, size);
    exit(1);
}

static void check_damaged(const uint8_t *stream, size_t size, size_t cap)
{
    static uint8_t damaged[ROOM];
    size_t damaged_size = size;
    memcpy(damaged, stream, size);
    switch (below(6)) {
    case 0:
        damaged_size = below((unsigned)size);
        break;
    case 1:
        damaged[damaged_size++] = (uint8_t)random64();
        break;
    case 2:
        damaged[below((unsigned)size)] ^= (uint8_t)(1u << below(8));
        break;
    case 3: /* the head of a block is where most rules are */
        damaged[below(size < 40 ? (unsigned)size : 40)] = (uint8_t)random64();
        break;
    case 4:
        for (unsigned i = 2 + below(60); i < size; i += 1 + below(20))
            damaged[i] = (uint8_t)random64();
        break;
    default:
        cap = below((unsigned)cap + 20);
    }
    check_inflate(damaged, damaged_size, cap);
}

static void check_refusal(const char *what, ptrdiff_t verdict, ptrdiff_t expected,
                          const uint8_t *stream, size_t size)
{
    if (verdict == expected)
        return;
    printf("inflate, %s: %td where %td is due\n", what, verdict, expected);
    dump("stream", stream, size);
    exit(1);
}

/* The bound on a dynamic block must not be above the block, by however little: that would change
 * the output only where two types are about as long. Tightness is the counts' business. */
static void check_bound(agora_deflate_state *state, const uint8_t *src, size_t n)
{
    dynamic_codes codes;
    agora_deflate_distance_code distances;
    if (n > AGORA_DEFLATE_MAX_BOUNDED)
        return;
    size_t bits = agora_deflate_build_codes(&codes, state->literal_freq, state->distance_freq);
    agora_deflate_weigh_distances(state, &distances);
    if (!agora_deflate_dynamic_has(state, &distances, bits + 1))
        return;
    printf("bound above the %zu bits of a dynamic block\n", bits);
    dump("input", src, n);
    exit(1);
}

/* The codes that zlib does not tell apart. */
static void check_codes(const uint8_t *stream, size_t size, size_t n)
{
    uint8_t *dst = guarded(3, n);
    size_t shorter = below((unsigned)size);
    uint8_t *src = guarded(2, shorter);
    memcpy(src, stream, shorter);
    check_refusal("truncated", agora_inflate(dst, n, src, shorter), AGORA_INFLATE_TRUNCATED, stream,
                  size);
    if (n == 0)
        return;
    size_t cap = below((unsigned)n);
    dst = guarded(3, cap);
    src = guarded(2, size);
    memcpy(src, stream, size);
    check_refusal("larger than cap", agora_inflate(dst, cap, src, size), AGORA_INFLATE_TOO_LARGE,
                  stream, size);
}

int main(int argc, char **argv)
{
    static const char *const types[] = {"stored", "fixed", "dynamic"};
    static content input;
    static uint8_t expected[ROOM];
    static agora_deflate_state state;
    uint64_t counts[SHAPES][3] = {{0}}, built[SHAPES] = {0};
    unsigned total_share = 0;

    if (argc < 2) {
        fprintf(stderr, "usage: %s COUNT [SEED [SHAPE]]\n", argv[0]);
        return 2;
    }
    uint64_t count = strtoull(argv[1], NULL, 10);
    random_state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    const char *only = argc > 3 ? argv[3] : NULL;
    for (size_t i = 0; i < SHAPES; i++)
        total_share += shapes[i].share;

    agora_deflate_init(&state);
    agora_inflate_init();
    state.base = UINT32_MAX - 100 * MAX; /* its wrap is passed soon */
    for (uint64_t done = 0; done < count; done++) {
        size_t which = 0;
        for (unsigned ticket = below(total_share); ticket >= shapes[which].share; which++)
            ticket -= shapes[which].share;
        for (size_t i = 0; only && i < SHAPES; i++)
            if (strcmp(shapes[i].name, only) == 0)
                which = i;

        input.size = 0;
        shapes[which].fill(&input);
        size_t n = input.size;
        uint8_t *src = guarded(0, n), *dst = guarded(1, agora_deflate_bound(n));
        memcpy(src, input.bytes, n);
        uint64_t built_before = state.built;
        size_t size = agora_deflate(&state, dst, src, n);
        built[which] += state.built - built_before;
        size_t due = zlib_deflate(expected, src, n, 6, 8, Z_DEFAULT_STRATEGY, Z_NO_FLUSH);
        if (size != due || memcmp(dst, expected, size) != 0) {
            printf("deflate differs: input %llu, %s\n", (unsigned long long)done,
                   shapes[which].name);
            dump("input", src, n);
            dump("deflate", dst, size);
            dump("zlib", expected, due);
            return 1;
        }
        counts[which][expected[2] >> 1 & 3]++;
        check_bound(&state, src, n);

        check_inflate(expected, size, n);
        check_codes(expected, size, n);
        check_damaged(expected, size, n);
        if (done % 4 == 0) { /* blocks that this deflate never makes */
            static const int flushes[] = {Z_NO_FLUSH, Z_FULL_FLUSH, Z_SYNC_FLUSH, Z_PARTIAL_FLUSH};
            size = zlib_deflate(expected, src, n, (int)below(10), 1 + (int)below(9), (int)below(5),
                                flushes[below(4)]);
            check_inflate(expected, size, n);
            check_damaged(expected, size, n);
        }
    }

    printf("%-15s %10s %10s %10s %10s\n", "shape", types[0], types[1], types[2], "codes built");
    for (size_t i = 0; i < SHAPES; i++)
        printf("%-15s %10llu %10llu %10llu %10llu\n", shapes[i].name,
               (unsigned long long)counts[i][0], (unsigned long long)counts[i][1],
               (unsigned long long)counts[i][2], (unsigned long long)built[i]);
    return 0;
}
