/* Templates: what inputs that resemble each other have in common, parsed, coded, counted and summed
 * once.
 *
 * A template is learned from the inputs themselves. Those of one length and kind are compared, and
 * bytes that have differed are varying, the others constant. For an input with the same constant
 * bytes only the groups of three bytes that touch a varying one are looked up. If none of them
 * occurs anywhere else in the input, zlib's parse is the template's, for these reasons.
 *
 * 1. A match of a varying group needs that group to occur twice. So matches are found at constant
 *    groups only, among constant groups; and none reaches as far as a varying byte, because the
 *    group that ends there would occur twice.
 * 2. The constant groups are the same, and their chains, but for varying groups with the same hash
 *    and other bytes. These match nothing. They count against the search limit, so how many there
 *    are is limited, to less than zlib ever gives up at.
 * 3. Position 0 ends a chain, so the group there is never looked at, and may occur elsewhere.
 *
 * What a match covers, and what it repeats, is thus constant, and varying bytes are literals. */
#include "internal.h"

#define SHORTEST 16 /* input that has a template */
#define FEWEST_SEARCHES 32 /* that zlib makes before it gives up a chain */

/* To try a template in vain costs about a quarter of what following it saves. Each input that
 * follows earns two credits, each other one costs one, and with none left inputs go the ordinary way
 * for a while. */
#define FIRST_CREDIT 16
#define MOST_CREDIT 64
#define REST 256

#define WORD 56 /* bits of a word of constant symbols */

enum { COMPARING, READY };

/* The inputs of a length and a kind share a slot with others; who comes last has it. */
static agora_deflate_template *find(agora_deflate_state *state, size_t n, uint32_t kind)
{
    uint32_t hash = (kind * 0x9e3779b1u ^ (uint32_t)n) * 0x85ebca6bu;
    return &state->templates[hash >> 16 & (AGORA_DEFLATE_TEMPLATES - 1)];
}

static void begin(agora_deflate_template *new, const uint8_t *src, size_t n, uint32_t kind)
{
    new->n = (uint16_t)n;
    new->kind = kind;
    new->stage = COMPARING;
    new->credit = FIRST_CREDIT;
    new->rest = 0;
    memcpy(new->constant, src, n);
    memset(new->constant + n, 0, 8);
    memset(new->mask, 0xff, n);
    memset(new->mask + n, 0, 8);
}

static int has_constants(const agora_deflate_template *with, const uint8_t *src)
{
    uint64_t difference = 0;
    for (unsigned i = 0; i < with->n; i += 8)
        difference |= (load64(src + i) ^ load64(with->constant + i)) & load64(with->mask + i);
    return difference == 0;
}

/* What differs becomes varying; such bytes are not kept. */
static void widen(agora_deflate_template *to, const uint8_t *src)
{
    for (unsigned i = 0; i < to->n; i++) {
        to->mask[i] &= (uint8_t)(src[i] == to->constant[i] ? 0xff : 0);
        to->constant[i] &= to->mask[i];
    }
    to->stage = COMPARING;
}

#if AGORA_DEFLATE_SSE2
static inline __m128i load_eight(const uint8_t *at)
{
    return _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i *)at), _mm_setzero_si128());
}
#endif

/* zlib's hashes of `count` groups, eight at a time: reads nine bytes more than they have, and writes
 * up to seven hashes more. */
static inline void hash_groups(uint16_t *hashes, const uint8_t *src, unsigned count)
{
#if AGORA_DEFLATE_SSE2
    for (unsigned i = 0; i < count; i += 8) {
        __m128i first = _mm_slli_epi16(load_eight(src + i), 10);
        __m128i hash = _mm_xor_si128(_mm_and_si128(first, _mm_set1_epi16(0x7fff)),
                                     _mm_slli_epi16(load_eight(src + i + 1), 5));
        hash = _mm_xor_si128(hash, load_eight(src + i + 2));
        _mm_storeu_si128((__m128i *)(hashes + i), hash);
    }
#else
    for (unsigned i = 0; i < count; i++)
        hashes[i] = (uint16_t)((src[i] << 10 & 0x7fff) ^ src[i + 1] << 5 ^ src[i + 2]);
#endif
}

