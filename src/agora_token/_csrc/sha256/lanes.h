/* SHA-256 of as many messages as one or two vectors have 32-bit elements, one message an element.
   The kernel that includes this defines

     TARGET                  the attribute that enables its instruction set
     LANES                   the elements of a vector, vec
     add, and the functions of FIPS 180-4 on vec: ch, maj, big0, big1 (of rounds), small0, small1
                             (of the message schedule)
     broadcast(x)            x in every element
     swap_bytes(x)           from and to big-endian elements
     unpack_lo32, unpack_hi32, unpack_lo64, unpack_hi64
                             of x86, within each 128-bit quarter of vec
     load_quarters(p, i)     quarter q from 16 bytes at p[4 * q] + i, p an array of any pointers
     store_quarters(p, i, x) the reverse
     REGISTER(x)             x as an operand of inline assembly, read and written
*/
#include "kernels.h"

#define INLINE TARGET __attribute__((always_inline)) static inline

/* Transposes 4 x 4 elements in every quarter. Rows loaded from lanes r, r + 4, r + 8, ... become
   four vectors with the lanes in order. */
INLINE void transpose(vec x[4])
{
    vec a = unpack_lo32(x[0], x[1]), b = unpack_lo32(x[2], x[3]);
    vec c = unpack_hi32(x[0], x[1]), d = unpack_hi32(x[2], x[3]);
    x[0] = unpack_lo64(a, b);
    x[1] = unpack_hi64(a, b);
    x[2] = unpack_lo64(c, d);
    x[3] = unpack_hi64(c, d);
}

/* A round with the constant k. The variables stay where they are and change names: in round i, a is
   v[-i mod 8]. */
INLINE void sha256_round(vec v[8], vec w, uint32_t k, int i)
{
    vec *d = &v[(3 - i) & 7], *h = &v[(7 - i) & 7];
    vec a = v[-i & 7], b = v[(1 - i) & 7], c = v[(2 - i) & 7];
    vec e = v[(4 - i) & 7], f = v[(5 - i) & 7], g = v[(6 - i) & 7];

    /* This sum does not wait for the round before, unless the compiler regroups the additions. */
    vec early = add(*h, add(w, broadcast(k)));
    __asm__("" : REGISTER(early));
    vec t1 = add(add(early, ch(e, f, g)), big1(e));

    *d = add(*d, t1);
    *h = add(add(big0(a), maj(a, b, c)), t1);
}

/* The word of 16 rounds later. */
INLINE vec next_word(const vec w[16], int i)
{
    return add(add(w[i], w[(i + 9) & 15]),
               add(small0(w[(i + 1) & 15]), small1(w[(i + 14) & 15])));
}

/* Absorbs the blocks at data[lane] + offset into `groups` (1 or 2) vectors of lanes. Two,
   interleaved, hide each other's latency. */
INLINE void compress(vec state[][8], const uint8_t *const *data, size_t offset, int groups)
{
    vec v[2][8], w[2][16];
    const uint32_t *k = agora_sha256_k;

    /* Lest the compiler keep all constants in registers, of which there are not enough. */
    __asm__("" : "+r"(k));
    AGORA_UNROLL for (int j = 0; j < groups; j++) {
        AGORA_UNROLL for (int i = 0; i < 8; i++)
            v[j][i] = state[j][i];
        AGORA_UNROLL for (int i = 0; i < 16; i += 4) {
            AGORA_UNROLL for (int r = 0; r < 4; r++) {
                vec row = load_quarters(data + LANES * j + r, offset + 4 * (size_t)i);
                w[j][i + r] = swap_bytes(row);
            }
            transpose(w[j] + i);
        }
    }
    for (int t = 0; t < 48; t += 16, k += 16) {
        AGORA_UNROLL for (int i = 0; i < 16; i++) {
            AGORA_UNROLL for (int j = 0; j < groups; j++) {
                sha256_round(v[j], w[j][i], k[i], i);
                w[j][i] = next_word(w[j], i);
            }
        }
    }
    AGORA_UNROLL for (int i = 0; i < 16; i++)
        AGORA_UNROLL for (int j = 0; j < groups; j++)
            sha256_round(v[j], w[j][i], k[i], i);
    AGORA_UNROLL for (int j = 0; j < groups; j++)
        AGORA_UNROLL for (int i = 0; i < 8; i++)
            state[j][i] = add(state[j][i], v[j][i]);
}

/* Lanes that are not there compute what the first one does, for nothing. */
INLINE size_t advance_groups(agora_sha256_lanes *lanes, size_t n, size_t blocks, int groups)
{
    uint32_t unused[8] = {0};
    size_t all = LANES * (size_t)groups;
    vec state[2][8];

    for (size_t i = n; i < all; i++) {
        lanes->state[i] = unused;
        lanes->data[i] = lanes->data[0];
    }
    AGORA_UNROLL for (int j = 0; j < groups; j++) {
        AGORA_UNROLL for (int i = 0; i < 8; i += 4) {
            AGORA_UNROLL for (int r = 0; r < 4; r++)
                state[j][i + r] = load_quarters(lanes->state + LANES * j + r, i);
            transpose(state[j] + i);
        }
    }
    for (size_t b = 0; b < blocks; b++)
        compress(state, lanes->data, 64 * b, groups);
    AGORA_UNROLL for (int j = 0; j < groups; j++) {
        AGORA_UNROLL for (int i = 0; i < 8; i += 4) {
            transpose(state[j] + i);
            AGORA_UNROLL for (int r = 0; r < 4; r++)
                store_quarters(lanes->state + LANES * j + r, i, state[j][i + r]);
        }
    }
    return n < all ? n : all;
}
