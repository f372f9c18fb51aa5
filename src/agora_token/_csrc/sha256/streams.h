/* SHA-256 by instructions for it, with a few messages interleaved, because the instructions take
   several times longer than it takes to start the next one. The kernel that includes this defines

     TARGET             the attribute that enables its instruction set
     vec                a vector of four words
     add                of vec
     load_state(s, p)   the state as the instructions want it, from the eight words at p
     store_state(p, s)  the reverse
     load_words(p)      four words of a block
     rounds(s, m, g)    rounds 4 g to 4 g + 3 on the state s. m are the last 16 words: m[g % 4]
                        those of these rounds, to be replaced in time by those of 16 rounds later
*/
#include "kernels.h"

/* n is a constant wherever this is inlined. */
TARGET __attribute__((always_inline)) static inline size_t
interleave(agora_sha256_lanes *lanes, size_t n, size_t blocks)
{
    vec state[4][2], before[4][2], m[4][4];

    AGORA_UNROLL for (size_t i = 0; i < n; i++)
        load_state(state[i], lanes->state[i]);
    for (size_t b = 0; b < blocks; b++) {
        AGORA_UNROLL for (size_t i = 0; i < n; i++) {
            before[i][0] = state[i][0];
            before[i][1] = state[i][1];
            AGORA_UNROLL for (int j = 0; j < 4; j++)
                m[i][j] = load_words(lanes->data[i] + 64 * b + 16 * j);
        }
        AGORA_UNROLL for (int g = 0; g < 16; g++)
            AGORA_UNROLL for (size_t i = 0; i < n; i++)
                rounds(state[i], m[i], g);
        AGORA_UNROLL for (size_t i = 0; i < n; i++) {
            state[i][0] = add(state[i][0], before[i][0]);
            state[i][1] = add(state[i][1], before[i][1]);
        }
    }
    AGORA_UNROLL for (size_t i = 0; i < n; i++)
        store_state(lanes->state[i], state[i]);
    return n;
}
