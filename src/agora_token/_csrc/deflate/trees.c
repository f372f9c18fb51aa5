/* The codes of a dynamic block. Many sets of code lengths are optimal; these are the ones that
 * zlib's heap comes to, so the heap is kept move by move. */
#include "internal.h"

#define MAX_SYMBOLS AGORA_DEFLATE_LITERALS
#define META_SYMBOLS 19
#define MAX_CODE_LENGTH 15
#define MAX_META_LENGTH 7

/* A node of the heap in one number: frequency, then height, then index. zlib compares the first
 * two. Frequencies are up to 4,097 (13 bits), and a tree of so many is at most 17 high (5 bits). */
#define INDEX_BITS 10
#define INDEX_MASK ((1u << INDEX_BITS) - 1)
#define HEIGHT_MASK (31u << INDEX_BITS)
#define FREQ_SHIFT (INDEX_BITS + 5)

typedef uint32_t heap_node;

#define NO_NODE UINT32_MAX /* above all nodes */

static inline int not_above(heap_node a, heap_node b)
{
    return a <= (b | INDEX_MASK);
}

/* Put a node where heap[hole] was and move it down to its place; heap[size + 1] is NO_NODE. */
static inline void sift_down(heap_node *heap, unsigned size, unsigned hole, heap_node node)
{
    for (unsigned child = 2 * hole; child <= size; child = 2 * hole) {
        if (not_above(heap[child + 1], heap[child]))
            child++;
        if (not_above(node, heap[child]))
            break;
        heap[hole] = heap[child];
        hole = child;
    }
    heap[hole] = node;
}

static inline heap_node join(heap_node a, heap_node b, unsigned index)
{
    uint32_t height_a = a & HEIGHT_MASK, height_b = b & HEIGHT_MASK;
    uint32_t height = (height_a > height_b ? height_a : height_b) + (1u << INDEX_BITS);
    return ((a >> FREQ_SHIFT) + (b >> FREQ_SHIFT)) << FREQ_SHIFT | height | index;
}

/* Make a code of one with words over the maximum length; those too long are at it in lengths[], and
 * overflow is how many nodes were too long, inner ones included. order[] has all nodes, rarest
 * first, and these get the longest words. */
static void limit_lengths(uint8_t *lengths, unsigned symbols, unsigned max_length, int overflow,
                          const uint16_t *order)
{
    unsigned counts[MAX_CODE_LENGTH + 1] = {0};

    for (unsigned i = 0; i < symbols; i++)
        counts[lengths[i]]++;
    for (; overflow > 0; overflow -= 2) {
        unsigned length = max_length - 1;
        while (counts[length] == 0)
            length--;
        counts[length]--;        /* this leaf moves down */
        counts[length + 1] += 2; /* with one from the bottom beside it */
        counts[max_length]--;
    }
    for (unsigned length = max_length; length > 0; length--)
        for (; counts[length] > 0; order++)
            if (*order < symbols) {
                lengths[*order] = (uint8_t)length;
                counts[length]--;
            }
}

/* Code lengths for frequencies, as zlib has them; returns the number of lengths up to the last
 * that is not 0. A code has at least two words, so that unused symbols may get one. */
static unsigned code_lengths(uint8_t *lengths, const uint16_t *freq, unsigned symbols,
                             unsigned max_length)
{
    heap_node heap[MAX_SYMBOLS + 3];
    uint16_t order[2 * MAX_SYMBOLS];  /* nodes as they leave the heap */
    uint16_t parent[2 * MAX_SYMBOLS];
    uint8_t depth[2 * MAX_SYMBOLS];
    unsigned size = 0, removed = 0, node = symbols;

    for (unsigned i = 0; i < symbols; i++) { /* without a branch: which are used is random */
        heap[size + 1] = (heap_node)freq[i] << FREQ_SHIFT | i;
        size += freq[i] != 0;
    }
    unsigned count = size ? (heap[size] & INDEX_MASK) + 1 : 0;
    while (size < 2) {
        unsigned unused = count < 3 ? count++ : 0;
        heap[++size] = 1u << FREQ_SHIFT | unused;
    }
    heap[size + 1] = NO_NODE;
    for (unsigned i = size / 2; i >= 1; i--)
        sift_down(heap, size, i, heap[i]);

    for (; size > 1; node++) {
        heap_node a = heap[1];
        heap_node last = heap[size];
        heap[size--] = NO_NODE;
        sift_down(heap, size, 1, last);
        heap_node b = heap[1];
        order[removed++] = (uint16_t)(a & INDEX_MASK);
        order[removed++] = (uint16_t)(b & INDEX_MASK);
        parent[a & INDEX_MASK] = parent[b & INDEX_MASK] = (uint16_t)node;
        sift_down(heap, size, 1, join(a, b, node));
    }

    /* From the root down; what zlib counts as overflow includes the inner nodes. */
    int overflow = 0;
    memset(depth, 0, symbols);
    depth[node - 1] = 0;
    for (unsigned i = removed; i-- > 0;) {
        unsigned length = depth[parent[order[i]]] + 1u;
        if (length > max_length) {
            length = max_length;
            overflow++;
        }
        depth[order[i]] = (uint8_t)length;
    }
    memcpy(lengths, depth, symbols);
    if (overflow)
        limit_lengths(lengths, symbols, max_length, overflow, order);
    return count;
}

