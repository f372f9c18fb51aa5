/* Huffman trees by weight: how long code words are, without knowing whose they are. */
#ifndef AGORA_DEFLATE_MERGE_H
#define AGORA_DEFLATE_MERGE_H

#include "internal.h"

#define MAX_LENGTH 15 /* of a code word */

/* Nodes in hand: nodes[] by weight, and a bit for each weight that has some. */
typedef struct {
    agora_deflate_nodes *nodes;
    uint64_t present[(AGORA_DEFLATE_MAX_BOUNDED + 1) / 64 + 1];
} weights;

/* All nodes that a tree has of one weight. */
typedef struct {
    unsigned weight, leaves, inner, plain, shapes;
} level;

static inline void add_leaves(weights *all, unsigned weight, unsigned count)
{
    all->nodes[weight].leaves += (uint16_t)count;
    all->present[weight / 64] |= (uint64_t)1 << weight % 64;
}

/* Merge all nodes into a tree and leave none; returns the sum of weight * depth over its leaves,
 * and its nodes in levels[], lightest first. */
unsigned agora_deflate_merge(weights *all, level *levels, unsigned *level_count);

/* The lengths of zlib's words: adds to counts[] how many have each length, or fewer, and sets bit l
 * of lengths[w] if words for leaves of weight w may have length l. Returns 0 if ties may
 * decide it. */
int agora_deflate_measure(const level *levels, unsigned level_count, uint16_t *counts,
                          uint16_t *lengths);

#endif
