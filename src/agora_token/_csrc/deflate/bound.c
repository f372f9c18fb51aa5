/* A lower bound on the size of a dynamic block, which most often shows that zlib takes another kind
 * without the dynamic codes being built.
 *
 * A dynamic block has its symbols' words, and before them the lengths of the two codes, in a code
 * of their own, the meta code, whose lengths come first. The bound rests on these facts.
 *
 * 1. No code takes fewer bits for symbols of given frequencies than their entropy, nor than a
 *    Huffman code, whose sum is found by merging weights, without knowing which symbol gets which
 *    length.
 * 2. Which symbols have length 0 is known, and so how often the meta symbols for zeros (0, 17 and
 *    18) are sent.
 * 3. If the meta symbols occur at least as often as some counts say, their words take at least the
 *    sum of a Huffman code for these counts: give each count the word that zlib's code has for it.
 *    This holds as well if several meta symbols are counted as one, which can have the shortest of
 *    their words.
 * 4. Where ties cannot change it, how many words have each length is known from merging weights;
 *    see merge.c. (zlib's limit of 15 bits is not met: 512 symbols make no word over 12.)
 * 5. A repeat (meta symbol 16, with two bits) stands for three to six lengths that are equal to one
 *    before, so it takes four neighbours that have one length, which is not 0. */
#include "merge.h"
#include "survey.h"

#define META_SYMBOLS 19

/* log2(x) in units of 2^-16, cut off: less than two units too low. */
static uint32_t fixed_log2(uint32_t x)
{
    uint32_t result = highest_bit(x);
    uint64_t rest = (uint64_t)x << (31 - result); /* in [1, 2), with 31 bits after the point */
    for (int i = 0; i < 16; i++) {
        rest = rest * rest >> 31;
        result = result << 1 | (uint32_t)(rest >> 32);
        rest >>= rest >> 32;
    }
    return result;
}

void agora_deflate_init_bound(agora_deflate_state *state)
{
    memset(state->nodes, 0, sizeof state->nodes);
    state->f_log_f[0] = 0;
    for (uint32_t f = 1; f <= AGORA_DEFLATE_MAX_BOUNDED + 1; f++)
        state->f_log_f[f] = f * fixed_log2(f);
}

/* The entropy in bits of n symbols, rounded up, as a code's sum is a whole number, from the sum of
 * f * log2(f); what the table is too low by, less than 2n units, is taken off. */
static unsigned entropy(const agora_deflate_state *state, const survey *seen, unsigned n)
{
    uint64_t sum = 0;

    for (unsigned f = 2; f <= FEW; f++)
        sum += (uint64_t)seen->few[f] * state->f_log_f[f];
    for (unsigned i = 0; i < 5; i++)
        for (uint64_t left = seen->many[i]; left; left &= left - 1)
            sum += state->f_log_f[state->literal_freq[64 * i + lowest_bit(left)]];
    int64_t units = (int64_t)state->f_log_f[n] - (int64_t)sum - 2 * (int64_t)n;
    return units > 0 ? (unsigned)((units + 0xffff) >> 16) : 0;
}

/* Positions where x holds, and holds again `by` further on; x_after is the next word of x. */
static inline uint64_t repeated(uint64_t x, uint64_t x_after, unsigned by)
{
    return x & (x >> by | x_after << (64 - by));
}

