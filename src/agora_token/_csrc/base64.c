#include "base64.h"

#include <string.h>

#include "kernel.h"

#if AGORA_X86
#include <immintrin.h>
#elif AGORA_ARM
#include <arm_neon.h>
#endif

/* A kernel does whole groups (3 bytes, 4 characters) from the front, as many as suit it, and
   returns how much it consumed. The rest, padding and errors are left to the portable code. */
typedef struct {
    agora_kernel kernel;
    size_t (*encode)(char *dst, const uint8_t *src, size_t n);
    size_t (*decode)(uint8_t *dst, const char *src, size_t n);
} base64_impl;

static const char alphabet[64] = {
    'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P',
    'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'a', 'b', 'c', 'd', 'e', 'f',
    'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v',
    'w', 'x', 'y', 'z', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '+', '/',
};

#define BAD 0x80

/* The value of an ASCII character; BAD outside the alphabet. */
#define X BAD
static const uint8_t values[128] = {
    X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
    X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
    X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  62, X,  X,  X,  63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X,  X,  X,  X,  X,  X,
    X,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X,  X,  X,  X,  X,
    X,  26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, X,  X,  X,  X,  X,
};
#undef X

static uint32_t value(char c)
{
    uint8_t u = (uint8_t)c;
    return u < 128 ? values[u] : BAD;
}

static size_t encode_none(char *dst, const uint8_t *src, size_t n)
{
    (void)dst, (void)src, (void)n;
    return 0;
}

static size_t decode_none(uint8_t *dst, const char *src, size_t n)
{
    (void)dst, (void)src, (void)n;
    return 0;
}

static const base64_impl portable = {{"portable", agora_cpu_any}, encode_none, decode_none};

static size_t encode(const base64_impl *impl, char *dst, const uint8_t *src, size_t n)
{
    size_t done = impl->encode(dst, src, n);
    char *out = dst + done / 3 * 4;
    const uint8_t *end = src + n;

    for (src += done; end - src >= 3; src += 3, out += 4) {
        uint32_t bits = (uint32_t)src[0] << 16 | (uint32_t)src[1] << 8 | src[2];
        out[0] = alphabet[bits >> 18];
        out[1] = alphabet[bits >> 12 & 63];
        out[2] = alphabet[bits >> 6 & 63];
        out[3] = alphabet[bits & 63];
    }
    if (src < end) {
        uint32_t bits = (uint32_t)src[0] << 16 | (end - src == 2 ? (uint32_t)src[1] << 8 : 0);
        out[0] = alphabet[bits >> 18];
        out[1] = alphabet[bits >> 12 & 63];
        out[2] = end - src == 2 ? alphabet[bits >> 6 & 63] : '=';
        out[3] = '=';
        out += 4;
    }
    return (size_t)(out - dst);
}

static ptrdiff_t decode(const base64_impl *impl, uint8_t *dst, const char *src, size_t n,
                        int *canonical)
{
    *canonical = 1;
    if (n % 4 != 0)
        return -1;
    if (n == 0)
        return 0;
    unsigned padding = src[n - 1] != '=' ? 0 : src[n - 2] != '=' ? 1 : 2;
    size_t whole = padding ? n - 4 : n;
    size_t done = impl->decode(dst, src, whole);
    uint8_t *out = dst + done / 4 * 3;
    const char *end = src + whole;

    for (src += done; src < end; src += 4, out += 3) {
        uint32_t a = value(src[0]), b = value(src[1]), c = value(src[2]), d = value(src[3]);
        if ((a | b | c | d) & BAD)
            return -1;
        uint32_t bits = a << 18 | b << 12 | c << 6 | d;
        out[0] = (uint8_t)(bits >> 16);
        out[1] = (uint8_t)(bits >> 8);
        out[2] = (uint8_t)bits;
    }
    if (padding) {
        uint32_t a = value(src[0]), b = value(src[1]), c = padding == 1 ? value(src[2]) : 0;
        if ((a | b | c) & BAD)
            return -1;
        uint32_t bits = a << 18 | b << 12 | c << 6;
        *out++ = (uint8_t)(bits >> 16);
        if (padding == 1)
            *out++ = (uint8_t)(bits >> 8);
        *canonical = (bits & (padding == 1 ? 0xff : 0xffff)) == 0;
    }
    return out - dst;
}

#if AGORA_X86

#define AVX2 __attribute__((target("avx2")))
#define VBMI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi")))

/* 24 bytes to 32 characters, after W. Mula and D. Lemire, "Faster Base64 Encoding and Decoding
   Using AVX2 Instructions", ACM Transactions on the Web 12 (3), 2018. */
