/* Inflate (RFC 1950 and 1951) of a whole stream, as strict as zlib: codes that are over-subscribed
 * are refused, and incomplete ones too, but for a code of a single word of one bit. */
#include "inflate.h"

#include "adler32.h"

#include <string.h>

#define MAX_CODE_LENGTH 15
#define MAX_LITERALS 286
#define MAX_DISTANCES 30
#define META_SYMBOLS 19
#define END_OF_BLOCK 256

/* A code's words of up to this many bits are looked up at once, longer ones bit by bit. */
#define FAST_BITS 9

/* entry: symbol << 4 | length, 0 where no short word begins so. */
typedef struct {
    uint16_t fast[1 << FAST_BITS];
    uint16_t count[MAX_CODE_LENGTH + 1]; /* words of each length */
    uint16_t symbol[288];                /* in order of their words */
} decoder;

typedef struct {
    const uint8_t *next, *end;
    uint64_t bits;
    unsigned count; /* bits held; those above are 0 */
} bit_reader;

/* Hold 48 bits or more, or all that are left. */
static inline void refill(bit_reader *in)
{
    while (in->count <= 56 && in->next < in->end) {
        in->bits |= (uint64_t)*in->next++ << in->count;
        in->count += 8;
    }
}

/* Take up to 16 bits; returns -1 at the end of the input. */
static inline int take(bit_reader *in, unsigned count)
{
    refill(in);
    if (in->count < count)
        return -1;
    int value = (int)(in->bits & ((1u << count) - 1));
    in->bits >>= count;
    in->count -= count;
    return value;
}

/* Set up a decoder; returns 0 for a set of lengths that is not a code. */
static int build_decoder(decoder *code, const uint8_t *lengths, unsigned symbols, int must_be_full)
{
    uint16_t offset[MAX_CODE_LENGTH + 2], word[MAX_CODE_LENGTH + 1];
    int left = 1;

    memset(code->count, 0, sizeof code->count);
    memset(code->fast, 0, sizeof code->fast);
    for (unsigned i = 0; i < symbols; i++)
        code->count[lengths[i]]++;
    unsigned used = symbols - code->count[0];
    code->count[0] = 0;

    unsigned first = 0;
    offset[1] = 0;
    for (unsigned length = 1; length <= MAX_CODE_LENGTH; length++) {
        left = 2 * left - code->count[length];
        if (left < 0)
            return 0;
        first = (first + code->count[length - 1]) << 1;
        word[length] = (uint16_t)first;
        offset[length + 1] = (uint16_t)(offset[length] + code->count[length]);
    }
    if (left > 0 && (must_be_full || (used > 0 && !(used == 1 && code->count[1] == 1))))
        return 0;

    for (unsigned i = 0; i < symbols; i++) {
        unsigned length = lengths[i];
        if (length == 0)
            continue;
        code->symbol[offset[length]++] = (uint16_t)i;
        unsigned bits = word[length]++, reversed = 0;
        if (length > FAST_BITS)
            continue;
        for (unsigned k = 0; k < length; k++)
            reversed |= (bits >> k & 1) << (length - 1 - k);
        for (; reversed < 1u << FAST_BITS; reversed += 1u << length)
            code->fast[reversed] = (uint16_t)(i << 4 | length);
    }
    return 1;
}

/* The next symbol, or a negative code. */
static inline int decode(bit_reader *in, const decoder *code)
{
    refill(in);
    unsigned entry = code->fast[in->bits & ((1u << FAST_BITS) - 1)];
    unsigned length = entry & 15;
    if (entry && length <= in->count) {
        in->bits >>= length;
        in->count -= length;
        return (int)(entry >> 4);
    }

    int word = 0, first = 0, index = 0;
    for (length = 1; length <= MAX_CODE_LENGTH; length++) {
        if (length > in->count)
            return AGORA_INFLATE_TRUNCATED;
        int count = code->count[length];
        word |= (int)(in->bits >> (length - 1) & 1);
        if (word - first < count) {
            in->bits >>= length;
            in->count -= length;
            return code->symbol[index + word - first];
        }
        index += count;
        first = (first + count) << 1;
        word <<= 1;
    }
    return AGORA_INFLATE_MALFORMED;
}

