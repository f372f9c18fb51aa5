/* SHA-256 of as many messages as a vector has 32-bit elements, one message an element. The kernel
   that includes this defines

     TARGET                  the attribute that enables its instruction set
     LANES                   the elements of a vector, vec
     add, and the functions of FIPS 180-4 on vec: ch, maj, big0, big1 (of rounds), small0, small1
                             (of the message schedule)
     broadcast(x)            x in every element
     swap_bytes(x)           from and to big-endian elements
     unpack_lo32, unpack_hi32, unpack_lo64, unpack_hi64
                             of x86, within 128-bit quarters of vec
     load_quarters(p, i)     quarter q from p[4 * q] + i
     store_quarters(p, i, x) the reverse
*/
#include "sha256_kernels.h"

#define INLINE TARGET __attribute__((always_inline)) static inline

/* Transposes 4 x 4 elements in every quarter. */
INLINE void transpose(vec x[4])
{
    vec a = unpack_lo32(x[0], x[1]), b = unpack_lo32(x[2], x[3]);
    vec c = unpack_hi32(x[0], x[1]), d = unpack_hi32(x[2], x[3]);
    x[0] = unpack_lo64(a, b);
    x[1] = unpack_hi64(a, b);
    x[2] = unpack_lo64(c, d);
    x[3] = unpack_hi64(c, d);
}

/* Four words of every message, 16 bytes at p[lane] + offset: word j of lane i to x[j][i]. Row r
   holds those of lanes r, r + 4, r + 8, ..., so that the transposition brings the lanes in order. */
INLINE void load_words(vec x[4], const uint8_t *const p[LANES], size_t offset)
{
    AGORA_UNROLL for (int r = 0; r < 4; r++)
        x[r] = load_quarters(p + r, offset);
    transpose(x);
}

INLINE void store_words(vec x[4], uint8_t *const p[LANES], size_t offset)
{
    transpose(x);
    AGORA_UNROLL for (int r = 0; r < 4; r++)
        store_quarters(p + r, offset, x[r]);
}

/* Round t + i. The variables stay where they are and change names: a is v[-i mod 8]. d is added
   early, which keeps the path from one e to the next short. */
INLINE void sha256_round(vec v[8], vec w, int t, int i)
{
    vec *d = &v[(3 - i) & 7], *h = &v[(7 - i) & 7];
    vec a = v[-i & 7], b = v[(1 - i) & 7], c = v[(2 - i) & 7];
    vec e = v[(4 - i) & 7], f = v[(5 - i) & 7], g = v[(6 - i) & 7];
    vec t1 = add(add(add(*h, add(w, broadcast(agora_sha256_k[t + i]))), ch(e, f, g)), big1(e));

    *d = add(*d, t1);
    *h = add(add(big0(a), maj(a, b, c)), t1);
}

INLINE void compress(vec state[8], vec w[16])
{
    vec v[8];

    AGORA_UNROLL for (int i = 0; i < 8; i++)
        v[i] = state[i];
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

/* Lanes that are not there compute what the first one does, and are not stored. */
TARGET static size_t advance_all(const agora_sha256_lane *lanes, size_t n, size_t blocks)
{
    uint32_t unused[8];
    uint8_t *states[LANES];
    const uint8_t *from[LANES], *data[LANES];
    vec state[8], w[16];

    for (size_t i = 0; i < LANES; i++) {
        const agora_sha256_lane *lane = &lanes[i < n ? i : 0];
        from[i] = (const uint8_t *)lane->state;
        states[i] = (uint8_t *)(i < n ? lane->state : unused);
        data[i] = lane->data;
    }
    load_words(state, from, 0);
    load_words(state + 4, from, 16);
    for (size_t b = 0; b < blocks; b++) {
        AGORA_UNROLL for (int i = 0; i < 16; i += 4)
            load_words(w + i, data, 64 * b + 4 * (size_t)i);
        AGORA_UNROLL for (int i = 0; i < 16; i++)
            w[i] = swap_bytes(w[i]);
        compress(state, w);
    }
    store_words(state, states, 0);
    store_words(state + 4, states, 16);
    return n;
}
