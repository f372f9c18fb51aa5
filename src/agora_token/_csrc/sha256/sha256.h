/* SHA-256 of many messages at once. A message is one lane: its own state, data and length. */
#ifndef AGORA_SHA256_H
#define AGORA_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "../bytes.h"

/* The state of a message of which nothing has been absorbed. */
extern const uint32_t agora_sha256_iv[8];

/* Advances `count` independent states: state i absorbs blocks[i] (>= 0) blocks of 64 bytes from
   data[i], which need not be aligned. Padding is the caller's. */
void agora_sha256_many(uint32_t (*states)[8], const uint8_t *const *data, const size_t *blocks,
                       size_t count);

/* Stores a final state as the digest, big-endian. */
static inline void agora_sha256_digest(const uint32_t state[8], uint8_t out[32])
{
    for (unsigned i = 0; i < 8; i++)
        agora_store_be32(out + 4 * i, state[i]);
}

/* Activates the fastest supported kernel that passes its self-test, once; until then the portable
   one is active. Returns how many kernels failed the self-test: 0 is good. Neither this nor
   agora_sha256_force() may run while another thread hashes. */
int agora_sha256_init(void);

/* The name of the active kernel. */
const char *agora_sha256_kernel(void);

/* Activates a kernel by name. Returns 0, or -1 for an unknown name, -2 for a kernel that this
   machine does not support, -3 for one that fails its self-test; then nothing changes. */
int agora_sha256_force(const char *name);

/* The kernels of every architecture, fastest first: the name of the i-th, NULL past the end. */
const char *agora_sha256_kernel_name(size_t i);

/* Whether the i-th kernel runs on this machine. */
int agora_sha256_kernel_supported(size_t i);

#endif
