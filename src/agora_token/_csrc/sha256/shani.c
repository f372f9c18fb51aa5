/* SHA-256 by the SHA extensions of x86. */
#include "kernels.h"

#if AGORA_X86

#include <immintrin.h>

#define TARGET __attribute__((target("sha,sse4.1")))
#define INLINE TARGET __attribute__((always_inline)) static inline

typedef __m128i vec;

#define add _mm_add_epi32

/* The instructions keep a, b, e and f in one register, c, d, g and h in the other. */
INLINE void load_state(vec s[2], const uint32_t *p)
{
    vec cdab = _mm_shuffle_epi32(_mm_loadu_si128((const vec *)p), 0xb1);
    vec efgh = _mm_shuffle_epi32(_mm_loadu_si128((const vec *)(p + 4)), 0x1b);
    s[0] = _mm_alignr_epi8(cdab, efgh, 8);
    s[1] = _mm_blend_epi16(efgh, cdab, 0xf0);
}

INLINE void store_state(uint32_t *p, const vec s[2])
{
    vec feba = _mm_shuffle_epi32(s[0], 0x1b), dchg = _mm_shuffle_epi32(s[1], 0xb1);
    _mm_storeu_si128((vec *)p, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((vec *)(p + 4), _mm_alignr_epi8(dchg, feba, 8));
}

INLINE vec load_words(const uint8_t *p)
{
    const vec big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    return _mm_shuffle_epi8(_mm_loadu_si128((const vec *)p), big_endian);
}

INLINE void rounds(vec s[2], vec m[4], int g)
{
    vec now = m[g & 3], last = m[(g + 3) & 3];
    vec wk = add(now, _mm_loadu_si128((const vec *)agora_sha256_k + g));

    s[1] = _mm_sha256rnds2_epu32(s[1], s[0], wk);
    s[0] = _mm_sha256rnds2_epu32(s[0], s[1], _mm_shuffle_epi32(wk, 0x0e));
    if (g >= 3 && g < 15) {
        vec sum = add(m[(g + 1) & 3], _mm_alignr_epi8(now, last, 4));
        m[(g + 1) & 3] = _mm_sha256msg2_epu32(sum, now);
    }
    if (g >= 1 && g < 13)
        m[(g + 3) & 3] = _mm_sha256msg1_epu32(last, now);
}

#include "streams.h"

TARGET size_t agora_sha256_shani_advance(agora_sha256_lanes *lanes, size_t n, size_t blocks)
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
