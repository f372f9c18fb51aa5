/* Deflate for small inputs: the very bytes of classic zlib's compress() at its default level.
 *
 * The output for an input of up to AGORA_DEFLATE_MAX_INPUT bytes is one zlib stream (RFC 1950) of
 * one block, byte for byte what zlib 1.2.x and 1.3.x give at level 6 with their default window,
 * memory level and strategy.  Nothing is allocated, and a state costs nothing to use again. */
#ifndef AGORA_DEFLATE_H
#define AGORA_DEFLATE_H

#include <stddef.h>
#include <stdint.h>

/* Longest input in bytes.  Up to here an input is one block (zlib starts another after 16,383
 * symbols) and no match is so far back that zlib would rather have literals (4,096 bytes). */
#define AGORA_DEFLATE_MAX_INPUT 4096

/* Longest input for which the block's type may be settled by a bound; see bound.c. */
#define AGORA_DEFLATE_MAX_BOUNDED 511

#define AGORA_DEFLATE_LITERALS 286 /* symbols of the literal and length code */
#define AGORA_DEFLATE_DISTANCES 30 /* symbols of the distance code */
#define AGORA_DEFLATE_PADDED 288   /* the former, in whole vectors */

/* A run of literals, then a match; the last sequence of an input has no match (length 0). */
typedef struct {
    uint16_t literals;
    uint16_t length;
    uint16_t distance;
} agora_deflate_sequence;

/* Nodes of one weight in a Huffman tree that is being built; see bound.c. */
typedef struct {
    uint16_t leaves, inner, plain, shapes;
} agora_deflate_nodes;

#define AGORA_DEFLATE_TEMPLATES 32  /* a power of two */
#define AGORA_DEFLATE_STRETCHES 32  /* of varying bytes in a template */

/* Neighbouring bytes, or groups of three that begin with them. */
typedef struct {
    uint16_t begin, count;
} agora_deflate_stretch;

/* Bits of constant symbols, then varying bytes. */
typedef struct {
    uint16_t bits, begin, count;
} agora_deflate_piece;

/* What a bound needs to know of a block's distance code; see bound.c. */
typedef struct {
    uint64_t used;       /* a bit for each distance with a word */
    unsigned words;
    unsigned sum;        /* bits of all words, at least */
    unsigned lengths;    /* lengths that words have, a bit each; perhaps not all */
    unsigned saved;      /* what has been taken off counts[] because repeats may save it */
    uint16_t counts[16]; /* how often each length is sent, at least */
    int tied;            /* ties may decide the lengths: only used and sum are known */
} agora_deflate_distance_code;

/* What inputs of one length and kind have in common; see template.c. */
typedef struct {
    uint32_t kind;
    uint16_t n;
    uint16_t rest;   /* inputs that go the ordinary way */
    uint8_t credit;
    uint8_t stage;
    uint8_t constant[AGORA_DEFLATE_MAX_BOUNDED + 8]; /* the bytes; varying ones are 0 */
    uint8_t mask[AGORA_DEFLATE_MAX_BOUNDED + 8];     /* 0 where a byte varies, else 0xff */

    agora_deflate_stretch ranges[AGORA_DEFLATE_STRETCHES]; /* groups that touch a varying byte */
    uint16_t hashes[AGORA_DEFLATE_MAX_BOUNDED];            /* of all other groups, once each */
    uint16_t hash_count, longest_chain, range_count;

    agora_deflate_piece pieces[AGORA_DEFLATE_STRETCHES];
    uint64_t words[AGORA_DEFLATE_MAX_BOUNDED * 9 / 56 + 1 + AGORA_DEFLATE_STRETCHES];
    uint16_t piece_count, word_count;
    uint16_t literal_freq[AGORA_DEFLATE_PADDED]; /* of the constant symbols */
    uint16_t distance_freq[AGORA_DEFLATE_DISTANCES];
    uint32_t literals;                           /* with the varying ones */
    uint32_t extra_bits;                         /* that follow length and distance symbols */
    uint32_t sum, weighted_sum;                  /* the halves of Adler-32 before the remainder */
    agora_deflate_distance_code distances;
} agora_deflate_template;

/* Scratch memory of one thread, some 300 KiB.  Allocate it, pass it to agora_deflate_init() once,
 * and leave its members alone. */
typedef struct agora_deflate_state {
    uint32_t base;          /* what this input's positions count from in head and prev */
    uint32_t head[1 << 15]; /* the last position with a hash */
    uint32_t prev[AGORA_DEFLATE_MAX_INPUT + 1]; /* the one before it with the same hash */
    uint16_t repeated[AGORA_DEFLATE_MAX_INPUT]; /* positions whose hash has occurred before */
    agora_deflate_sequence sequences[AGORA_DEFLATE_MAX_INPUT / 3 + 1];

    uint16_t literal_freq[AGORA_DEFLATE_PADDED]; /* the last two are 0 */
    uint16_t distance_freq[AGORA_DEFLATE_DISTANCES];
    uint32_t literals; /* the sum of literal_freq */

    uint32_t f_log_f[AGORA_DEFLATE_MAX_BOUNDED + 2]; /* f * log2(f) in units of 2^-16 */
    agora_deflate_nodes nodes[AGORA_DEFLATE_MAX_BOUNDED + 2]; /* by weight; zero between uses */
    uint64_t built;    /* inputs whose block type took building the dynamic codes, */
    uint64_t followed; /* and that followed a template: for statistics */

    agora_deflate_template templates[AGORA_DEFLATE_TEMPLATES];
    uint8_t marks[1 << 15]; /* `mark` for each hash that this input has */
    uint8_t mark;
    uint8_t padded[AGORA_DEFLATE_MAX_BOUNDED + 32]; /* an input that may be read beyond its end */
} agora_deflate_state;

void agora_deflate_init(agora_deflate_state *state);

/* Bytes that agora_deflate() may write for n bytes of input; more than the output ever has. */
size_t agora_deflate_bound(size_t n);

/* Compress n <= AGORA_DEFLATE_MAX_INPUT bytes of src into dst, which has agora_deflate_bound(n)
 * bytes and does not overlap src.  Returns the bytes of the stream. */
size_t agora_deflate(agora_deflate_state *state, uint8_t *dst, const uint8_t *src, size_t n);

/* The same bytes, sooner where inputs of one kind resemble each other: where most bytes are the same
 * as in the inputs before, and the others occur nowhere else. Any number will do for the kind. */
size_t agora_deflate_alike(agora_deflate_state *state, uint8_t *dst, const uint8_t *src, size_t n,
                           uint32_t kind);

#endif