/* Most tokens are one fixed block, whose tables would take longer to build than to use. */
static decoder fixed_literals, fixed_distances;

void agora_inflate_init(void)
{
    uint8_t lengths[288];
    memset(lengths, 8, 144);
    memset(lengths + 144, 9, 112);
    memset(lengths + 256, 7, 24);
    memset(lengths + 280, 8, 8);
    build_decoder(&fixed_literals, lengths, 288, 1);
    memset(lengths, 5, 32);
    build_decoder(&fixed_distances, lengths, 32, 1);
}

/* Read the codes at the head of a dynamic block; returns 0 or a negative code. */
static int read_decoders(bit_reader *in, decoder *literals, decoder *distances)
{
    static const uint8_t order[META_SYMBOLS] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                11, 4,  12, 3, 13, 2, 14, 1, 15};
    uint8_t lengths[MAX_LITERALS + MAX_DISTANCES] = {0};
    int header = take(in, 14);
    if (header < 0)
        return AGORA_INFLATE_TRUNCATED;
    unsigned literal_count = (header & 31) + 257u;
    unsigned distance_count = (header >> 5 & 31) + 1u;
    unsigned meta_count = (unsigned)(header >> 10) + 4;
    if (literal_count > MAX_LITERALS || distance_count > MAX_DISTANCES)
        return AGORA_INFLATE_MALFORMED;

    for (unsigned i = 0; i < meta_count; i++) {
        int length = take(in, 3);
        if (length < 0)
            return AGORA_INFLATE_TRUNCATED;
        lengths[order[i]] = (uint8_t)length;
    }
    if (!build_decoder(literals, lengths, META_SYMBOLS, 1))
        return AGORA_INFLATE_MALFORMED;

    unsigned total = literal_count + distance_count;
    memset(lengths, 0, META_SYMBOLS);
    for (unsigned i = 0; i < total;) {
        int symbol = decode(in, literals);
        if (symbol < 0)
            return symbol;
        if (symbol < 16) {
            lengths[i++] = (uint8_t)symbol;
            continue;
        }
        int repeat = take(in, symbol == 16 ? 2 : symbol == 17 ? 3 : 7);
        if (repeat < 0)
            return AGORA_INFLATE_TRUNCATED;
        unsigned run = (unsigned)repeat + (symbol == 18 ? 11 : 3);
        if (run > total - i || (symbol == 16 && i == 0))
            return AGORA_INFLATE_MALFORMED;
        memset(lengths + i, symbol == 16 ? lengths[i - 1] : 0, run);
        i += run;
    }
    if (lengths[END_OF_BLOCK] == 0 || !build_decoder(literals, lengths, literal_count, 0) ||
        !build_decoder(distances, lengths + literal_count, distance_count, 0))
        return AGORA_INFLATE_MALFORMED;
    return 0;
}

/* Where a block writes: out[0] to out[size - 1] are written, cap is the room. */
typedef struct {
    uint8_t *out;
    size_t size, cap;
} output;

