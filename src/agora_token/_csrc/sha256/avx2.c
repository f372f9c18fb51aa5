/* SHA-256 by AVX2, eight messages a pass, for processors without the SHA extensions. */
#include "kernels.h"

#if AGORA_X86

#include <immintrin.h>

#define TARGET __attribute__((target("avx2")))
#define LANES 8

typedef __m256i vec;

#define add _mm256_add_epi32
#define broadcast(x) _mm256_set1_epi32((int)(x))
#define unpack_lo32 _mm256_unpacklo_epi32
#define unpack_hi32 _mm256_unpackhi_epi32
#define unpack_lo64 _mm256_unpacklo_epi64
#define unpack_hi64 _mm256_unpackhi_epi64

#define REGISTER(x) "+x"(x)

TARGET static inline vec xor3(vec x, vec y, vec z)
{
    return _mm256_xor_si256(x, _mm256_xor_si256(y, z));
}

TARGET static inline vec ch(vec x, vec y, vec z)
{
    return _mm256_xor_si256(z, _mm256_and_si256(x, _mm256_xor_si256(y, z)));
}

TARGET static inline vec maj(vec x, vec y, vec z)
{
    return _mm256_xor_si256(y, _mm256_and_si256(_mm256_xor_si256(x, y), _mm256_xor_si256(y, z)));
}

#define ror(x, n) _mm256_or_si256(_mm256_srli_epi32(x, n), _mm256_slli_epi32(x, 32 - (n)))
#define big0(x) xor3(ror(x, 2), ror(x, 13), ror(x, 22))
#define big1(x) xor3(ror(x, 6), ror(x, 11), ror(x, 25))
#define small0(x) xor3(ror(x, 7), ror(x, 18), _mm256_srli_epi32(x, 3))
#define small1(x) xor3(ror(x, 17), ror(x, 19), _mm256_srli_epi32(x, 10))

TARGET static inline vec swap_bytes(vec x)
{
    const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    return _mm256_shuffle_epi8(x, _mm256_broadcastsi128_si256(order));
}

#define load16(p) _mm_loadu_si128((const __m128i *)(p))
#define load_quarters(p, i)                                                                        \
    _mm256_inserti128_si256(_mm256_castsi128_si256(load16((p)[0] + (i))), load16((p)[4] + (i)), 1)

#define store_quarter(p, x, q) _mm_storeu_si128((__m128i *)(p), _mm256_extracti128_si256(x, q))
#define store_quarters(p, i, x)                                                                    \
    (store_quarter((p)[0] + (i), x, 0), store_quarter((p)[4] + (i), x, 1))

#include "lanes.h"

TARGET static size_t advance_all(agora_sha256_lanes *lanes, size_t n, size_t blocks)
{
    return advance_groups(lanes, n, blocks, 1);
}

/* A pass takes longer than the plain code takes for one lane. */
static size_t advance(agora_sha256_lanes *lanes, size_t n, size_t blocks)
{
    return (n < 2 ? agora_sha256_portable.advance : advance_all)(lanes, n, blocks);
}

static bool supported(const agora_cpu *cpu)
{
    return cpu->avx2;
}

const agora_sha256_impl agora_sha256_avx2 = {{"x86-avx2", supported}, LANES, advance};

#else

const agora_sha256_impl agora_sha256_avx2 = {{"x86-avx2", NULL}, 0, NULL};

#endif