static unsigned reverse_bits(unsigned bits, unsigned count)
{
    unsigned reversed = 0;
    for (; count > 0; count--, bits >>= 1)
        reversed = reversed << 1 | (bits & 1);
    return reversed;
}

void agora_deflate_assign_words(code_word *words, const uint8_t *lengths, unsigned count)
{
    unsigned used[MAX_CODE_LENGTH + 1] = {0};
    unsigned next[MAX_CODE_LENGTH + 1];
    unsigned word = 0;

    for (unsigned i = 0; i < count; i++)
        used[lengths[i]]++;
    used[0] = 0;
    for (unsigned length = 1; length <= MAX_CODE_LENGTH; length++) {
        word = (word + used[length - 1]) << 1;
        next[length] = word;
    }
    for (unsigned i = 0; i < count; i++) {
        unsigned length = lengths[i];
        words[i] = length ? CODE_WORD(reverse_bits(next[length]++, length), length) : 0;
    }
}

/* Append code lengths in the run-length form of RFC 1951, 3.2.7, with zlib's choice of runs. */
static void append_runs(dynamic_codes *codes, const uint8_t *lengths, unsigned count)
{
    for (unsigned i = 0, end; i < count; i = end) {
        unsigned length = lengths[i];
        for (end = i + 1; end < count && lengths[end] == length; end++)
            ;
        unsigned left = end - i;
        int first = length != 0;
        while (left > 0) {
            unsigned symbol = length, repeat = 0, taken = 1;
            if (length == 0 && left >= 3) {
                taken = left < 138 ? left : 138;
                symbol = taken <= 10 ? 17 : 18;
                repeat = taken <= 10 ? taken - 3 : taken - 11;
            } else if (length != 0 && !first && left >= 3) {
                taken = left < 6 ? left : 6;
                symbol = 16;
                repeat = taken - 3;
            }
            first = 0;
            codes->runs[codes->run_count][0] = (uint8_t)symbol;
            codes->runs[codes->run_count][1] = (uint8_t)repeat;
            codes->run_count++;
            left -= taken;
        }
    }
}

static unsigned repeat_bits(unsigned symbol)
{
    return symbol < 16 ? 0 : symbol == 16 ? 2 : symbol == 17 ? 3 : 7;
}

/* The order in which the lengths of the code lengths' code are sent. */
static const uint8_t meta_order[META_SYMBOLS] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                 11, 4,  12, 3, 13, 2, 14, 1, 15};

size_t agora_deflate_build_codes(dynamic_codes *codes, const uint16_t *literal_freq,
                                 const uint16_t *distance_freq)
{
    uint16_t meta_freq[META_SYMBOLS] = {0};

    codes->literal_count =
        code_lengths(codes->literals, literal_freq, AGORA_DEFLATE_LITERALS, MAX_CODE_LENGTH);
    codes->distance_count =
        code_lengths(codes->distances, distance_freq, AGORA_DEFLATE_DISTANCES, MAX_CODE_LENGTH);
    codes->run_count = 0;
    append_runs(codes, codes->literals, codes->literal_count);
    append_runs(codes, codes->distances, codes->distance_count);
    for (unsigned i = 0; i < codes->run_count; i++)
        meta_freq[codes->runs[i][0]]++;
    code_lengths(codes->meta, meta_freq, META_SYMBOLS, MAX_META_LENGTH);
    codes->meta_count = META_SYMBOLS;
    while (codes->meta_count > 4 && codes->meta[meta_order[codes->meta_count - 1]] == 0)
        codes->meta_count--;

    size_t bits = 5 + 5 + 4 + 3 * codes->meta_count;
    for (unsigned i = 0; i < META_SYMBOLS; i++)
        bits += meta_freq[i] * (codes->meta[i] + repeat_bits(i));
    for (unsigned i = 0; i < codes->literal_count; i++)
        bits += (size_t)literal_freq[i] * codes->literals[i];
    for (unsigned i = 0; i < codes->distance_count; i++)
        bits += (size_t)distance_freq[i] * codes->distances[i];
    return bits;
}

void agora_deflate_put_codes(bit_writer *writer, const dynamic_codes *codes)
{
    code_word words[META_SYMBOLS];

    agora_deflate_assign_words(words, codes->meta, META_SYMBOLS);
    put_bits(writer, codes->literal_count - 257, 5);
    put_bits(writer, codes->distance_count - 1, 5);
    put_bits(writer, codes->meta_count - 4, 4);
    flush_bits(writer);
    for (unsigned i = 0; i < codes->meta_count; i++) {
        put_bits(writer, codes->meta[meta_order[i]], 3);
        flush_bits(writer);
    }
    for (unsigned i = 0; i < codes->run_count; i++) {
        unsigned symbol = codes->runs[i][0];
        put_word(writer, words[symbol]);
        put_bits(writer, codes->runs[i][1], repeat_bits(symbol));
        flush_bits(writer);
    }
}
