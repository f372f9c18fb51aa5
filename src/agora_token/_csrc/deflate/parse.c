/* Matching as zlib's level 6 does it: lazily, through chains of earlier positions with one hash.
 *
 * zlib enters every position that has three bytes into its chain, in order, whatever it matches. So
 * all are linked first, without a branch, and only positions with something in their chain are
 * then looked at.
 *
 * Three things of zlib's show in its output and are kept. A chain joins positions whose three bytes
 * have one 15-bit hash, and counts against the search limit even where the bytes differ. A match at
 * position 0 is never found, because 0 ends a chain. And the last two positions, which have no
 * three bytes, are neither searched nor entered. */
#include "internal.h"

#define GOOD_LENGTH 8  /* with a match this long in hand, search a quarter as far */
#define LAZY_LENGTH 16 /* and with this one, not at all */
#define NICE_LENGTH 128
#define SEARCH_LIMIT 128

typedef struct {
    unsigned length;
    unsigned distance;
} match;

/* zlib's hash of three bytes: each shifts the sum by five bits, of which it keeps 15. */
static inline unsigned hash(const uint8_t *at)
{
    return ((unsigned)at[0] << 10 & 0x7fff) ^ (unsigned)at[1] << 5 ^ at[2];
}

/* The hashes at four positions, every other one, 16 bits each; reads ten bytes. */
static inline uint64_t hash_four(const uint8_t *at)
{
    const uint64_t lanes = 0x0001000100010001;
    uint64_t pairs = load64(at);
    return (pairs & 0x1f * lanes) << 10 ^ (pairs >> 3 & 0x1fe0 * lanes) ^
           (load64(at + 2) & 0xff * lanes);
}

/* Enter a position into its chain, and into state->repeated if the chain has another. An entry of
 * head that is not above base is an earlier input's, or position 0. */
static inline size_t enter(agora_deflate_state *state, uint32_t base, size_t position,
                           unsigned hash_value, size_t repeated)
{
    uint32_t before = state->head[hash_value];
    state->head[hash_value] = base + (uint32_t)position;
    state->prev[position] = before;
    state->repeated[repeated] = (uint16_t)position;
    return repeated + (before > base);
}

static size_t link_positions(agora_deflate_state *state, const uint8_t *src, size_t n)
{
    const uint32_t base = state->base;
    size_t repeated = 0, position = 0;

    for (; position + 11 <= n; position += 8) {
        uint64_t even = hash_four(src + position), odd = hash_four(src + position + 1);
        for (size_t i = position; i < position + 8; i += 2, even >>= 16, odd >>= 16) {
            repeated = enter(state, base, i, even & 0xffff, repeated);
            repeated = enter(state, base, i + 1, odd & 0xffff, repeated);
        }
    }
    for (; position + MIN_MATCH <= n; position++)
        repeated = enter(state, base, position, hash(src + position), repeated);
    state->prev[position] = 0;
    return repeated;
}

static inline unsigned common_length(const uint8_t *a, const uint8_t *b, unsigned limit)
{
    unsigned length = 0;
    for (; length + 8 <= limit; length += 8) {
        uint64_t difference = load64(a + length) ^ load64(b + length);
        if (difference)
            return length + (lowest_bit(difference) >> 3);
    }
    while (length < limit && a[length] == b[length])
        length++;
    return length;
}

/* The first of the longest matches at position that are longer than best.length, if there is one;
 * lookahead is what is left of src. */
static inline match longest_match(const agora_deflate_state *state, const uint8_t *src,
                                  size_t position, unsigned lookahead, match best)
{
    const uint32_t base = state->base;
    const uint8_t *scan = src + position;
    unsigned limit = lookahead < MAX_MATCH ? lookahead : MAX_MATCH;
    unsigned nice = lookahead < NICE_LENGTH ? lookahead : NICE_LENGTH;
    unsigned searches = best.length >= GOOD_LENGTH ? SEARCH_LIMIT / 4 : SEARCH_LIMIT;

    if (best.length >= lookahead)
        return best;
    for (uint32_t before = state->prev[position]; before > base && searches > 0; searches--) {
        const uint8_t *earlier = src + (before - base);
        before = state->prev[before - base];
        if (earlier[best.length] != scan[best.length])
            continue;
        unsigned length = common_length(scan, earlier, limit);
        if (length > best.length) {
            best.length = length;
            best.distance = (unsigned)(scan - earlier);
            if (length >= nice)
                break;
        }
    }
    return best;
}

size_t agora_deflate_parse(agora_deflate_state *state, const uint8_t *src, size_t n)
{
    const match none = {MIN_MATCH - 1, 0};
    agora_deflate_sequence *sequence = state->sequences;
    size_t repeated = link_positions(state, src, n);
    size_t done = 0; /* bytes in sequences so far */

    for (size_t i = 0; i < repeated; i++) {
        size_t position = state->repeated[i];
        if (position < done)
            continue;
        match found = longest_match(state, src, position, (unsigned)(n - position), none);
        if (found.length < MIN_MATCH)
            continue;

        /* As long as the next position has a longer one, that is taken instead. */
        while (found.length < LAZY_LENGTH && state->prev[position + 1] > state->base) {
            match next =
                longest_match(state, src, position + 1, (unsigned)(n - position - 1), found);
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
    }
    sequence->literals = (uint16_t)(n - done);
    sequence->length = sequence->distance = 0;
    return (size_t)(sequence + 1 - state->sequences);
}