static int inflate_symbols(bit_reader *in, output *to, const decoder *literals,
                           const decoder *distances)
{
    for (;;) {
        int symbol = decode(in, literals);
        if (symbol < 0)
            return symbol;
        if (symbol < END_OF_BLOCK) {
            if (to->size == to->cap)
                return AGORA_INFLATE_TOO_LARGE;
            to->out[to->size++] = (uint8_t)symbol;
            continue;
        }
        if (symbol == END_OF_BLOCK)
            return 0;

        if (symbol >= MAX_LITERALS)
            return AGORA_INFLATE_MALFORMED;
        unsigned length = (unsigned)symbol - 254, bits = 0;
        if (symbol == 285)
            length = 258;
        else if (symbol >= 265) {
            bits = (unsigned)(symbol - 261) / 4;
            length = 3 + ((4 + (unsigned)(symbol - 261) % 4) << bits);
        }
        int extra = take(in, bits);
        if (extra < 0)
            return AGORA_INFLATE_TRUNCATED;
        length += (unsigned)extra;

        symbol = decode(in, distances);
        if (symbol < 0)
            return symbol;
        if (symbol >= MAX_DISTANCES)
            return AGORA_INFLATE_MALFORMED;
        bits = symbol < 4 ? 0 : (unsigned)symbol / 2 - 1;
        unsigned distance = symbol < 4 ? (unsigned)symbol + 1
                                       : 1 + ((2 + (unsigned)symbol % 2) << bits);
        extra = take(in, bits);
        if (extra < 0)
            return AGORA_INFLATE_TRUNCATED;
        distance += (unsigned)extra;

        if (distance > to->size)
            return AGORA_INFLATE_MALFORMED;
        if (length > to->cap - to->size)
            return AGORA_INFLATE_TOO_LARGE;
        uint8_t *copy = to->out + to->size;
        to->size += length;
        if (distance >= length)
            memcpy(copy, copy - distance, length);
        else
            for (; length > 0; length--, copy++)
                *copy = *(copy - distance);
    }
}

static int inflate_stored(bit_reader *in, output *to)
{
    take(in, in->count & 7);
    int size = take(in, 16), check = take(in, 16);
    if (size < 0 || check < 0)
        return AGORA_INFLATE_TRUNCATED;
    if ((size ^ check) != 0xffff)
        return AGORA_INFLATE_MALFORMED;

    in->next -= in->count / 8; /* back to the first byte that is not used */
    in->bits = 0;
    in->count = 0;
    size_t available = (size_t)(in->end - in->next);
    if ((size_t)size > available)
        return AGORA_INFLATE_TRUNCATED;
    if ((size_t)size > to->cap - to->size)
        return AGORA_INFLATE_TOO_LARGE;
    if (size > 0)
        memcpy(to->out + to->size, in->next, (size_t)size);
    in->next += size;
    to->size += (size_t)size;
    return 0;
}

ptrdiff_t agora_inflate(uint8_t *dst, size_t cap, const uint8_t *src, size_t n)
{
    bit_reader in = {src, src + n, 0, 0};
    output to = {dst, 0, cap};
    decoder literals, distances;
    int last, status;

    int method = take(&in, 8), flags = take(&in, 8);
    if (method < 0 || flags < 0)
        return AGORA_INFLATE_TRUNCATED;
    /* Deflate, a window of 32 KiB at most, no preset dictionary. */
    if ((method << 8 | flags) % 31 != 0 || (method & 15) != 8 || method >> 4 > 7 || flags & 32)
        return AGORA_INFLATE_MALFORMED;

    do {
        int header = take(&in, 3);
        if (header < 0)
            return AGORA_INFLATE_TRUNCATED;
        last = header & 1;
        switch (header >> 1) {
        case 0:
            status = inflate_stored(&in, &to);
            break;
        case 1:
            status = inflate_symbols(&in, &to, &fixed_literals, &fixed_distances);
            break;
        case 2:
            status = read_decoders(&in, &literals, &distances);
            if (status == 0)
                status = inflate_symbols(&in, &to, &literals, &distances);
            break;
        default:
            status = AGORA_INFLATE_MALFORMED;
        }
        if (status < 0)
            return status;
    } while (!last);

    take(&in, in.count & 7);
    int high = take(&in, 16), low = take(&in, 16);
    if (high < 0 || low < 0)
        return AGORA_INFLATE_TRUNCATED;
    uint32_t check = agora_adler32(dst, to.size);
    uint32_t sum = (uint32_t)high | (uint32_t)low << 16; /* sent highest byte first */
    sum = sum >> 24 | (sum >> 8 & 0xff00) | (sum & 0xff00) << 8 | sum << 24;
    if (sum != check)
        return AGORA_INFLATE_CHECKSUM;
    if (in.count > 0 || in.next < in.end)
        return AGORA_INFLATE_TRAILING;
    return (ptrdiff_t)to.size;
}