/* Bits set in each byte of a word. */
static inline uint64_t count_bytes(uint64_t bits)
{
    bits -= bits >> 1 & 0x5555555555555555;
    bits = (bits & 0x3333333333333333) + (bits >> 2 & 0x3333333333333333);
    return (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0f;
}

static inline unsigned add_bytes(uint64_t bytes)
{
    uint64_t pairs = (bytes & 0x00ff00ff00ff00ff) + (bytes >> 8 & 0x00ff00ff00ff00ff);
    return (unsigned)(pairs * 0x0001000100010001 >> 48);
}

/* All bits below the highest that is set in value, which is not 0. */
static inline uint64_t below_highest(uint64_t value)
{
    return ((uint64_t)1 << highest_bit64(value)) - 1;
}

/* What the sets of symbols used tell about the lengths. */
typedef struct {
    unsigned zero, short_run, long_run; /* meta symbols 0, 17 and 18 sent (a run of more than 138
                                         * takes more) */
    unsigned repeatable; /* lengths in rows of four or more, but for the first of each row */
    uint64_t literals_in_row[5]; /* literals in such rows */
} run_counts;

/* All words at once, in bits: in word 4, the literals that are left are in the lower half, the
 * distances in the upper one, and bits 30 and 31 keep them apart. */
static void count_runs(run_counts *runs, const uint64_t *literals_used, uint64_t distances_used)
{
    uint64_t used[6], zeros[6];
    uint64_t zero_seen = 0, three_seen = 0, eleven_seen = 0, repeatable_seen = 0;
    uint64_t zero_before = 0, three_before = 0, row_before = 0, four_before = 0;

    for (unsigned i = 0; i < 5; i++) {
        used[i] = literals_used[i];
        zeros[i] = ~used[i];
    }
    zeros[4] &= below_highest(used[4]) | below_highest(distances_used) << 32;
    used[4] |= distances_used << 32;
    zeros[4] &= ~used[4];
    used[5] = zeros[5] = 0;

    for (unsigned i = 0; i < 5; i++) {
        uint64_t here = zeros[i], after = zeros[i + 1];
        uint64_t starts = here & ~(here << 1 | zero_before >> 63);
        uint64_t two = repeated(here, after, 1), two_after = after & after >> 1;
        uint64_t three = two & (here >> 2 | after << 62);
        uint64_t four = repeated(two, two_after, 2), four_after = two_after & two_after >> 2;
        uint64_t eleven = repeated(four, four_after, 4) & (four >> 7 | four_after << 57);
        uint64_t in_three = three | (three << 1 | three_before >> 63) |
                            (three << 2 | three_before >> 62);
        zero_seen += count_bytes(here & ~in_three);
        three_seen += count_bytes(starts & three);
        eleven_seen += count_bytes(starts & eleven);
        zero_before = here;
        three_before = three;

        here = used[i], after = used[i + 1];
        two = repeated(here, after, 1), two_after = after & after >> 1;
        four = repeated(two, two_after, 2);
        uint64_t row = four | (four << 1 | four_before >> 63) | (four << 2 | four_before >> 62) |
                       (four << 3 | four_before >> 61);
        repeatable_seen += count_bytes(row & (row << 1 | row_before >> 63));
        runs->literals_in_row[i] = row;
        row_before = row;
        four_before = four;
    }
    runs->zero = add_bytes(zero_seen);
    runs->long_run = add_bytes(eleven_seen);
    runs->short_run = add_bytes(three_seen) - runs->long_run;
    runs->repeatable = add_bytes(repeatable_seen);
    runs->literals_in_row[4] &= 0xffffffff;
}

/* The weight of two nodes joined; nothing is joined if one is 0. */
static inline unsigned joint(unsigned a, unsigned b)
{
    return a && b ? a + b : 0;
}

static inline void sort_two(unsigned *a, unsigned *b)
{
    unsigned low = *a < *b ? *a : *b, high = *a < *b ? *b : *a;
    *a = low;
    *b = high;
}

/* The sum of a Huffman code for four counts, which may be 0. */
static unsigned huffman_sum_of_four(unsigned a, unsigned b, unsigned c, unsigned d)
{
    sort_two(&a, &b);
    sort_two(&c, &d);
    sort_two(&a, &c);
    sort_two(&b, &d);
    sort_two(&b, &c);
    unsigned sum = joint(a, b), pair = a + b;
    if (pair <= d)
        return sum + joint(pair, c) + joint(pair + c, d);
    return sum + joint(c, d) + joint(pair, c + d);
}

/* Bits in the head of the block that do not depend on the lengths which are not 0: the counts, and
 * what follows runs of zeros. */
static unsigned head_bits(const run_counts *runs)
{
    return 5 + 5 + 4 + 3 * runs->short_run + 7 * runs->long_run;
}

/* How many meta lengths are sent where the words have, among others, these lengths, a bit each. */
static unsigned meta_lengths(unsigned lengths)
{
    static const uint8_t place[] = {4, 18, 16, 14, 12, 10, 8, 6, 5, 7, 9, 11, 13, 15, 17, 19};
    unsigned sent = 4;
    for (; lengths; lengths &= lengths - 1) {
        unsigned up_to = place[lowest_bit(lengths)];
        sent = sent > up_to ? sent : up_to;
    }
    return sent;
}

/* The sum of a Huffman code for counts that may be 0. */
static unsigned huffman_sum(weights *all, const uint16_t *counts, unsigned size)
{
    level levels[2 * META_SYMBOLS];
    unsigned level_count;
    for (unsigned i = 0; i < size; i++)
        if (counts[i])
            add_leaves(all, counts[i], 1);
    return agora_deflate_merge(all, levels, &level_count);
}

/* Lengths that the last symbols in a row may all have, a bit each. */
typedef struct {
    unsigned next; /* the symbol that would go on with the row */
    unsigned one, two, three, four;
} row;

/* Take off counts[] what repeats may save: all but the first of each row of four or more symbols
 * that may have one length; returns how much that is. lengths[f] has the bits of the lengths that
 * symbols of frequency f may have. */
static unsigned allow_repeats(uint16_t *counts, const uint64_t *in_row, unsigned words,
                              const uint16_t *freq, const uint16_t *lengths)
{
    row last = {0, 0, 0, 0, 0};
    unsigned saved = 0;

    for (unsigned i = 0; i < words; i++)
        for (uint64_t left = in_row[i]; left; left &= left - 1) {
            unsigned symbol = 64 * i + lowest_bit(left);
            if (symbol != last.next)
                memset(&last, 0, sizeof last);
            unsigned here = lengths[freq[symbol]];
            row now = {symbol + 1, here, here & last.one, here & last.two, here & last.three};
            for (unsigned all = now.four; all; all &= all - 1) {
                unsigned length = lowest_bit(all);
                unsigned most = last.four >> length & 1 ? 1 : 3;
                most = most < counts[length] ? most : counts[length];
                counts[length] -= (uint16_t)most;
                saved += most;
            }
            last = now;
        }
    return saved;
}

/* zlib adds distances until there are two; these are not sent. Repeats in this code are allowed for
 * at once. */
void agora_deflate_weigh_distances(agora_deflate_state *state, agora_deflate_distance_code *code)
{
    weights all = {state->nodes, {0}};
    level levels[2 * AGORA_DEFLATE_DISTANCES];
    unsigned level_count, added = 0;
    uint16_t freq[AGORA_DEFLATE_DISTANCES], lengths[AGORA_DEFLATE_MAX_BOUNDED + 2];
    uint64_t used = 0;

    memcpy(freq, state->distance_freq, sizeof freq);
    for (unsigned i = 0; i < AGORA_DEFLATE_DISTANCES; i++)
        used |= (uint64_t)(freq[i] != 0) << i;
    for (; !(used & (used - 1)); added++) {
        unsigned unused = used == 1 ? 1 : used == 2 ? 2 : 0;
        used |= (uint64_t)1 << unused;
        freq[unused] = 1;
    }
    memset(code, 0, sizeof *code);
    for (uint64_t left = used; left; left &= left - 1, code->words++)
        add_leaves(&all, freq[lowest_bit(left)], 1);
    code->used = used;
    code->sum = agora_deflate_merge(&all, levels, &level_count) - added; /* a bit each */
    code->tied = !agora_deflate_measure(levels, level_count, code->counts, lengths);
    if (code->tied)
        return;
    for (unsigned length = 1; length <= MAX_LENGTH; length++)
        code->lengths |= (unsigned)(code->counts[length] != 0) << length;
    uint64_t two = used & used >> 1, in_row = two & two >> 2;
    in_row |= in_row << 1 | in_row << 2 | in_row << 3;
    code->saved = allow_repeats(code->counts, &in_row, 1, freq, lengths);
}

/* The quick bound: entropy, and all lengths and repeats counted as one meta symbol. If repeats save
 * what they can, five lengths each at the price of two bits, fewer bits are left than otherwise,
 * because a meta symbol's word has a bit at least. Meta lengths are sent up to the one for the
 * shortest distance, or further, and of so few distances that has 1, 2, 3 or 4 bits at most. */
static unsigned quick_bound(const agora_deflate_state *state, const survey *seen,
                            const agora_deflate_distance_code *distances, const run_counts *runs)
{
    unsigned few = distances->words, meta = few < 4 ? 18 : few < 8 ? 16 : few < 16 ? 14 : 12;
    unsigned lengths = seen->symbols + distances->words - 5 * runs->repeatable / 6;
    return 3 * meta + entropy(state, seen, state->literals) + distances->sum +
           huffman_sum_of_four(runs->zero, runs->short_run, runs->long_run, lengths) +
           runs->repeatable / 3;
}

/* The close bound: lengths counted one by one. What repeats may save costs half a bit a length:
 * three bits at least for six at most, or a bit for each that none saves. 0 if ties may decide. */
static unsigned close_bound(agora_deflate_state *state, const survey *seen,
                            const agora_deflate_distance_code *distances, const run_counts *runs)
{
    weights all = {state->nodes, {0}};
    level levels[AGORA_DEFLATE_MAX_BOUNDED + 1];
    unsigned level_count, lengths_sent = distances->lengths;
    uint16_t counts[META_SYMBOLS] = {0};
    uint16_t lengths[AGORA_DEFLATE_MAX_BOUNDED + 2];

    if (distances->tied)
        return 0;
    for (unsigned f = 1; f <= FEW; f++)
        if (seen->few[f])
            add_leaves(&all, f, seen->few[f]);
    for (unsigned i = 0; i < 5; i++)
        for (uint64_t left = seen->many[i]; left; left &= left - 1)
            add_leaves(&all, state->literal_freq[64 * i + lowest_bit(left)], 1);
    unsigned sum = distances->sum + agora_deflate_merge(&all, levels, &level_count);
    if (!agora_deflate_measure(levels, level_count, counts, lengths))
        return 0;
    for (unsigned length = 1; length <= MAX_LENGTH; length++)
        lengths_sent |= (unsigned)(counts[length] != 0) << length;
    unsigned saved = distances->saved + allow_repeats(counts, runs->literals_in_row, 5,
                                                      state->literal_freq, lengths);
    for (unsigned length = 1; length <= MAX_LENGTH; length++)
        counts[length] += distances->counts[length];
    counts[0] = (uint16_t)runs->zero;
    counts[17] = (uint16_t)runs->short_run;
    counts[18] = (uint16_t)runs->long_run;
    return 3 * meta_lengths(lengths_sent) + sum + huffman_sum(&all, counts, META_SYMBOLS) +
           (saved + 1) / 2;
}

int agora_deflate_dynamic_has(agora_deflate_state *state,
                              const agora_deflate_distance_code *distances, size_t bits)
{
    survey seen;
    run_counts runs;

    survey_literals(&seen, state->literal_freq);
    count_runs(&runs, seen.used, distances->used);
    unsigned head = head_bits(&runs);
    return head + quick_bound(state, &seen, distances, &runs) >= bits ||
           head + close_bound(state, &seen, distances, &runs) >= bits;
}
