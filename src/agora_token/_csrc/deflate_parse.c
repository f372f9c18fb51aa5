/* Matching as zlib's level 6 does it: lazily, through chains of earlier positions with one hash.
 *
 * Three things of zlib's show in its output and are kept. A chain joins positions whose three bytes
 * have one 15-bit hash, and counts against the search limit even where the bytes differ. A match at
 * position 0 is never found, because 0 ends a chain. And the last two positions, which have no
 * three bytes, are neither searched nor entered. */
#include "deflate_internal.h"

#define GOOD_LENGTH 8  /* with a match this long in hand, search a quarter as far */
#define LAZY_LENGTH 16 /* and with this one, not at all */
#define NICE_LENGTH 128
#define SEARCH_LIMIT 128

typedef struct {
    unsigned length;
    unsigned distance;
} match;

static inline uint32_t load32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, 4);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = value >> 24 | (value >> 8 & 0xff00) | (value & 0xff00) << 8 | value << 24;
#endif
    return value;
}

/* zlib's hash of three bytes: each shifts the sum by five bits, of which it keeps 15. */
static inline unsigned zlib_hash(const uint8_t *at)
{
    uint32_t bytes = load32(at);
    return ((bytes << 10) ^ (bytes >> 3 & 0x1fe0) ^ (bytes >> 16 & 0xff)) & 0x7fff;
}

/* Enter a position into its chain; returns the number of the one before it, which is an earlier
 * input's or position 0 if it is not above state->base. */
static inline uint32_t enter(agora_deflate_state *state, unsigned position, unsigned hash)
{
    uint32_t *head = &state->head[(uint32_t)(hash * 0x9e3779b1u) >> (32 - AGORA_DEFLATE_HASH_BITS)];
    uint32_t before = *head;
    state->prev[position] = before;
    *head = state->base + position;
    return before;
}

static inline unsigned common_length(const uint8_t *a, const uint8_t *b, unsigned limit)
{
    unsigned length = 0;
    while (length < limit && a[length] == b[length])
        length++;
    return length;
}

/* The first of the longest matches at position that are longer than best.length, if there is one. */
static match longest_match(const agora_deflate_state *state, unsigned position, unsigned hash,
                           uint32_t candidate, unsigned lookahead, match best)
{
    const uint8_t *scan = state->window + position;
    unsigned limit = lookahead < MAX_MATCH ? lookahead : MAX_MATCH;
    unsigned nice = lookahead < NICE_LENGTH ? lookahead : NICE_LENGTH;
    unsigned searches = best.length >= GOOD_LENGTH ? SEARCH_LIMIT / 4 : SEARCH_LIMIT;

    for (; candidate > state->base; candidate = state->prev[candidate - state->base]) {
        const uint8_t *earlier = state->window + (candidate - state->base);
        if (zlib_hash(earlier) != hash)
            continue; /* in another chain of zlib's */
        if (earlier[best.length] == scan[best.length]) {
            unsigned length = common_length(scan, earlier, limit);
            if (length > best.length) {
                best.length = length;
                best.distance = (unsigned)(scan - earlier);
                if (length >= nice)
                    break;
            }
        }
        if (--searches == 0)
            break;
    }
    return best;
}

size_t agora_deflate_parse(agora_deflate_state *state, size_t n)
{
    const match none = {MIN_MATCH - 1, 0};
    agora_deflate_sequence *sequence = state->sequences;
    unsigned size = (unsigned)n;
    unsigned last = size < MIN_MATCH ? 0 : size - MIN_MATCH + 1; /* first without three bytes */
    unsigned done = 0; /* bytes in sequences so far */

    for (unsigned position = 0; position < last; position++) {
        unsigned hash = zlib_hash(state->window + position);
        uint32_t before = enter(state, position, hash);
        if (before <= state->base)
            continue;
        match found = longest_match(state, position, hash, before, size - position, none);
        if (found.length < MIN_MATCH)
            continue;

        /* As long as the next position has a longer one, that is taken instead. */
        while (position + 1 < last) {
            hash = zlib_hash(state->window + position + 1);
            before = enter(state, position + 1, hash);
            if (found.length >= LAZY_LENGTH)
                break;
            match next =
                longest_match(state, position + 1, hash, before, size - position - 1, found);
            if (next.length == found.length)
                break;
            found = next;
            position++;
        }

        sequence->literals = (uint16_t)(position - done);
        sequence->length = (uint16_t)found.length;
        sequence->distance = (uint16_t)found.distance;
        sequence++;
        done = position + found.length;
        for (position += 2; position < done && position < last; position++)
            enter(state, position, zlib_hash(state->window + position));
        position = done - 1;
    }
    sequence->literals = (uint16_t)(size - done);
    sequence->length = sequence->distance = 0;
    return (size_t)(sequence + 1 - state->sequences);
}
