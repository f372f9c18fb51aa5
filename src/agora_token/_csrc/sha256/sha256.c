/* The choice of kernel, and its proof. */
#include "sha256.h"

#include <string.h>

#include "kernels.h"

const uint32_t agora_sha256_iv[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

/* Keeps a kernel's lanes filled: every lane advances by the blocks that all of them still have,
   then new messages take the place of the finished ones. */
static void run(const agora_sha256_impl *impl, uint32_t (*states)[8], const uint8_t *const *data,
                const size_t *blocks, size_t count)
{
    agora_sha256_lanes lanes;
    size_t n = 0, next = 0;

    for (;;) {
        for (; n < impl->width && next < count; next++) {
            lanes.state[n] = states[next];
            lanes.data[n] = data[next];
            lanes.left[n] = blocks[next];
            n += blocks[next] > 0;
        }
        if (n == 0)
            return;

        size_t common = lanes.left[0];
        for (size_t i = 1; i < n; i++)
            common = lanes.left[i] < common ? lanes.left[i] : common;

        size_t advanced = impl->advance(&lanes, n, common), kept = 0;
        for (size_t i = 0; i < n; i++) {
            size_t done = i < advanced ? common : 0;
            lanes.state[kept] = lanes.state[i];
            lanes.data[kept] = lanes.data[i] + 64 * done;
            lanes.left[kept] = lanes.left[i] - done;
            kept += lanes.left[kept] > 0;
        }
        n = kept;
    }
}

/* The empty message and FIPS 180-4's "abc" and two-block messages, padded. */
static bool knows_digests(const agora_sha256_impl *impl)
{
    static const struct {
        const char *text;
        uint32_t digest[8];
    } known[] = {
        {"", {0xe3b0c442, 0x98fc1c14, 0x9afbf4c8, 0x996fb924,
              0x27ae41e4, 0x649b934c, 0xa495991b, 0x7852b855}},
        {"abc", {0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223,
                 0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad}},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         {0x248d6a61, 0xd20638b8, 0xe5c02693, 0x0c3e6039,
          0xa33ce459, 0x64ff2167, 0xf6ecedd4, 0x19db06c1}},
    };
    enum { KNOWN = sizeof known / sizeof known[0] };
    uint8_t message[KNOWN][128] = {{0}};
    uint32_t states[KNOWN][8];
    const uint8_t *data[KNOWN];
    size_t blocks[KNOWN];

    for (size_t i = 0; i < KNOWN; i++) {
        size_t n = strlen(known[i].text);
        data[i] = message[i];
        blocks[i] = n < 56 ? 1 : 2;
        memcpy(message[i], known[i].text, n);
        message[i][n] = 0x80;
        message[i][64 * blocks[i] - 2] = (uint8_t)(n >> 5);
        message[i][64 * blocks[i] - 1] = (uint8_t)(n << 3);
        memcpy(states[i], agora_sha256_iv, sizeof states[i]);
    }
    run(impl, states, data, blocks, KNOWN);
    for (size_t i = 0; i < KNOWN; i++)
        if (memcmp(states[i], known[i].digest, sizeof states[i]) != 0)
            return false;
    return true;
}

/* Every way a kernel has of grouping lanes: a few, a full vector, a full vector and a rest, with
   equal and unequal lengths, unaligned. */
static bool agrees_with_portable(const agora_sha256_impl *impl)
{
    enum { LANES = 33, BLOCKS = 4 };
    static const size_t counts[] = {1, 2, 3, 5, 8, 12, 16, 21, LANES};
    uint8_t bytes[LANES + 64 * BLOCKS];
    uint32_t expected[LANES][8], states[LANES][8], seed = 1;
    const uint8_t *data[LANES];
    size_t blocks[LANES];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        for (size_t mixed = 0; mixed < 2; mixed++) {
            for (size_t i = 0; i < counts[c]; i++) {
                data[i] = bytes + i;
                blocks[i] = mixed ? i * 7 % (BLOCKS + 1) : 2;
                for (size_t j = 0; j < 8; j++)
                    expected[i][j] = states[i][j] = seed = seed * 1664525 + 1013904223;
            }
            run(&agora_sha256_portable, expected, data, blocks, counts[c]);
            run(impl, states, data, blocks, counts[c]);
            if (memcmp(states, expected, counts[c] * sizeof states[0]) != 0)
                return false;
        }
    }
    return true;
}

bool agora_sha256_passes(const agora_kernel *kernel)
{
    const agora_sha256_impl *impl = (const agora_sha256_impl *)kernel;
    return knows_digests(impl) && agrees_with_portable(impl);
}

static const agora_kernel *const kernels[] = {
    &agora_sha256_avx512_shani.kernel, &agora_sha256_shani.kernel, &agora_sha256_avx512.kernel,
    &agora_sha256_avx2.kernel,         &agora_sha256_arm.kernel,   &agora_sha256_portable.kernel,
};
enum { KERNELS = sizeof kernels / sizeof kernels[0] };

static agora_choice choice = {kernels, KERNELS, agora_sha256_passes, &agora_sha256_portable.kernel};

int agora_sha256_init(void)
{
    static int failed = -1;
    if (failed < 0)
        failed = agora_choice_best(&choice);
    return failed;
}

const char *agora_sha256_kernel(void)
{
    return choice.active->name;
}

int agora_sha256_force(const char *name)
{
    return agora_choice_force(&choice, name);
}

const char *agora_sha256_kernel_name(size_t i)
{
    return i < KERNELS ? kernels[i]->name : NULL;
}

int agora_sha256_kernel_supported(size_t i)
{
    return i < KERNELS && agora_choice_supported(&choice, i);
}

void agora_sha256_many(uint32_t (*states)[8], const uint8_t *const *data, const size_t *blocks,
                       size_t count)
{
    const agora_sha256_impl *impl = (const agora_sha256_impl *)choice.active;

    if (count == 1 && blocks[0] > 0) { /* a single token's, with nothing to share out */
        agora_sha256_lanes lanes;
        lanes.state[0] = states[0];
        lanes.data[0] = data[0];
        lanes.left[0] = blocks[0];
        impl->advance(&lanes, 1, blocks[0]);
        return;
    }
    run(impl, states, data, blocks, count);
}

