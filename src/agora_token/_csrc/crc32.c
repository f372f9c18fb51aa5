#include "crc32.h"

#include <string.h>

#include "kernel.h"

#if AGORA_X86
#include <immintrin.h>
#endif

typedef struct {
    agora_kernel kernel;
    uint32_t (*run)(uint32_t crc, const uint8_t *p, size_t n);
} crc32_impl;

/* What each half byte of eight bytes adds to the CRC after them: rows 0 and 1 are the low and the
   high half of the first byte. The CRC is linear, so four entries make sixteen. */
#define ROW(a, b, c, d)                                                                            \
    {0, a, b, a ^ b, c, a ^ c, b ^ c, a ^ b ^ c,                                                   \
     d, a ^ d, b ^ d, a ^ b ^ d, c ^ d, a ^ c ^ d, b ^ c ^ d, a ^ b ^ c ^ d}
static const uint32_t table[16][16] = {
    ROW(0xccaa009e, 0x4225077d, 0x844a0efa, 0xd3e51bb5),
    ROW(0x7cbb312b, 0xf9766256, 0x299dc2ed, 0x533b85da),
    ROW(0xa6770bb4, 0x979f1129, 0xf44f2413, 0x33ef4e67),
    ROW(0x67de9cce, 0xcfbd399c, 0x440b7579, 0x8816eaf2),
    ROW(0xcb5cd3a5, 0x4dc8a10b, 0x9b914216, 0xec53826d),
    ROW(0x03d6029b, 0x07ac0536, 0x0f580a6c, 0x1eb014d8),
    ROW(0x3d6029b0, 0x7ac05360, 0xf580a6c0, 0x30704bc1),
    ROW(0x60e09782, 0xc1c12f04, 0x58f35849, 0xb1e6b092),
    ROW(0xb8bc6765, 0xaa09c88b, 0x8f629757, 0xc5b428ef),
    ROW(0x5019579f, 0xa032af3e, 0x9b14583d, 0xed59b63b),
    ROW(0x01c26a37, 0x0384d46e, 0x0709a8dc, 0x0e1351b8),
    ROW(0x1c26a370, 0x384d46e0, 0x709a8dc0, 0xe1351b80),
    ROW(0x191b3141, 0x32366282, 0x646cc504, 0xc8d98a08),
    ROW(0x4ac21251, 0x958424a2, 0xf0794f05, 0x3b83984b),
    ROW(0x77073096, 0xee0e612c, 0x076dc419, 0x0edb8832),
    ROW(0x1db71064, 0x3b6e20c8, 0x76dc4190, 0xedb88320),
};

static inline uint32_t add_byte(unsigned row, uint32_t byte)
{
    return table[row][byte & 15] ^ table[row + 1][byte >> 4 & 15];
}

static uint32_t crc32_portable(uint32_t crc, const uint8_t *p, size_t n)
{
    crc = ~crc;
    for (; n >= 8; n -= 8, p += 8)
        crc = add_byte(0, crc ^ p[0]) ^ add_byte(2, crc >> 8 ^ p[1]) ^
              add_byte(4, crc >> 16 ^ p[2]) ^ add_byte(6, crc >> 24 ^ p[3]) ^
              add_byte(8, p[4]) ^ add_byte(10, p[5]) ^ add_byte(12, p[6]) ^ add_byte(14, p[7]);
    for (; n > 0; n--, p++)
        crc = crc >> 8 ^ add_byte(14, crc ^ *p);
    return ~crc;
}

static const crc32_impl portable = {{"portable", agora_cpu_any}, crc32_portable};

#if AGORA_X86

#define TARGET __attribute__((target("pclmul,sse4.1")))

/* x * t^128, modulo the polynomial, + next. Bits are in the reflected order of this CRC: the low
   half of x, which holds the higher powers, is multiplied by t^(128 + 32), the high half by
   t^(128 - 32). */
