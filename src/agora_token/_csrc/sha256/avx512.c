/* SHA-256 by AVX-512, sixteen or thirty-two messages a pass, and the SHA extensions for a few. */
#include "kernels.h"

#if AGORA_X86

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define LANES 16

typedef __m512i vec;

#define add _mm512_add_epi32
#define broadcast(x) _mm512_set1_epi32((int)(x))
#define unpack_lo32 _mm512_unpacklo_epi32
#define unpack_hi32 _mm512_unpackhi_epi32
#define unpack_lo64 _mm512_unpacklo_epi64
#define unpack_hi64 _mm512_unpackhi_epi64

#define REGISTER(x) "+v"(x)

/* The last operand is the truth table of the three inputs. */
#define xor3(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0x96)
#define ch(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xca)
#define maj(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xe8)

#define ror _mm512_ror_epi32
#define big0(x) xor3(ror(x, 2), ror(x, 13), ror(x, 22))
#define big1(x) xor3(ror(x, 6), ror(x, 11), ror(x, 25))
#define small0(x) xor3(ror(x, 7), ror(x, 18), _mm512_srli_epi32(x, 3))
#define small1(x) xor3(ror(x, 17), ror(x, 19), _mm512_srli_epi32(x, 10))

TARGET static inline vec swap_bytes(vec x)
{
    const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    return _mm512_shuffle_epi8(x, _mm512_broadcast_i32x4(order));
}

#define load16(p) _mm_loadu_si128((const __m128i *)(p))
#define load_quarters(p, i)                                                                        \
    _mm512_inserti32x4(                                                                            \
        _mm512_inserti32x4(                                                                        \
            _mm512_inserti32x4(_mm512_castsi128_si512(load16((p)[0] + (i))), load16((p)[4] + (i)), \
                               1),                                                                 \
            load16((p)[8] + (i)), 2),                                                              \
        load16((p)[12] + (i)), 3)

#define store_quarter(p, x, q) _mm_storeu_si128((__m128i *)(p), _mm512_extracti32x4_epi32(x, q))
#define store_quarters(p, i, x)                                                                    \
    (store_quarter((p)[0] + (i), x, 0), store_quarter((p)[4] + (i), x, 1),                         \
     store_quarter((p)[8] + (i), x, 2), store_quarter((p)[12] + (i), x, 3))

#include "lanes.h"

TARGET static size_t advance_one(agora_sha256_lanes *lanes, size_t n, size_t blocks)
{
    return advance_groups(lanes, n, blocks, 1);
}

TARGET static size_t advance_two(agora_sha256_lanes *lanes, size_t n, size_t blocks)
{
    return advance_groups(lanes, n, blocks, 2);
}

static size_t advance(agora_sha256_lanes *lanes, size_t n, size_t blocks)
{
    return (n <= LANES ? advance_one : advance_two)(lanes, n, blocks);
}

/* On Zen 5, a block takes 172 ns for one vector of lanes and 260 ns for two, however many of them
   are in use, and by SHA-NI 18 ns a lane. */
static size_t advance_mixed(agora_sha256_lanes *lanes, size_t n, size_t blocks)
{
    if (n < 10)
        return agora_sha256_shani_advance(lanes, n, blocks);
    return (n < 21 ? advance_one : advance_two)(lanes, n, blocks);
}

static bool supported(const agora_cpu *cpu)
{
    return cpu->avx512;
}

static bool both_supported(const agora_cpu *cpu)
{
    return cpu->avx512 && cpu->shani;
}

const agora_sha256_impl agora_sha256_avx512 = {{"x86-avx512", supported}, 2 * LANES, advance};
const agora_sha256_impl agora_sha256_avx512_shani = {
    {"x86-avx512-shani", both_supported}, 2 * LANES, advance_mixed};

#else

const agora_sha256_impl agora_sha256_avx512 = {{"x86-avx512", NULL}, 0, NULL};
const agora_sha256_impl agora_sha256_avx512_shani = {{"x86-avx512-shani", NULL}, 0, NULL};

#endif
