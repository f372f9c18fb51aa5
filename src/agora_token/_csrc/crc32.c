#include "crc32.h"

#include <string.h>

#include "cpu.h"

typedef uint32_t crc32_fn(uint32_t crc, const uint8_t *p, size_t n);

typedef struct {
    agora_kernel kernel;
    crc32_fn *run;
} crc32_impl;

/* The CRC is linear, so the entry of a byte is the sum of the entries of its bits. */
#define BIT(i, k, crc) (((i) >> (k) & 1) * (crc))
#define ENTRY(i)                                                                                   \
    (BIT(i, 0, 0x77073096u) ^ BIT(i, 1, 0xee0e612cu) ^ BIT(i, 2, 0x076dc419u) ^                    \
     BIT(i, 3, 0x0edb8832u) ^ BIT(i, 4, 0x1db71064u) ^ BIT(i, 5, 0x3b6e20c8u) ^                    \
     BIT(i, 6, 0x76dc4190u) ^ BIT(i, 7, 0xedb88320u))
#define ENTRIES4(i) ENTRY(i), ENTRY(i + 1), ENTRY(i + 2), ENTRY(i + 3)
#define ENTRIES16(i) ENTRIES4(i), ENTRIES4(i + 4), ENTRIES4(i + 8), ENTRIES4(i + 12)
#define ENTRIES64(i) ENTRIES16(i), ENTRIES16(i + 16), ENTRIES16(i + 32), ENTRIES16(i + 48)

static const uint32_t table[256] = {ENTRIES64(0), ENTRIES64(64), ENTRIES64(128), ENTRIES64(192)};

static uint32_t crc32_portable(uint32_t crc, const uint8_t *p, size_t n)
{
    crc = ~crc;
    while (n--)
        crc = crc >> 8 ^ table[(crc ^ *p++) & 0xff];
    return ~crc;
}

static const crc32_impl portable = {{"portable", agora_cpu_any}, crc32_portable};

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
