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
 *    length occurs with each frequency. If one of them joins a leaf and a pair of leaves and the
 *    others two pairs, three lengths may be others than in that order. Otherwise nothing is claimed.
 *    (No code is longer than 15 bits: that takes 2,584 symbols.)
 * 5. Repeats. zlib sends a length again with meta symbol 16 only after that length, and only for
 *    three or more of them: among four or more neighbours that may all have it. Taking all but the
 *    first of each such run off a length's count leaves no more than it occurs. */
#include "deflate_internal.h"

#define META_SYMBOLS 19
#define MAX_LENGTH 15

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

/* Add a leaf for each symbol in used[]. Most frequencies are among the first few: these are counted
 * in a register, ten bits each, so that no count waits for the one before it in memory. */
static void add_leaves(weights *all, const uint64_t *used, unsigned words, const uint16_t *freq)
{
    enum { FEW = 6, BITS = 10 };
    uint64_t few = 0;

    for (unsigned i = 0; i < words; i++)
        for (uint64_t left = used[i]; left; left &= left - 1) {
            unsigned weight = freq[64 * i + lowest_bit(left)];
            if (weight <= FEW)
                few += (uint64_t)1 << BITS * (weight - 1);
            else
                add_leaf(all, weight);
        }
    for (unsigned weight = 1; weight <= FEW; weight++, few >>= BITS)
        if (few & ((1u << BITS) - 1)) {
            all->nodes[weight].leaves = few & ((1u << BITS) - 1);
            all->present[0] |= (uint64_t)1 << weight;
        }
}

/* How inner nodes of one weight and height may differ in shape. */
enum { ALIKE, ONE_MIXED, VARIED };

/* Merge all weights; returns the Huffman code's sum, and the weights in levels[], lightest first.
 *
 * At a weight, what is left over from the one before joins the first node; the others join among
 * themselves. `plain` says how many of a weight's inner nodes are pairs of leaves; these come first.
 * `shapes` is about the rest. */
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
                int alike = here->shapes == ALIKE && (!here->plain || here->plain == here->inner);
                twice->inner += (uint16_t)pairs;
                twice->plain = (uint16_t)plain;
                if (inner > 1 && !alike)
                    twice->shapes = VARIED;
                else if (mixed && pairs > plain + 1)
                    twice->shapes = here->plain ? ONE_MIXED : VARIED;
                all->present[2 * weight / 64] |= (uint64_t)1 << 2 * weight % 64;
            }
            left_over = (leaves + inner) % 2 ? weight : 0;
            memset(here, 0, sizeof *here);
        }
    *level_count = count;
    return sum;
}

/* Depths of a merged tree's leaves: adds to counts[] how many have each depth, or fewer, and sets
 * bit d of depths[w] if leaves of weight w may have depth d. Returns 0 if nothing can be said. */
