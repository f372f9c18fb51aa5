/* SHA-256 of as many messages as a vector has 32-bit elements, one message an element. The kernel
   that includes this defines

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
#include "sha256_kernels.h"

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

/* Round t + i. The variables stay where they are and change names: a is v[-i mod 8]. */
INLINE void sha256_round(vec v[8], vec w, int t, int i)
{
    vec *d = &v[(3 - i) & 7], *h = &v[(7 - i) & 7];
    vec a = v[-i & 7], b = v[(1 - i) & 7], c = v[(2 - i) & 7];
    vec e = v[(4 - i) & 7], f = v[(5 - i) & 7], g = v[(6 - i) & 7];

    /* This sum does not wait for the round before, unless the compiler regroups the additions. */
    vec early = add(*h, add(w, broadcast(agora_sha256_k[t + i])));
    __asm__("" : REGISTER(early));
    vec t1 = add(add(early, ch(e, f, g)), big1(e));

    *d = add(*d, t1);
    *h = add(add(big0(a), maj(a, b, c)), t1);
}

/* Absorbs the block at data[lane] + offset. Inlined into a loop over blocks, it would have the round
   constants moved out of that loop, for which there are not registers enough. */
TARGET __attribute__((noinline)) static void compress(vec state[8], const uint8_t *const data[LANES],
                                                      size_t offset)
{
    vec v[8], w[16];

    AGORA_UNROLL for (int i = 0; i < 8; i++)
        v[i] = state[i];
    AGORA_UNROLL for (int i = 0; i < 16; i += 4) {
        AGORA_UNROLL for (int r = 0; r < 4; r++)
            w[i + r] = swap_bytes(load_quarters(data + r, offset + 4 * (size_t)i));
        transpose(w + i);
    }
    for (int t = 0; t < 48; t += 16) {
        AGORA_UNROLL for (int i = 0; i < 16; i++) {
            sha256_round(v, w[i], t, i);
            w[i] = add(add(w[i], w[(i + 9) & 15]),
                       add(small0(w[(i + 1) & 15]), small1(w[(i + 14) & 15])));
        }
    }
    AGORA_UNROLL for (int i = 0; i < 16; i++)
        sha256_round(v, w[i], 48, i);
    AGORA_UNROLL for (int i = 0; i < 8; i++)
        state[i] = add(state[i], v[i]);
}

/* Lanes that are not there compute what the first one does, for nothing. */
TARGET static size_t advance_all(agora_sha256_lanes *lanes, size_t n, size_t blocks)
{
    uint32_t unused[8] = {0};
    vec state[8];

    for (size_t i = n; i < LANES; i++) {
        lanes->state[i] = unused;
        lanes->data[i] = lanes->data[0];
    }
    AGORA_UNROLL for (int i = 0; i < 8; i += 4) {
        AGORA_UNROLL for (int r = 0; r < 4; r++)
            state[i + r] = load_quarters(lanes->state + r, i);
        transpose(state + i);
    }
    for (size_t b = 0; b < blocks; b++)
        compress(state, lanes->data, 64 * b);
    AGORA_UNROLL for (int i = 0; i < 8; i += 4) {
        transpose(state + i);
        AGORA_UNROLL for (int r = 0; r < 4; r++)
            store_quarters(lanes->state + r, i, state[i + r]);
    }
    return n;
}
