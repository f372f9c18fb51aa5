/* Between the dispatcher and the kernels; callers include sha256.h. */
#ifndef AGORA_SHA256_KERNELS_H
#define AGORA_SHA256_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu.h"

typedef void agora_sha256_fn(uint32_t (*states)[8], const uint8_t *const *data,
                             const size_t *blocks, size_t count);

typedef struct {
    agora_kernel kernel;
    agora_sha256_fn *run;
} agora_sha256_impl;

extern const agora_sha256_impl agora_sha256_portable;

/* The round constants. */
extern const uint32_t agora_sha256_k[64];

#endif
