/* A lower bound on the size of a dynamic block, which most often shows that zlib takes another kind
 * without the dynamic codes being built.
 *
 * A dynamic block has its symbols' words, and before them the lengths of the two codes, in a code
 * of their own ("meta code") whose lengths come first. The bound rests on these facts.
 *
 * 1. Words. No code takes fewer bits for symbols of given frequencies than a Huffman code, whose
 *    sum is found by merging weights, without knowing which symbol gets which length.
 * 2. Zero lengths. Which symbols have length 0 is known, so how often zlib sends the meta symbols
 *    0, 17 and 18 is known exactly.
 * 3. Few meta symbols. If the meta symbols occur at least so often as in some list of counts, their
 *    words take at least the sum of a Huffman code for that list: give each count the word that
 *    zlib's code has for it, and fewer words make fewer bits. The same holds if several meta
 *    symbols are counted as one, because that one can have the shortest of their words.
 * 4. Lengths. zlib takes the two lightest nodes, by (weight, height), joins them, and puts the
 *    node back. Keys, and so the sequence of keys taken, do not depend on how ties of equal keys
 *    fall: at one weight first the leaves (height 0), then inner nodes, lower ones first, which is
 *    the order they were made in, as pairs of equal weights come from one weight. Depths fall
 *    along that sequence but where nodes of one key have different depths; there, which of them
 *    are deeper is up to the ties. If these are all of one shape, it does not matter how often a
 *    length occurs with each frequency; otherwise nothing is claimed. (No code is longer than 15
 *    bits: that takes 2,584 symbols.)
 * 5. Repeats. zlib sends a length again with meta symbol 16 only after that length, and only for
 *    three or more of them: among four or more neighbours that may all have it. Taking all but the
 *    first of each such run off a length's count leaves no more than it occurs. */
#include "deflate_internal.h"

#define META_SYMBOLS 19

/* What one weight contributed to a tree. */
typedef struct {
    uint16_t weight;
    agora_deflate_nodes nodes;
} level;

/* Weights in hand: nodes[] by weight, and a bit for each weight that has some. */
typedef struct {
    agora_deflate_nodes *nodes;
    uint64_t present[(AGORA_DEFLATE_MAX_BOUNDED + 1) / 64 + 1];
} weights;

static inline void add_leaf(weights *all, unsigned weight)
{
    all->nodes[weight].leaves++;
    all->present[weight / 64] |= (uint64_t)1 << weight % 64;
}

/* Merge all weights; returns the Huffman code's sum, and the weights in levels[], lightest first.
 *
 * At a weight, what is left over from the one before joins the first node; the others join among
 * themselves. `plain` says how many of a weight's inner nodes are pairs of leaves; these come first.
 * `varied` is set if the others may differ in shape: if they are made of inner nodes that differ,
 * or one of them of an inner node and a leaf. */
static unsigned merge(weights *all, level *levels, unsigned *level_count)
{
    unsigned sum = 0, left_over = 0, count = 0;

    for (unsigned word = 0; word < sizeof all->present / sizeof all->present[0]; word++)
        while (all->present[word]) {
            unsigned weight = 64 * word + lowest_bit(all->present[word]);
            agora_deflate_nodes *here = &all->nodes[weight];
            unsigned leaves = here->leaves, inner = here->inner;
            all->present[word] &= all->present[word] - 1;
            levels[count].weight = (uint16_t)weight;
            levels[count].nodes = *here;
            count++;
            sum += weight * inner;

            if (left_over) {
                if (leaves)
                    leaves--;
                else
                    inner--;
                unsigned joined = left_over + weight;
                all->nodes[joined].inner++;
                all->present[joined / 64] |= (uint64_t)1 << joined % 64;
            }
            unsigned pairs = (leaves + inner) / 2;
            if (pairs) {
                agora_deflate_nodes *twice = &all->nodes[2 * weight];
                unsigned plain = leaves / 2, mixed = leaves % 2 && inner;
                int differ = here->varied || (here->plain && here->plain < here->inner);
                twice->inner += (uint16_t)pairs;
                twice->plain = (uint16_t)plain;
                twice->varied = (inner > 1 && differ) || (mixed && pairs > plain + 1);
                all->present[2 * weight / 64] |= (uint64_t)1 << 2 * weight % 64;
            }
            left_over = (leaves + inner) % 2 ? weight : 0;
            memset(here, 0, sizeof *here);
        }
    *level_count = count;
    return sum;
}