AVX2 static inline void encode_avx2_step(char *dst, const uint8_t *src)
{
    const __m256i spread = _mm256_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10,
                                            5, 4, 6, 5, 8, 7, 9, 8, 11, 10, 12, 11, 14, 13, 15, 14);
    /* What to add to a value: by how far it is past 51, 0 if it is not; 13 if it is below 26. */
    const __m256i offsets = _mm256_broadcastsi128_si256(
        _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                      '0' - 52, '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0));
    __m256i x = _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)src)),
        _mm_loadu_si128((const __m128i *)(src + 8)), 1);

    /* Every 32 bits hold bytes 1 0 2 1 of a group; shifts by multiplication make them 4 values. */
    x = _mm256_shuffle_epi8(x, spread);
    __m256i right = _mm256_mulhi_epu16(_mm256_and_si256(x, _mm256_set1_epi32(0x0fc0fc00)),
                                       _mm256_set1_epi32(0x04000040));
    __m256i left = _mm256_mullo_epi16(_mm256_and_si256(x, _mm256_set1_epi32(0x003f03f0)),
                                      _mm256_set1_epi32(0x01000010));
    x = _mm256_or_si256(right, left);

    __m256i class = _mm256_subs_epu8(x, _mm256_set1_epi8(51));
    __m256i upper = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), x);
    class = _mm256_or_si256(class, _mm256_and_si256(upper, _mm256_set1_epi8(13)));
    x = _mm256_add_epi8(x, _mm256_shuffle_epi8(offsets, class));
    _mm256_storeu_si256((__m256i *)dst, x);
}

AVX2 static size_t encode_avx2(char *dst, const uint8_t *src, size_t n)
{
    size_t whole = n - n % 3, done = 0;

    if (whole < 24)
        return 0;
    for (; done + 24 <= whole; done += 24)
        encode_avx2_step(dst + done / 3 * 4, src + done);
    if (done < whole) /* The last step overlaps the one before. */
        encode_avx2_step(dst + (whole - 24) / 3 * 4, src + whole - 24);
    return whole;
}

static inline uint64_t low_bits(size_t n)
{
    return n < 64 ? (1ULL << n) - 1 : ~0ULL;
}

/* 48 bytes to 64 characters a step, and the rest by masks. */
VBMI static size_t encode_vbmi(char *dst, const uint8_t *src, size_t n)
{
    static const uint8_t spread[64] = {
         1,  0,  2,  1,  4,  3,  5,  4,  7,  6,  8,  7, 10,  9, 11, 10,
        13, 12, 14, 13, 16, 15, 17, 16, 19, 18, 20, 19, 22, 21, 23, 22,
        25, 24, 26, 25, 28, 27, 29, 28, 31, 30, 32, 31, 34, 33, 35, 34,
        37, 36, 38, 37, 40, 39, 41, 40, 43, 42, 44, 43, 46, 45, 47, 46,
    };
    const __m512i order = _mm512_loadu_si512(spread), letters = _mm512_loadu_si512(alphabet);
    /* Where the four values begin in the 32 bits that hold bytes 1 0 2 1 of a group, twice. */
    const __m512i starts = _mm512_set1_epi64(0x3036242a1016040a);
    size_t whole = n - n % 3;

    for (size_t done = 0; done < whole; done += 48, dst += 64) {
        size_t step = whole - done < 48 ? whole - done : 48;
        __m512i x = _mm512_maskz_loadu_epi8(low_bits(step), src + done);
        x = _mm512_multishift_epi64_epi8(starts, _mm512_permutexvar_epi8(order, x));
        x = _mm512_permutexvar_epi8(x, letters); /* looks at the low six bits alone */
        _mm512_mask_storeu_epi8(dst, low_bits(step / 3 * 4), x);
    }
    return whole;
}

/* 64 characters to 48 bytes a step, and the rest by masks. */
VBMI static size_t decode_vbmi(uint8_t *dst, const char *src, size_t n)
{
    static const uint8_t pack[64] = {
         2,  1,  0,  6,  5,  4, 10,  9,  8, 14, 13, 12, 18, 17, 16, 22,
        21, 20, 26, 25, 24, 30, 29, 28, 34, 33, 32, 38, 37, 36, 42, 41,
        40, 46, 45, 44, 50, 49, 48, 54, 53, 52, 58, 57, 56, 62, 61, 60,
    };
    const __m512i order = _mm512_loadu_si512(pack);
    const __m512i low = _mm512_loadu_si512(values), high = _mm512_loadu_si512(values + 64);

    for (size_t done = 0; done < n; done += 64, dst += 48) {
        size_t step = n - done < 64 ? n - done : 64;
        __m512i chars = _mm512_maskz_loadu_epi8(low_bits(step), src + done);
        __m512i x = _mm512_permutex2var_epi8(low, chars, high);
        /* The top bit is set in BAD, and in the characters that are no ASCII. */
        if (_mm512_movepi8_mask(_mm512_or_si512(x, chars)) & low_bits(step))
            return done;
        x = _mm512_maddubs_epi16(x, _mm512_set1_epi32(0x01400140));
        x = _mm512_madd_epi16(x, _mm512_set1_epi32(0x00011000));
        _mm512_mask_storeu_epi8(dst, low_bits(step / 4 * 3), _mm512_permutexvar_epi8(order, x));
    }
    return n;
}

