/* SHA-256 (FIPS 180-4) in plain C: the reference that every other kernel is tested against. */
#include <string.h>

#include "../wipe.h"
#include "kernels.h"

const uint32_t agora_sha256_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t load_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint32_t rotr(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

typedef struct {
    uint32_t w[16], v[8];
} workspace;

static void compress(workspace *ws, uint32_t state[8], const uint8_t *block)
{
    uint32_t *w = ws->w, *v = ws->v;

    memcpy(v, state, sizeof ws->v);
    for (unsigned i = 0; i < 16; i++)
        w[i] = load_be32(block + 4 * i);

    for (unsigned t = 0; t < 64; t += 16) {
        for (unsigned i = 0; i < 16; i++) {
            /* The eight variables stay where they are and change names: a is v[-i mod 8]. */
            uint32_t a = v[(0 - i) & 7], b = v[(1 - i) & 7], c = v[(2 - i) & 7];
            uint32_t e = v[(4 - i) & 7], f = v[(5 - i) & 7], g = v[(6 - i) & 7];
            uint32_t t1 = v[(7 - i) & 7] + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) +
                          (g ^ (e & (f ^ g))) + agora_sha256_k[t + i] + w[i];
            uint32_t t2 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) | (c & (a | b)));
            v[(3 - i) & 7] += t1;
            v[(7 - i) & 7] = t1 + t2;

            uint32_t w1 = w[(i + 1) & 15], w14 = w[(i + 14) & 15];
            w[i] += (rotr(w1, 7) ^ rotr(w1, 18) ^ w1 >> 3) + w[(i + 9) & 15] +
                    (rotr(w14, 17) ^ rotr(w14, 19) ^ w14 >> 10);
        }
    }
    for (unsigned i = 0; i < 8; i++)
        state[i] += v[i];
}

static size_t advance(agora_sha256_lanes *lanes, size_t n, size_t blocks)
{
    workspace ws;

    (void)n;
    for (size_t b = 0; b < blocks; b++)
        compress(&ws, lanes->state[0], lanes->data[0] + 64 * b);
    agora_wipe(&ws, sizeof ws);
    return 1;
}

const agora_sha256_impl agora_sha256_portable = {{"portable", agora_cpu_any}, 1, advance};
