/* Between the dispatcher and the kernels; callers include sha256.h. */
#ifndef AGORA_SHA256_KERNELS_H
#define AGORA_SHA256_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "../kernel.h"

enum { AGORA_SHA256_MAX_LANES = 32 };

/* Messages on their way: their states, next blocks and numbers of blocks left. */
typedef struct {
    uint32_t *state[AGORA_SHA256_MAX_LANES];
    const uint8_t *data[AGORA_SHA256_MAX_LANES];
    size_t left[AGORA_SHA256_MAX_LANES];
} agora_sha256_lanes;

/* Absorbs `blocks` (>= 1) blocks into the first k of n (1 to the kernel's width) lanes, and returns
   the k that suits it (>= 1). Moving those on is left to the caller; the lanes from n on, which are
   empty, may be overwritten. */
typedef size_t agora_sha256_advance(agora_sha256_lanes *lanes, size_t n, size_t blocks);

typedef struct {
    agora_kernel kernel;
    size_t width;
    agora_sha256_advance *advance;
} agora_sha256_impl;

extern const agora_sha256_impl agora_sha256_avx512_shani, agora_sha256_shani, agora_sha256_avx512,
    agora_sha256_avx2, agora_sha256_arm, agora_sha256_portable;

/* The self-test: known digests, and agreement with the portable kernel lane by lane. */
bool agora_sha256_passes(const agora_kernel *kernel);

/* SHA-NI's part in other kernels. */
agora_sha256_advance agora_sha256_shani_advance;

/* The round constants. */
extern const uint32_t agora_sha256_k[64];

#endif
