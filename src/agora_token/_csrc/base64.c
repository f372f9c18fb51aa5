#include "base64.h"

#include <string.h>

#include "cpu.h"

/* A kernel does whole groups from the front, as many as suit it, and leaves the rest to the portable
   code, which alone knows padding. */
typedef struct {
    agora_kernel kernel;
    size_t (*encode)(char *dst, const uint8_t *src, size_t n);  /* returns the bytes consumed */
    size_t (*decode)(uint8_t *dst, const char *src, size_t n);  /* returns the characters consumed */
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