static int measure(const level *levels, unsigned level_count, uint16_t *counts, uint16_t *depths)
{
    unsigned depth = 0, room = 1, inner_here = 0; /* room: nodes of this depth still to come */
    struct {
        unsigned weight, depth;
    } mixed[MAX_LENGTH];
    unsigned mixed_count = 0;

    for (unsigned i = level_count; i-- > 0;) {
        const agora_deflate_nodes *nodes = &levels[i].nodes;
        unsigned inner = nodes->inner, leaves = nodes->leaves, set = 0;
        while (inner + leaves > 0) {
            unsigned taken = inner < room ? inner : room;
            inner -= taken;
            inner_here += taken;
            room -= taken;
            if (inner == 0) {
                taken = leaves < room ? leaves : room;
                leaves -= taken;
                room -= taken;
                counts[depth] += (uint16_t)taken;
                if (taken)
                    set |= 1u << depth;
            }
            if (room > 0)
                continue;
            if (inner > nodes->plain && inner < nodes->inner && nodes->shapes != ALIKE) {
                if (nodes->shapes == VARIED)
                    return 0;
                mixed[mixed_count].weight = levels[i].weight;
                mixed[mixed_count++].depth = depth;
            }
            depth++;
            room = 2 * inner_here;
            inner_here = 0;
        }
        depths[levels[i].weight] = (uint16_t)set;
    }

    /* Of nodes like (a (b b)) and ((b b) (b b)), some at this depth and some below it, the first
     * was taken to be below. Otherwise, one a comes up and two b go down. */
    for (unsigned i = 0; i < mixed_count; i++) {
        unsigned length = mixed[i].depth + 2;
        counts[length] -= 3;
        depths[mixed[i].weight / 2] |= (uint16_t)(1u << (length - 1));
        depths[mixed[i].weight / 4] |= (uint16_t)(1u << (length + 1));
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

/* Runs of lengths, in both codes. */
typedef struct {
    unsigned zero, short_run, long_run; /* meta symbols 0, 17 and 18 sent; 18 is sent more often if
                                         * a run is over 138 long */
    unsigned literals, distances; /* symbols of each used */
    unsigned saved;    /* lengths other than 0 that repeats may save, whatever these are */
    uint64_t in_row[5]; /* literals that have such a length and at least three neighbours with one */
    uint64_t distances_in_row;
} run_counts;

/* Word 4 has the few lengths' symbols that are left in its lower half, the distances in the other. */
static void count_runs(run_counts *runs, const uint64_t *literals_used, uint64_t distances_used)
{
    uint64_t used[6], zeros[6];
    uint64_t starts_seen = 0, two_seen = 0, three_seen = 0, eleven_seen = 0, rows = 0, row_starts = 0;

    for (unsigned i = 0; i < 5; i++) {
        used[i] = literals_used[i];
        zeros[i] = ~used[i];
    }
    zeros[4] &= below_highest(used[4]) | below_highest(distances_used) << 32;
    used[4] |= distances_used << 32;
    zeros[4] &= ~used[4];
    used[5] = zeros[5] = 0;

    uint64_t zero_before = 0, used_before = 0, row_before = 0, used_seen = 0;
    for (unsigned i = 0; i < 5; i++) {
        uint64_t here = zeros[i], after = zeros[i + 1];
        uint64_t starts = here & ~(here << 1 | zero_before >> 63);
        uint64_t two = repeated(here, after, 1), two_after = after & after >> 1;
        uint64_t three = two & (here >> 2 | after << 62);
        uint64_t four = repeated(two, two_after, 2), four_after = two_after & two_after >> 2;
        uint64_t eleven = repeated(four, four_after, 4) & (four >> 7 | four_after << 57);
        starts_seen += count_bytes(starts);
        two_seen += count_bytes(starts & two);
        three_seen += count_bytes(starts & three);
        eleven_seen += count_bytes(starts & eleven);
        zero_before = here;

        here = used[i], after = used[i + 1];
        two = repeated(here, after, 1), two_after = after & after >> 1;
        four = repeated(two, two_after, 2);
        used_seen += count_bytes(here);
        rows += count_bytes(four);
        row_starts += count_bytes(four & ~(here << 1 | used_before >> 63));
        runs->in_row[i] = four | (four << 1 | row_before >> 63) | (four << 2 | row_before >> 62) |
                          (four << 3 | row_before >> 61);
        used_before = here;
        row_before = four;
    }
    unsigned two_or_more = add_bytes(two_seen), three_or_more = add_bytes(three_seen);
    runs->zero = add_bytes(starts_seen) + two_or_more - 2 * three_or_more;
    runs->long_run = add_bytes(eleven_seen);
    runs->short_run = three_or_more - runs->long_run;
    runs->saved = add_bytes(rows) + 2 * add_bytes(row_starts);
    runs->distances = add_bytes(count_bytes(distances_used));
    runs->literals = add_bytes(used_seen) - runs->distances;
    runs->distances_in_row = runs->in_row[4] >> 32;
    runs->in_row[4] &= 0xffffffff;
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
            go_on(&run, symbol, depths[freq[symbol]], counts);
        }
}

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
    for (uint32_t f = 1; f <= AGORA_DEFLATE_MAX_BOUNDED + 1; f++) {
        state->f_log_f[f] = f * fixed_log2(f);
        state->f_log_f_step[f - 1] = state->f_log_f[f] - state->f_log_f[f - 1];
    }
}

/* The entropy of n symbols in bits, rounded up, as a code's sum is a whole number; what the table
 * is too low by, less than 2n units, is taken off. */