/* Depths of a merged tree's leaves: adds to counts[] how many have each, and sets bit d of
 * depths[w] if leaves of weight w have depth d. Returns 0 if ties may decide it; see 4 above. */
static int measure(const level *levels, unsigned level_count, uint16_t *counts, uint16_t *depths)
{
    unsigned depth = 0, room = 1, inner_here = 0;

    for (unsigned i = level_count; i-- > 0;) {
        const agora_deflate_nodes *nodes = &levels[i].nodes;
        unsigned set = 0;
        for (unsigned left = nodes->inner; left > 0;) {
            unsigned taken = left < room ? left : room;
            left -= taken;
            room -= taken;
            inner_here += taken;
            if (left > nodes->plain && nodes->varied && room == 0)
                return 0;
            if (room == 0) {
                depth++;
                room = 2 * inner_here;
                inner_here = 0;
            }
        }
        for (unsigned left = nodes->leaves; left > 0;) {
            unsigned taken = left < room ? left : room;
            left -= taken;
            room -= taken;
            counts[depth] += (uint16_t)taken;
            set |= 1u << depth;
            if (room == 0) {
                depth++;
                room = 2 * inner_here;
                inner_here = 0;
            }
        }
        depths[levels[i].weight] = (uint16_t)set;
    }
    return 1;
}

/* Take off counts[] what repeats may save; see 5 above. Bits of `used` are neighbours. */
typedef struct {
    unsigned next;                /* the symbol that would go on with the run */
    unsigned one, two, three, four; /* lengths that so many symbols up to the last may have */
} neighbours;

static inline void go_on(neighbours *run, unsigned symbol, unsigned lengths, uint16_t *counts)
{
    unsigned before = run->four, keep = symbol == run->next ? ~0u : 0;
    run->four = lengths & run->three & keep;
    run->three = lengths & run->two & keep;
    run->two = lengths & run->one & keep;
    run->one = lengths;
    run->next = symbol + 1;
    for (unsigned all = run->four; all; all &= all - 1) {
        unsigned length = lowest_bit(all);
        unsigned saved = before & keep & (1u << length) ? 1 : 3;
        counts[length] -= (uint16_t)(saved < counts[length] ? saved : counts[length]);
    }
}

static inline unsigned count_bits(uint64_t bits)
{
    bits -= bits >> 1 & 0x5555555555555555;
    bits = (bits & 0x3333333333333333) + (bits >> 2 & 0x3333333333333333);
    bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0f;
    return (unsigned)(bits * 0x0101010101010101 >> 56);
}

/* Positions that begin `by` more steps of a pattern: x at a position and at the one `by` further on;
 * x_after is the next word of x. */
static inline uint64_t followed(uint64_t x, uint64_t x_after, unsigned by)
{
    return x & (x >> by | x_after << (64 - by));
}

/* How often meta symbols 0, 17 and 18 are sent, or, with a run of over 138, at least; and how many
 * lengths that are not 0 repeats may save, whatever these are. */
typedef struct {
    unsigned zero, short_run, long_run, saved;
} run_counts;

/* Add the runs among the symbols up to the highest used one, whose bits are in used[]. */
static void count_runs(run_counts *runs, const uint64_t *used, unsigned words)
{
    uint64_t zeros[6], before = 0, zeros_before = 0;
    unsigned top = words - 1;

    while (used[top] == 0)
        top--;
    for (unsigned i = 0; i <= top; i++)
        zeros[i] = ~used[i];
    zeros[top] &= ((uint64_t)1 << highest_bit64(used[top])) - 1;
    zeros[top + 1] = 0;

    for (unsigned i = 0; i <= top; i++) {
        uint64_t here = zeros[i], after = zeros[i + 1];
        uint64_t starts = here & ~(here << 1 | zeros_before >> 63);
        uint64_t two = followed(here, after, 1), two_after = followed(after, 0, 1);
        uint64_t three = two & (here >> 2 | after << 62);
        uint64_t four = followed(two, two_after, 2), four_after = followed(two_after, 0, 2);
        uint64_t eight = followed(four, four_after, 4);
        uint64_t eleven = eight & (four >> 7 | four_after << 57);
        unsigned at_least_two = count_bits(starts & two), at_least_three = count_bits(starts & three);
        unsigned at_least_eleven = count_bits(starts & eleven);
        runs->zero += count_bits(starts) + at_least_two - 2 * at_least_three;
        runs->short_run += at_least_three - at_least_eleven;
        runs->long_run += at_least_eleven;
        zeros_before = here;

        here = used[i], after = i < top ? used[i + 1] : 0;
        two = followed(here, after, 1), two_after = followed(after, 0, 1);
        four = followed(two, two_after, 2);
        runs->saved += count_bits(four) + 2 * count_bits(four & ~(here << 1 | before >> 63));
        before = here;
    }
}