static bool avx2_supported(const agora_cpu *cpu)
{
    return cpu->avx2;
}

static bool vbmi_supported(const agora_cpu *cpu)
{
    return cpu->avx512vbmi;
}

static const base64_impl avx2 = {{"x86-avx2", avx2_supported}, encode_avx2, decode_none};
static const base64_impl vbmi = {{"x86-avx512-vbmi", vbmi_supported}, encode_vbmi, decode_vbmi};

#else

static const base64_impl avx2 = {{"x86-avx2", NULL}, NULL, NULL};
static const base64_impl vbmi = {{"x86-avx512-vbmi", NULL}, NULL, NULL};

#endif

#if AGORA_ARM

/* 48 bytes to 64 characters; the loads and stores take the groups apart and put them together. */
static inline void encode_neon_step(char *dst, const uint8_t *src)
{
    uint8x16x3_t in = vld3q_u8(src);
    uint8x16x4_t letters, out;

    for (int i = 0; i < 4; i++)
        letters.val[i] = vld1q_u8((const uint8_t *)alphabet + 16 * i);
    out.val[0] = vshrq_n_u8(in.val[0], 2);
    out.val[1] = vorrq_u8(vshlq_n_u8(in.val[0], 4), vshrq_n_u8(in.val[1], 4));
    out.val[2] = vorrq_u8(vshlq_n_u8(in.val[1], 2), vshrq_n_u8(in.val[2], 6));
    out.val[3] = in.val[2];
    for (int i = 0; i < 4; i++)
        out.val[i] = vqtbl4q_u8(letters, vandq_u8(out.val[i], vdupq_n_u8(63)));
    vst4q_u8((uint8_t *)dst, out);
}

static size_t encode_neon(char *dst, const uint8_t *src, size_t n)
{
    size_t whole = n - n % 3, done = 0;

    if (whole < 48)
        return 0;
    for (; done + 48 <= whole; done += 48)
        encode_neon_step(dst + done / 3 * 4, src + done);
    if (done < whole) /* The last step overlaps the one before. */
        encode_neon_step(dst + (whole - 48) / 3 * 4, src + whole - 48);
    return whole;
}

static const base64_impl neon = {{"arm-neon", agora_cpu_any}, encode_neon, decode_none};

#else

static const base64_impl neon = {{"arm-neon", NULL}, NULL, NULL};

#endif

/* Against the portable code over every length up to some vectors' worth, and every character. */
static bool passes(const agora_kernel *kernel)
{
    enum { N = 200, TEXT = (N + 2) / 3 * 4 };
    const base64_impl *impl = (const base64_impl *)kernel;
    uint8_t bytes[N], back[TEXT / 4 * 3];
    char text[TEXT], expected[TEXT];
    int canonical;

    for (size_t i = 0; i < N; i++)
        bytes[i] = (uint8_t)(i * 197 + i * i);
    for (size_t n = 0; n <= N; n++) {
        const uint8_t *p = bytes + N - n;
        size_t length = encode(&portable, expected, p, n);
        if (encode(impl, text, p, n) != length || memcmp(text, expected, length) != 0)
            return false;
        if (decode(impl, back, text, length, &canonical) != (ptrdiff_t)n || !canonical ||
            memcmp(back, p, n) != 0)
            return false;
    }
    for (unsigned c = 0; c < 256; c++) {
        size_t at = c % 128;
        char saved = text[at];
        text[at] = (char)c;
        bool good = decode(impl, back, text, TEXT, &canonical) >= 0;
        text[at] = saved;
        if (good != (value((char)c) != BAD))
            return false;
    }
    return encode(impl, text, (const uint8_t *)"foobar", 6) == 8 && !memcmp(text, "Zm9vYmFy", 8);
}

static const agora_kernel *const kernels[] = {
    &vbmi.kernel,
    &avx2.kernel,
    &neon.kernel,
    &portable.kernel,
};
enum { KERNELS = sizeof kernels / sizeof kernels[0] };

static agora_choice choice = {kernels, KERNELS, passes, &portable.kernel};

int agora_base64_init(void)
{
    static int failed = -1;
    if (failed < 0)
        failed = agora_choice_best(&choice);
    return failed;
}

const char *agora_base64_kernel(void)
{
    return choice.active->name;
}

int agora_base64_force(const char *name)
{
    return agora_choice_force(&choice, name);
}

const char *agora_base64_kernel_name(size_t i)
{
    return i < KERNELS ? kernels[i]->name : NULL;
}

int agora_base64_kernel_supported(size_t i)
{
    return i < KERNELS && agora_choice_supported(&choice, i);
}

size_t agora_base64_encode(char *dst, const uint8_t *src, size_t n)
{
    return encode((const base64_impl *)choice.active, dst, src, n);
}

ptrdiff_t agora_base64_decode(uint8_t *dst, const char *src, size_t n, int *canonical)
{
    return decode((const base64_impl *)choice.active, dst, src, n, canonical);
}
