/* Huffman trees by weight. Symbols of one frequency are alike here, so that a tree of 70 symbols is
 * some 20 weights.
 *
 * zlib takes the two lightest nodes, by (weight, height), joins them, and puts the new node back.
 * Only keys decide, so the sequence of keys it takes does not depend on how ties fall: at one
 * weight first the leaves (height 0), then inner nodes, lower ones first. That is also the order in
 * which inner nodes are made: two of one weight are pairs of halves, taken lower ones first,
 * because after a pair of lighter and heavier nodes all later pairs weigh more.
 *
 * Depths fall along that sequence, as if inner nodes were taken in the order they were made, but
 * for ties: which nodes of one key come first is up to the heap. That shows only where such nodes
 * are at two depths (there are no more than two, because a node is not heavier than one at a
 * smaller depth) and differ in shape. */
#include "merge.h"

/* How inner nodes of one weight may differ, those that are pairs of leaves (`plain`) left aside:
 * these are lower, so that they come first, and alike. */
enum {
    ALIKE,
    ONE_MIXED, /* one joins a leaf and a pair of leaves, each other one two pairs of leaves */
    VARIED
};

/* At a weight, what is left over from the one before joins the first node; the others join among
 * themselves. */
unsigned agora_deflate_merge(weights *all, level *levels, unsigned *level_count)
{
    unsigned sum = 0, left_over = 0, count = 0;

    for (unsigned word = 0; word < sizeof all->present / sizeof all->present[0]; word++) {
        uint64_t present = all->present[word];
        while (present) {
            unsigned weight = 64 * word + lowest_bit(present);
            agora_deflate_nodes *node = &all->nodes[weight];
            level here = {weight, node->leaves, node->inner, node->plain, node->shapes};
            present &= present - 1;
            memset(node, 0, sizeof *node);
            levels[count++] = here;
            sum += weight * here.inner;

            unsigned leaves = here.leaves, inner = here.inner;
            if (left_over) {
                if (leaves)
                    leaves--;
                else
                    inner--;
                unsigned joined = left_over + weight;
                all->nodes[joined].inner++;
                if (joined / 64 == word)
                    present |= (uint64_t)1 << joined % 64;
                else
                    all->present[joined / 64] |= (uint64_t)1 << joined % 64;
            }
            unsigned pairs = (leaves + inner) / 2;
            if (pairs) {
                unsigned plain = leaves / 2, mixed = leaves % 2 && inner;
                unsigned twice = 2 * weight, shapes = ALIKE;
                if (inner > 1 && (here.shapes != ALIKE || (here.plain && here.plain < here.inner)))
                    shapes = VARIED;
                else if (mixed && pairs > plain + 1)
                    shapes = here.plain ? ONE_MIXED : VARIED;
                all->nodes[twice].inner += (uint16_t)pairs;
                all->nodes[twice].plain = (uint16_t)plain;
                all->nodes[twice].shapes = (uint16_t)shapes;
                if (twice / 64 == word)
                    present |= (uint64_t)1 << twice % 64;
                else
                    all->present[twice / 64] |= (uint64_t)1 << twice % 64;
            }
            left_over = (leaves + inner) % 2 ? weight : 0;
        }
        all->present[word] = 0;
    }
    *level_count = count;
    return sum;
}

int agora_deflate_measure(const level *levels, unsigned level_count, uint16_t *counts,
                          uint16_t *lengths)
{
    unsigned depth = 0, room = 1, inner_here = 0; /* room: nodes of this depth still to come */
    struct {
        unsigned weight, depth;
    } mixed[MAX_LENGTH];
    unsigned mixed_count = 0;

    for (unsigned i = level_count; i-- > 0;) {
        const level *here = &levels[i];
        unsigned inner = here->inner, leaves = here->leaves, set = 0;
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
            if (inner > here->plain && inner < here->inner && here->shapes != ALIKE) {
                if (here->shapes == VARIED)
                    return 0;
                mixed[mixed_count].weight = here->weight;
                mixed[mixed_count++].depth = depth;
            }
            depth++;
            room = 2 * inner_here;
            inner_here = 0;
        }
        lengths[here->weight] = (uint16_t)set;
    }

    /* Of one node (a (b b)) and some ((b b) (b b)), part of them at this depth and part below, the
     * first was taken to be below. If it is not, then a is higher up, and two b are lower down. */
    for (unsigned i = 0; i < mixed_count; i++) {
        unsigned length = mixed[i].depth + 2;
        counts[length] -= 3;
        lengths[mixed[i].weight / 2] |= (uint16_t)(1u << (length - 1));
        lengths[mixed[i].weight / 4] |= (uint16_t)(1u << (length + 1));
    }
    return 1;
}