/* How often three bytes that stand at `group` occur, position 0 left aside. */
static unsigned occurrences(const uint8_t *src, size_t n, const uint8_t *group)
{
    unsigned count = 0;
    for (size_t i = 1; i + MIN_MATCH <= n; i++)
        count += (src[i] == group[0]) & (src[i + 1] == group[1]) & (src[i + 2] == group[2]);
    return count;
}

/* Whether no varying group occurs twice; src is padded. */
static int groups_are_unique(agora_deflate_state *state, const agora_deflate_template *with,
                             const uint8_t *src)
{
    uint16_t hashes[AGORA_DEFLATE_MAX_BOUNDED + 8], met[AGORA_DEFLATE_MAX_BOUNDED + 1];
    unsigned groups = 0, met_count = 0;
    const uint16_t *constant = with->hashes, *end = constant + with->hash_count;
    uint8_t *const marks = state->marks;

    if (++state->mark == 0) {
        memset(state->marks, 0, sizeof state->marks);
        state->mark = 1;
    }
    const uint8_t mark = state->mark;
    for (; constant < end; constant++)
        marks[*constant] = mark;
    for (unsigned i = 0; i < with->range_count; i++) {
        hash_groups(hashes + groups, src + with->ranges[i].begin, with->ranges[i].count);
        groups += with->ranges[i].count;
    }
    for (unsigned i = 0; i < groups; i++) {
        uint8_t *at = &marks[hashes[i]];
        met[met_count] = (uint16_t)i;
        met_count += *at == mark;
        *at = mark;
    }
    if (with->longest_chain + met_count >= FEWEST_SEARCHES)
        return 0;
    for (unsigned i = 0; i < met_count; i++) { /* the hash is not unique; the bytes may be */
        unsigned range = 0, group = met[i];
        while (group >= with->ranges[range].count)
            group -= with->ranges[range++].count;
        if (occurrences(src, with->n, src + with->ranges[range].begin + group) > 1)
            return 0;
    }
    return 1;
}

static int is_varying_group(const agora_deflate_template *in, unsigned position)
{
    const uint8_t *mask = in->mask + position;
    return !(mask[0] & mask[1] & mask[2]);
}

/* Mark out the groups that are looked up, and the hashes of the others. Returns 0 if there are too
 * many stretches of the former, or chains too long among the latter. */
static int lay_out_groups(agora_deflate_state *state, agora_deflate_template *to,
                          const uint8_t *src)
{
    uint16_t hashes[AGORA_DEFLATE_MAX_BOUNDED + 8];
    uint8_t *chains = state->marks;

    memset(state->marks, 0, sizeof state->marks);
    state->mark = 0;
    hash_groups(hashes, src, to->n);
    to->hash_count = to->longest_chain = to->range_count = 0;
    for (unsigned i = 1, before = 0; i + MIN_MATCH <= to->n; i++) {
        unsigned varying = is_varying_group(to, i);
        if (varying) {
            if (!before && to->range_count == AGORA_DEFLATE_STRETCHES)
                return 0;
            if (!before)
                to->ranges[to->range_count++] = (agora_deflate_stretch){(uint16_t)i, 0};
            to->ranges[to->range_count - 1].count++;
        } else {
            unsigned chain = ++chains[hashes[i]];
            if (chain == FEWEST_SEARCHES)
                return 0;
            if (chain == 1)
                to->hashes[to->hash_count++] = hashes[i];
            if (chain > to->longest_chain)
                to->longest_chain = (uint16_t)chain;
        }
        before = varying;
    }
    memset(state->marks, 0, sizeof state->marks);
    return 1;
}

