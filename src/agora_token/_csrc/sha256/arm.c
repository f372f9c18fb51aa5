/* SHA-256 by the cryptographic extension of ARMv8. */
#include "kernels.h"

#if AGORA_ARM

#include <arm_neon.h>

#define TARGET AGORA_ARM_TARGET("sha2", "+crypto")
#define INLINE TARGET __attribute__((always_inline)) static inline

typedef uint32x4_t vec;

#define add vaddq_u32

INLINE void load_state(vec s[2], const uint32_t *p)
{
    s[0] = vld1q_u32(p);
    s[1] = vld1q_u32(p + 4);
}

INLINE void store_state(uint32_t *p, const vec s[2])
{
    vst1q_u32(p, s[0]);
    vst1q_u32(p + 4, s[1]);
}

INLINE vec load_words(const uint8_t *p)
{
    return vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(p)));
}

INLINE void rounds(vec s[2], vec m[4], int g)
{
    vec abcd = s[0], *now = &m[g & 3];
    vec wk = add(*now, vld1q_u32(agora_sha256_k + 4 * g));

    s[0] = vsha256hq_u32(abcd, s[1], wk);
    s[1] = vsha256h2q_u32(s[1], abcd, wk);
    if (g < 12)
        *now = vsha256su1q_u32(vsha256su0q_u32(*now, m[(g + 1) & 3]), m[(g + 2) & 3],
                               m[(g + 3) & 3]);
}

#include "streams.h"

/* Two are enough: Arm's guides for its cores give the instructions four cycles and start one a
   cycle, and the two of a group of rounds run side by side. */
TARGET static size_t advance(agora_sha256_lanes *lanes, size_t n, size_t blocks)
{
    return n == 1 ? interleave(lanes, 1, blocks) : interleave(lanes, 2, blocks);
}

static bool supported(const agora_cpu *cpu)
{
    return cpu->arm_sha2;
}

const agora_sha256_impl agora_sha256_arm = {{"arm-sha2", supported}, 2, advance};

#else

const agora_sha256_impl agora_sha256_arm = {{"arm-sha2", NULL}, 0, NULL};

#endif