TARGET static inline __m128i fold(__m128i x, __m128i next)
{
    const __m128i powers = _mm_set_epi64x(0xccaa009e, 0x1751997d0);
    __m128i low = _mm_clmulepi64_si128(x, powers, 0x00);
    __m128i high = _mm_clmulepi64_si128(x, powers, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/* x * t^32 modulo the polynomial, by t^96, t^64 and Barrett's method. */
TARGET static inline uint32_t reduce(__m128i x)
{
    const __m128i powers = _mm_set_epi64x(0x163cd6124, 0xccaa009e);
    const __m128i barrett = _mm_set_epi64x(0x1db710641, 0x1f7011641);
    const __m128i low32 = _mm_cvtsi32_si128(-1);

    x = _mm_xor_si128(_mm_srli_si128(x, 8), _mm_clmulepi64_si128(x, powers, 0x00));
    x = _mm_xor_si128(_mm_srli_si128(x, 4),
                      _mm_clmulepi64_si128(_mm_and_si128(x, low32), powers, 0x10));
    __m128i quotient = _mm_clmulepi64_si128(_mm_and_si128(x, low32), barrett, 0x00);
    __m128i product = _mm_clmulepi64_si128(_mm_and_si128(quotient, low32), barrett, 0x10);
    return (uint32_t)_mm_extract_epi32(_mm_xor_si128(x, product), 1);
}

/* The method of Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ
   Instruction" (Intel, 2009), one vector at a time, as the data are short. Zeros in front change
   nothing, so the first vector takes what is over a multiple of 16 bytes. */
TARGET static uint32_t crc32_pclmul(uint32_t crc, const uint8_t *p, size_t n)
{
    /* From `head`, a shuffle that moves the first bytes to the end of a vector; from `head + 16`,
       one that moves the others to the front. */
    static const uint8_t shuffles[48] = {
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        0,   1,   2,   3,   4,   5,   6,   7,   8,   9,   10,  11,  12,  13,  14,  15,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    };
    if (n <= 8)
        return crc32_portable(crc, p, n);

    size_t head = (n - 1) % 16 + 1;
    const __m128i to_end = _mm_loadu_si128((const __m128i *)(shuffles + head));
    const __m128i to_front = _mm_loadu_si128((const __m128i *)(shuffles + 16 + head));
    __m128i x, start = _mm_cvtsi32_si128((int)~crc);

    if (n >= 16) {
        x = _mm_loadu_si128((const __m128i *)p);
    } else {
        uint64_t first, last;
        memcpy(&first, p, 8);
        memcpy(&last, p + n - 8, 8);
        x = _mm_set_epi64x((long long)(last >> 8 * (16 - n)), (long long)first);
    }
    x = _mm_shuffle_epi8(_mm_xor_si128(x, start), to_end);
    start = _mm_shuffle_epi8(start, to_front);
    for (size_t i = head; i < n; i += 16) {
        x = fold(x, _mm_xor_si128(start, _mm_loadu_si128((const __m128i *)(p + i))));
        start = _mm_setzero_si128();
    }
    return ~reduce(x);
}

static bool pclmul_supported(const agora_cpu *cpu)
{
    return cpu->pclmul;
}

static const crc32_impl pclmul = {{"x86-pclmul", pclmul_supported}, crc32_pclmul};

#else

static const crc32_impl pclmul = {{"x86-pclmul", NULL}, NULL};

#endif

static bool passes(const agora_kernel *kernel)
{
    const crc32_impl *impl = (const crc32_impl *)kernel;
    uint8_t bytes[100];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * i + 17);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        const uint8_t *p = bytes + sizeof bytes - n;
        if (impl->run(0x12345678, p, n) != crc32_portable(0x12345678, p, n))
            return false;
    }
    return impl->run(0, (const uint8_t *)"123456789", 9) == 0xcbf43926;
}

static const agora_kernel *const kernels[] = {
    &pclmul.kernel,
    &portable.kernel,
};
enum { KERNELS = sizeof kernels / sizeof kernels[0] };

static agora_choice choice = {kernels, KERNELS, passes, &portable.kernel};

int agora_crc32_init(void)
{
    static int failed = -1;
    if (failed < 0)
        failed = agora_choice_best(&choice);
    return failed;
}

const char *agora_crc32_kernel(void)
{
    return choice.active->name;
}

int agora_crc32_force(const char *name)
{
    return agora_choice_force(&choice, name);
}

const char *agora_crc32_kernel_name(size_t i)
{
    return i < KERNELS ? kernels[i]->name : NULL;
}

int agora_crc32_kernel_supported(size_t i)
{
    return i < KERNELS && agora_choice_supported(&choice, i);
}

uint32_t agora_crc32(uint32_t crc, const uint8_t *p, size_t n)
{
    return ((const crc32_impl *)choice.active)->run(crc, p, n);
}