/* Bits of constant symbols, gathered in words of 56. */
typedef struct {
    agora_deflate_template *to;
    uint64_t word;
    unsigned count; /* in word */
    unsigned bits;  /* since the last varying byte */
} gatherer;

static void gather(gatherer *bits, uint64_t value, unsigned count)
{
    bits->word |= value << bits->count;
    bits->count += count;
    bits->bits += count;
    if (bits->count >= WORD) {
        bits->to->words[bits->to->word_count++] = bits->word & (((uint64_t)1 << WORD) - 1);
        bits->word >>= WORD;
        bits->count -= WORD;
    }
}

static void gather_word(gatherer *bits, code_word word)
{
    gather(bits, word & 0xffff, word >> 16);
}

/* End the constant bits before varying bytes, or at the end of the block. Returns 0 if there are
 * too many pieces. */
static int end_piece(gatherer *bits, size_t begin, size_t count)
{
    agora_deflate_template *to = bits->to;
    if (to->piece_count == AGORA_DEFLATE_STRETCHES)
        return 0;
    to->pieces[to->piece_count++] =
        (agora_deflate_piece){(uint16_t)bits->bits, (uint16_t)begin, (uint16_t)count};
    if (bits->count > 0)
        to->words[to->word_count++] = bits->word;
    bits->word = bits->count = bits->bits = 0;
    return 1;
}

/* Code, count and sum what is constant, from the sequences of an input that follows the template.
 * Returns 0 if there are too many pieces. */
static int code_constants(agora_deflate_state *state, agora_deflate_template *to)
{
    gatherer bits = {to, 0, 0, 0};
    size_t at = 0;

    to->piece_count = to->word_count = 0;
    memset(state->literal_freq, 0, sizeof state->literal_freq);
    memset(state->distance_freq, 0, sizeof state->distance_freq);
    to->literals = 0;
    to->extra_bits = 0;
    gather(&bits, 1 | FIXED_BLOCK << 1, 3);
    for (const agora_deflate_sequence *sequence = state->sequences;; sequence++) {
        size_t end = at + sequence->literals;
        to->literals += sequence->literals + 1u;
        for (size_t varying; at < end; at = varying) {
            for (varying = at; varying < end && !to->mask[varying]; varying++)
                ;
            if (varying > at) {
                if (!end_piece(&bits, at, varying - at))
                    return 0;
                continue;
            }
            state->literal_freq[to->constant[at]]++;
            gather_word(&bits, agora_deflate_fixed_literals[to->constant[at]]);
            varying = at + 1;
        }
        if (sequence->length == 0)
            break;
        coded_value length = code_length(sequence->length);
        coded_value distance = code_distance(sequence->distance);
        state->literal_freq[length.symbol]++;
        state->distance_freq[distance.symbol]++;
        gather_word(&bits, agora_deflate_fixed_literals[length.symbol]);
        gather(&bits, length.extra, length.extra_bits);
        gather_word(&bits, agora_deflate_fixed_distances[distance.symbol]);
        gather(&bits, distance.extra, distance.extra_bits);
        to->extra_bits += length.extra_bits + distance.extra_bits;
        at += sequence->length;
    }
    state->literal_freq[END_OF_BLOCK]++;
    gather_word(&bits, agora_deflate_fixed_literals[END_OF_BLOCK]);
    if (!end_piece(&bits, at, 0))
        return 0;

    memcpy(to->literal_freq, state->literal_freq, sizeof to->literal_freq);
    memcpy(to->distance_freq, state->distance_freq, sizeof to->distance_freq);
    agora_deflate_weigh_distances(state, &to->distances);
    to->sum = 1;
    to->weighted_sum = to->n;
    for (unsigned i = 0; i < to->n; i++) {
        to->sum += to->constant[i];
        to->weighted_sum += (to->n - i) * to->constant[i];
    }
    return 1;
}

