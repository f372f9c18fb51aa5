#include "cpu.h"

#include <stdint.h>

#if AGORA_X86
#include <cpuid.h>
#elif AGORA_ARM && defined(__linux__)
#include <sys/auxv.h>
#endif

#if AGORA_X86

/* XCR0 says which registers the operating system saves on a context switch. */
static uint64_t saved_registers(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static agora_cpu detect(void)
{
    enum { XMM_YMM = 0x06, OPMASK_ZMM = 0xe0 };
    agora_cpu cpu = {0};
    unsigned a, b, c, d, c1;

    if (!__get_cpuid(1, &a, &b, &c1, &d))
        return cpu;
    bool sse41 = (c1 & bit_SSSE3) && (c1 & bit_SSE4_1);
    uint64_t saved = (c1 & bit_OSXSAVE) ? saved_registers() : 0;
    bool ymm = (saved & XMM_YMM) == XMM_YMM;
    bool zmm = ymm && (saved & OPMASK_ZMM) == OPMASK_ZMM;
    cpu.pclmul = sse41 && (c1 & bit_PCLMUL);

    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d))
        return cpu;
    const unsigned wanted = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
    cpu.shani = sse41 && (b & bit_SHA);
    cpu.avx2 = ymm && (b & bit_AVX2);
    cpu.avx512 = zmm && cpu.avx2 && (b & wanted) == wanted;
    cpu.avx512vbmi = cpu.avx512 && (c & bit_AVX512VBMI);
    return cpu;
}

#elif AGORA_ARM && defined(__linux__)

static agora_cpu detect(void)
{
    enum { SHA2 = 1 << 6 }; /* HWCAP_SHA2 of <asm/hwcap.h> */
    return (agora_cpu){.arm_sha2 = (getauxval(AT_HWCAP) & SHA2) != 0};
}

#elif AGORA_ARM && defined(__APPLE__)

/* Every 64-bit Mac has it. The system's name for it is younger than the first of them. */
static agora_cpu detect(void)
{
    return (agora_cpu){.arm_sha2 = true};
}

#else

static agora_cpu detect(void)
{
    return (agora_cpu){0};
}

#endif

const agora_cpu *agora_cpu_features(void)
{
    static agora_cpu cpu;
    static bool known;
    if (!known) {
        cpu = detect();
        known = true;
    }
    return &cpu;
}