/* The sum of a Huffman code for counts that may be 0. */
static unsigned huffman_sum(weights *all, const uint16_t *counts, unsigned size)
{
    level levels[2 * META_SYMBOLS];
    unsigned level_count;
    for (unsigned i = 0; i < size; i++)
        if (counts[i])
            add_leaf(all, counts[i]);
    return merge(all, levels, &level_count);
}

/* Take off what repeats may save among the symbols in used[]. */
static void allow_repeats(uint16_t *counts, const uint64_t *used, unsigned words,
                          const uint16_t *freq, const uint16_t *depths)
{
    neighbours run = {0, 0, 0, 0, 0};
    for (unsigned i = 0; i < words; i++)
        for (uint64_t left = used[i]; left; left &= left - 1) {
            unsigned symbol = 64 * i + lowest_bit(left);
            go_on(&run, symbol, depths[freq[symbol] ? freq[symbol] : 1], counts);
        }
}

int agora_deflate_dynamic_has(agora_deflate_state *state, size_t bits)
{
    weights all = {state->nodes, {0}};
    level literals[AGORA_DEFLATE_MAX_BOUNDED + 1], distances[2 * AGORA_DEFLATE_DISTANCES];
    unsigned literal_levels, distance_levels, used = 0;

    /* zlib adds distances until there are two. They are not sent: each added takes a bit in the
     * sum that is no part of the block. */
    uint64_t distances_used = state->distances_used;
    unsigned added = 0;
    while (!(distances_used & (distances_used - 1))) {
        distances_used |= distances_used == 0 ? 1 : distances_used == 1 ? 2 : distances_used == 2 ? 4 : 1;
        added++;
    }

    for (unsigned i = 0; i < 5; i++)
        for (uint64_t left = state->literals_used[i]; left; left &= left - 1, used++)
            add_leaf(&all, state->literal_freq[64 * i + lowest_bit(left)]);
    unsigned sum = merge(&all, literals, &literal_levels);
    unsigned distance_count = 0;
    for (uint64_t left = distances_used; left; left &= left - 1, distance_count++) {
        unsigned freq = state->distance_freq[lowest_bit(left)];
        add_leaf(&all, freq ? freq : 1);
    }
    sum += merge(&all, distances, &distance_levels) - added;
    used += distance_count;

    /* Among so few distances one has a length of 1, 2 or 3 at most, and the meta code's lengths are
     * sent up to the one for it. */
    sum += 5 + 5 + 4 + 3 * (distance_count < 4 ? 18 : distance_count < 8 ? 16 : distance_count < 16 ? 14 : 12);

    run_counts runs = {0, 0, 0, 0};
    count_runs(&runs, state->literals_used, 5);
    count_runs(&runs, &distances_used, 1);
    sum += 3 * runs.short_run + 7 * runs.long_run;

    /* All lengths and repeats counted as one: six lengths are sent as one repeat, with two bits. */
    uint16_t few[4] = {(uint16_t)runs.zero, (uint16_t)runs.short_run, (uint16_t)runs.long_run,
                       (uint16_t)(used - 5 * runs.saved / 6)};
    if (sum + huffman_sum(&all, few, 4) + runs.saved / 3 >= bits)
        return 1;

    uint16_t counts[META_SYMBOLS] = {0};
    uint16_t literal_depths[AGORA_DEFLATE_MAX_BOUNDED + 2];
    uint16_t distance_depths[AGORA_DEFLATE_MAX_BOUNDED + 2];
    if (!measure(literals, literal_levels, counts, literal_depths) ||
        !measure(distances, distance_levels, counts, distance_depths))
        return 0;
    allow_repeats(counts, state->literals_used, 5, state->literal_freq, literal_depths);
    allow_repeats(counts, &distances_used, 1, state->distance_freq, distance_depths);
    counts[0] = (uint16_t)runs.zero;
    counts[17] = (uint16_t)runs.short_run;
    counts[18] = (uint16_t)runs.long_run;
    return sum + huffman_sum(&all, counts, META_SYMBOLS) >= bits;
}