/* The stream of an input that follows a template; returns its end, or NULL if that is not certain
 * or another block than the fixed one is due. */
static uint8_t *follow(agora_deflate_state *state, const agora_deflate_template *with, uint8_t *dst,
                       const uint8_t *src)
{
    dynamic_codes codes;
    const uint64_t *word = with->words;
    uint32_t sum = with->sum, weighted_sum = with->weighted_sum;
    bit_writer out = {agora_deflate_put_header(dst), 0, 0};

    memcpy(state->literal_freq, with->literal_freq, sizeof state->literal_freq);
    memcpy(state->distance_freq, with->distance_freq, sizeof state->distance_freq);
    for (const agora_deflate_piece *piece = with->pieces;; piece++) {
        unsigned bits = piece->bits;
        for (; bits > WORD; bits -= WORD) {
            put_bits(&out, *word++, WORD);
            flush_bits(&out);
        }
        put_bits(&out, bits ? *word++ : 0, bits);
        flush_bits(&out);
        if (piece->count == 0)
            break;
        const uint8_t *literal = src + piece->begin, *end = literal + piece->count;
        uint32_t before = sum, part = 0;
        for (; end - literal >= 4; literal += 4) {
            for (int i = 0; i < 4; i++) {
                state->literal_freq[literal[i]]++;
                put_word(&out, agora_deflate_fixed_literals[literal[i]]);
                part += sum += literal[i];
            }
            flush_bits(&out);
        }
        for (; literal < end; literal++) {
            state->literal_freq[*literal]++;
            put_word(&out, agora_deflate_fixed_literals[*literal]);
            part += sum += *literal;
        }
        flush_bits(&out);
        part -= before * piece->count;
        weighted_sum += part + (sum - before) * (with->n - piece->begin - piece->count);
    }
    uint8_t *finish = finish_bits(&out);
    size_t fixed = (size_t)(finish - dst) - 2;
    state->literals = with->literals;
    if (with->n + 4u <= fixed)
        return NULL;
    if (agora_deflate_dynamic_wins(state, &with->distances, &codes, fixed, with->extra_bits))
        return NULL;
    return agora_deflate_put_check(finish, weighted_sum % 65521 << 16 | sum % 65521);
}

static size_t deflate_by(agora_deflate_state *state, agora_deflate_template *with, uint8_t *dst,
                         const uint8_t *src)
{
    size_t n = with->n;

    if (!has_constants(with, src)) {
        widen(with, src);
        return agora_deflate(state, dst, src, n);
    }
    if (with->stage == READY && groups_are_unique(state, with, src)) {
        uint8_t *end = follow(state, with, dst, src);
        if (end) {
            state->followed++;
            with->credit += with->credit < MOST_CREDIT ? 2 : 0;
            return (size_t)(end - dst);
        }
    }
    size_t size = agora_deflate(state, dst, src, n);
    if (with->stage == COMPARING && lay_out_groups(state, with, src) &&
        groups_are_unique(state, with, src) && code_constants(state, with)) {
        with->stage = READY;
        return size;
    }
    if (--with->credit == 0) {
        with->credit = FIRST_CREDIT;
        with->rest = REST;
    }
    return size;
}

size_t agora_deflate_alike(agora_deflate_state *state, uint8_t *dst, const uint8_t *src, size_t n,
                           uint32_t kind)
{
    if (n < SHORTEST || n > AGORA_DEFLATE_MAX_BOUNDED)
        return agora_deflate(state, dst, src, n);
    agora_deflate_template *with = find(state, n, kind);
    if (with->n != n || with->kind != kind) {
        begin(with, src, n, kind);
        return agora_deflate(state, dst, src, n);
    }
    if (with->rest > 0) {
        with->rest--;
        return agora_deflate(state, dst, src, n);
    }
    memcpy(state->padded, src, n);
    return deflate_by(state, with, dst, state->padded);
}
