/* SHA-256 by the SHA extensions. Their latency is several times their throughput, so up to four
   messages are interleaved. */
#include "sha256_kernels.h"

#if AGORA_X86

#include <immintrin.h>

#define TARGET __attribute__((target("sha,sse4.1")))
#define INLINE TARGET __attribute__((always_inline)) static inline

typedef struct {
    __m128i abef, cdgh, m[4]; /* the state as the instructions want it; the last 16 words */
} stream;

INLINE void load_state(stream *s, const uint32_t *state)
{
    __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xb1);
    __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1b);
    s->abef = _mm_alignr_epi8(cdab, efgh, 8);
    s->cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
}

INLINE void store_state(const stream *s, uint32_t *state)
{
    __m128i feba = _mm_shuffle_epi32(s->abef, 0x1b), dchg = _mm_shuffle_epi32(s->cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

INLINE void load_block(stream *s, const uint8_t *p)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    for (int i = 0; i < 4; i++)
        s->m[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)p + i), swap);
}

/* Rounds 4 g to 4 g + 3, the first half of the words of rounds 4 (g + 3) and the second half of
   those of 4 (g + 1). */
INLINE void rounds(stream *s, int g)
{
    __m128i *m = s->m, now = m[g & 3], before = m[(g + 3) & 3];
    __m128i k = _mm_loadu_si128((const __m128i *)agora_sha256_k + g);
    __m128i wk = _mm_add_epi32(now, k);

    s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, wk);
    s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(wk, 0x0e));
    if (g >= 3 && g < 15) {
        __m128i sum = _mm_add_epi32(m[(g + 1) & 3], _mm_alignr_epi8(now, before, 4));
        m[(g + 1) & 3] = _mm_sha256msg2_epu32(sum, now);
    }
    if (g >= 1 && g < 13)
        m[(g + 3) & 3] = _mm_sha256msg1_epu32(before, now);
}

/* Absorbs blocks into n lanes at once; n is a constant wherever this is inlined. */
INLINE size_t interleave(const agora_sha256_lane *lanes, size_t n, size_t blocks)
{
    stream s[4];

    AGORA_UNROLL for (size_t i = 0; i < n; i++)
        load_state(&s[i], lanes[i].state);
    for (size_t b = 0; b < blocks; b++) {
        __m128i abef[4], cdgh[4];
        AGORA_UNROLL for (size_t i = 0; i < n; i++) {
            abef[i] = s[i].abef;
            cdgh[i] = s[i].cdgh;
            load_block(&s[i], lanes[i].data + 64 * b);
        }
        AGORA_UNROLL for (int g = 0; g < 16; g++)
            AGORA_UNROLL for (size_t i = 0; i < n; i++)
                rounds(&s[i], g);
        AGORA_UNROLL for (size_t i = 0; i < n; i++) {
            s[i].abef = _mm_add_epi32(s[i].abef, abef[i]);
            s[i].cdgh = _mm_add_epi32(s[i].cdgh, cdgh[i]);
        }
    }
    AGORA_UNROLL for (size_t i = 0; i < n; i++)
        store_state(&s[i], lanes[i].state);
    return n;
}

TARGET size_t agora_sha256_shani_advance(const agora_sha256_lane *lanes, size_t n, size_t blocks)
{
    switch (n) {
    case 1:
        return interleave(lanes, 1, blocks);
    case 2:
        return interleave(lanes, 2, blocks);
    case 3:
        return interleave(lanes, 3, blocks);
    default:
        return interleave(lanes, 4, blocks);
    }
}

static bool supported(const agora_cpu *cpu)
{
    return cpu->shani;
}

const agora_sha256_impl agora_sha256_shani = {
    {"x86-shani", supported}, 4, agora_sha256_shani_advance};

#else

const agora_sha256_impl agora_sha256_shani = {{"x86-shani", NULL}, 0, NULL};

#endif