static unsigned entropy(const agora_deflate_state *state, unsigned n, uint64_t sum)
{
    int64_t units = (int64_t)state->f_log_f[n] - (int64_t)sum - 2 * (int64_t)n;
    return units > 0 ? (unsigned)((units + 0xffff) >> 16) : 0;
}

/* What it takes to join two weights: nothing if one is no node at all. */
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

/* What zlib makes of the distances used: it adds some until there are two. These are not sent. */
typedef struct {
    uint64_t used;
    unsigned added;
    uint16_t freq[AGORA_DEFLATE_DISTANCES];
} distance_set;

static void set_up_distances(distance_set *set, const agora_deflate_state *state)
{
    memcpy(set->freq, state->distance_freq, sizeof set->freq);
    set->used = state->distances_used;
    for (set->added = 0; !(set->used & (set->used - 1)); set->added++) {
        unsigned unused = set->used == 0 ? 0 : set->used == 1 ? 1 : set->used == 2 ? 2 : 0;
        set->used |= (uint64_t)1 << unused;
        set->freq[unused] = 1;
    }
}

/* Bits in the head of the block that do not depend on the lengths which are not 0, or at least: the
 * counts, the meta code's lengths, and what follows runs of zeros. Meta lengths are sent up to the
 * one for the shortest distance, or further, and of so few distances that has 1, 2, 3 or 4 bits
 * at most. */
static unsigned head_bits(const run_counts *runs)
{
    unsigned meta = runs->distances < 4 ? 18 : runs->distances < 8 ? 16 : runs->distances < 16 ? 14 : 12;
    return 5 + 5 + 4 + 3 * meta + 3 * runs->short_run + 7 * runs->long_run;
}

/* At least the bits of the words for all lengths, in the tree of these frequencies; 0 if nothing can
 * be said. words: set to the bits of the words for symbols. */
static unsigned measure_block(agora_deflate_state *state, const distance_set *set,
                              const run_counts *runs)
{
    weights all = {state->nodes, {0}};
    level literals[AGORA_DEFLATE_MAX_BOUNDED + 1], distances[2 * AGORA_DEFLATE_DISTANCES];
    unsigned literal_levels, distance_levels;
    uint16_t counts[META_SYMBOLS] = {0};
    uint16_t literal_depths[AGORA_DEFLATE_MAX_BOUNDED + 2];
    uint16_t distance_depths[AGORA_DEFLATE_MAX_BOUNDED + 2];

    add_leaves(&all, state->literals_used, 5, state->literal_freq);
    unsigned sum = merge(&all, literals, &literal_levels);
    add_leaves(&all, &set->used, 1, set->freq);
    sum += merge(&all, distances, &distance_levels) - set->added; /* a bit each, not sent */
    if (!measure(literals, literal_levels, counts, literal_depths) ||
        !measure(distances, distance_levels, counts, distance_depths))
        return 0;
    allow_repeats(counts, runs->in_row, 5, state->literal_freq, literal_depths);
    allow_repeats(counts, &runs->distances_in_row, 1, set->freq, distance_depths);
    counts[0] = (uint16_t)runs->zero;
    counts[17] = (uint16_t)runs->short_run;
    counts[18] = (uint16_t)runs->long_run;
    return sum + huffman_sum(&all, counts, META_SYMBOLS);
}

int agora_deflate_dynamic_has(agora_deflate_state *state, size_t bits)
{
    distance_set set;
    run_counts runs;

    set_up_distances(&set, state);
    count_runs(&runs, state->literals_used, set.used);
    unsigned head = head_bits(&runs);

    /* At first with all lengths and repeats counted as one: a repeat saves five of these at most,
     * and has two bits more. */
    unsigned words = entropy(state, state->literals, state->literals_f_log_f) +
                     entropy(state, state->distances, state->distances_f_log_f);
    unsigned lengths = runs.literals + runs.distances - 5 * runs.saved / 6;
    unsigned meta = huffman_sum_of_four(runs.zero, runs.short_run, runs.long_run, lengths);
    if (head + words + meta + runs.saved / 3 >= bits)
        return 1;
    return head + measure_block(state, &set, &runs) >= bits;
}
