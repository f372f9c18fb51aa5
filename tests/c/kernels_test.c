/* Checks every kernel that this machine supports against known vectors and the portable code.
   Buffers end where an unmapped page begins, so that a read or write past them ends the test.
   tests/c/run builds it. */
#define _DEFAULT_SOURCE
#define _DARWIN_C_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base64.h"
#include "crc32.h"
#include "kernel.h"
#include "sha256/kernels.h"
#include "sha256/sha256.h"
#include "wipe.h"

static int failures;

static bool check_at(bool good, const char *what, const char *kernel, size_t n, int line)
{
    if (!good && ++failures <= 20)
        fprintf(stderr, "line %d: %s: %s (%zu)\n", line, kernel, what, n);
    return good;
}
#define CHECK(condition, kernel, n) check_at(condition, #condition, kernel, n, __LINE__)

static uint32_t random32(void)
{
    static uint64_t seed = 0x9e3779b97f4a7c15;
    seed = seed * 6364136223846793005 + 1442695040888963407;
    return (uint32_t)(seed >> 33) ^ (uint32_t)(seed >> 12);
}

static size_t below(size_t n)
{
    return random32() % n;
}

static void fill(void *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)p)[i] = (uint8_t)random32();
}

/* The end of SPACE bytes of random content that are followed by an unmapped page. */
enum { PAGE = 1 << 16, SPACE = 2 * PAGE };
static uint8_t *guarded_end(void)
{
    uint8_t *p =
        mmap(NULL, SPACE + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || mprotect(p + SPACE, PAGE, PROT_NONE) != 0) {
        perror("mmap");
        exit(2);
    }
    fill(p, SPACE);
    return p + SPACE;
}

/* --- SHA-256 --- */

static void sha256(const uint8_t *message, size_t n, uint8_t digest[32])
{
    uint8_t tail[128] = {0};
    size_t whole = n / 64, rest = n % 64, blocks = rest < 56 ? 1 : 2;
    uint32_t state[1][8];
    const uint8_t *last = tail;

    memcpy(tail, message + 64 * whole, rest);
    tail[rest] = 0x80;
    for (unsigned i = 0; i < 8; i++)
        tail[64 * blocks - 1 - i] = (uint8_t)((uint64_t)n * 8 >> 8 * i);
    memcpy(state[0], agora_sha256_iv, sizeof state[0]);
    agora_sha256_many(state, &message, &whole, 1);
    agora_sha256_many(state, &last, &blocks, 1);
    agora_sha256_digest(state[0], digest);
}

/* FIPS 180-4's examples and its million letters a. */
static void test_sha256_vectors(const char *kernel)
{
    static char million[1000000];
    memset(million, 'a', sizeof million);
    const struct {
        const char *message;
        size_t n;
        const char *digest;
    } vectors[] = {
        {"", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
         "lmnopqrsmnopqrstnopqrstu", 112,
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
        {million, sizeof million,
         "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        uint8_t digest[32];
        char hex[65];
        sha256((const uint8_t *)vectors[i].message, vectors[i].n, digest);
        for (size_t j = 0; j < 32; j++)
            snprintf(hex + 2 * j, 3, "%02x", digest[j]);
        CHECK(strcmp(hex, vectors[i].digest) == 0, kernel, vectors[i].n);
    }
}

enum { LANES = 70, MOST_BLOCKS = 5 };

static void compare_sha256(const char *kernel, uint8_t *data_end, uint8_t *states_end, size_t count,
                           bool equal_lengths)
{
    uint32_t expected[LANES + 1][8], (*states)[8] = (uint32_t (*)[8])(void *)states_end - count;
    const uint8_t *data[LANES + 1];
    size_t blocks[LANES + 1], length = below(MOST_BLOCKS + 1);

    for (size_t i = 0; i < count; i++) {
        blocks[i] = equal_lengths ? length : below(MOST_BLOCKS + 1);
        data[i] = data_end - 64 * blocks[i] - (i % 2 ? 0 : below(1000));
    }
    fill(expected, sizeof expected);
    memcpy(states, expected, count * sizeof *states);
    agora_sha256_many(states, data, blocks, count);
    agora_sha256_force("portable");
    agora_sha256_many(expected, data, blocks, count);
    agora_sha256_force(kernel);
    CHECK(memcmp(states, expected, count * sizeof *states) == 0, kernel, count);
}

static void test_sha256(const char *kernel)
{
    uint8_t *data_end = guarded_end(), *states_end = guarded_end();

    CHECK(agora_sha256_force(kernel) == 0, kernel, 0);
    CHECK(strcmp(agora_sha256_kernel(), kernel) == 0, kernel, 0);
    test_sha256_vectors(kernel);
    for (size_t count = 0; count <= LANES; count++)
        for (int i = 0; i < 10; i++)
            compare_sha256(kernel, data_end, states_end, count, i % 2 == 0);
}

/* What the self-test must notice: a wrong result always, in a full pass, or after one block. */
static size_t portable_but_wrong(agora_sha256_lanes *lanes, size_t n, size_t blocks, bool wrong)
{
    for (size_t i = 0; i < n; i++) {
        agora_sha256_lanes lane = {
            .state = {lanes->state[i]}, .data = {lanes->data[i]}, .left = {lanes->left[i]}};
        agora_sha256_portable.advance(&lane, 1, blocks);
    }
    lanes->state[n - 1][7] ^= wrong;
    return n;
}

static size_t right(agora_sha256_lanes *lanes, size_t n, size_t blocks)
{
    return portable_but_wrong(lanes, n, blocks, false);
}

static size_t wrong_always(agora_sha256_lanes *lanes, size_t n, size_t blocks)
{
    return portable_but_wrong(lanes, n, blocks, true);
}

static size_t wrong_when_full(agora_sha256_lanes *lanes, size_t n, size_t blocks)
{
    return portable_but_wrong(lanes, n, blocks, n == AGORA_SHA256_MAX_LANES);
}

static size_t wrong_after_a_block(agora_sha256_lanes *lanes, size_t n, size_t blocks)
{
    return portable_but_wrong(lanes, n, blocks, blocks > 1);
}

static void test_sha256_self_test(void)
{
    static const agora_sha256_impl kernels[] = {
        {{"wrong-always", agora_cpu_any}, AGORA_SHA256_MAX_LANES, wrong_always},
        {{"wrong-when-full", agora_cpu_any}, AGORA_SHA256_MAX_LANES, wrong_when_full},
        {{"wrong-after-a-block", agora_cpu_any}, AGORA_SHA256_MAX_LANES, wrong_after_a_block},
        {{"absent", NULL}, 0, NULL},
        {{"right", agora_cpu_any}, AGORA_SHA256_MAX_LANES, right},
    };
    const agora_kernel *list[] = {&kernels[0].kernel, &kernels[1].kernel, &kernels[2].kernel,
                                  &kernels[3].kernel, &kernels[4].kernel};
    agora_choice choice = {list, 5, agora_sha256_passes, &agora_sha256_portable.kernel};

    CHECK(agora_choice_force(&choice, "no-such-kernel") == -1, "choice", 0);
    CHECK(agora_choice_force(&choice, "absent") == -2, "choice", 0);
    CHECK(agora_choice_force(&choice, "wrong-when-full") == -3, "choice", 0);
    CHECK(choice.active == &agora_sha256_portable.kernel, "choice", 0);
    CHECK(agora_choice_best(&choice) == 3, "choice", 0);
    CHECK(choice.active == list[4], "choice", 0);
}

/* --- CRC-32 --- */

static uint32_t crc32_by_bits(uint32_t crc, const uint8_t *p, size_t n)
{
    crc = ~crc;
    while (n--) {
        crc ^= *p++;
        for (int i = 0; i < 8; i++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static void test_crc32(const char *kernel)
{
    const uint8_t *end = guarded_end();

    CHECK(agora_crc32_force(kernel) == 0, kernel, 0);
    CHECK(strcmp(agora_crc32_kernel(), kernel) == 0, kernel, 0);
    CHECK(agora_crc32(0, (const uint8_t *)"123456789", 9) == 0xcbf43926, kernel, 9);
    for (size_t n = 0; n <= 1000; n++) {
        uint32_t start = n % 3 ? random32() : 0;
        size_t gap = n % 2 ? 0 : below(64);
        const uint8_t *p = end - n - gap;
        CHECK(agora_crc32(start, p, n) == crc32_by_bits(start, p, n), kernel, n);
    }
}

/* --- Base64 --- */

/* RFC 4648, section 10. */
static void test_base64_vectors(const char *kernel)
{
    static const char *const vectors[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        const char *plain = vectors[i][0], *text = vectors[i][1];
        char encoded[8];
        uint8_t decoded[6];
        int canonical = -1;
        size_t n = agora_base64_encode(encoded, (const uint8_t *)plain, strlen(plain));
        CHECK(n == strlen(text) && memcmp(encoded, text, n) == 0, kernel, i);
        CHECK(agora_base64_decode(decoded, text, n, &canonical) == (ptrdiff_t)i, kernel, i);
        CHECK(memcmp(decoded, plain, i) == 0 && canonical == 1, kernel, i);
    }
}

static void test_base64_errors(const char *kernel)
{
    static const struct {
        const char *text;
        ptrdiff_t n;
        int canonical;
    } cases[] = {
        {"A", -1, 0},    {"AA", -1, 0},   {"AAA", -1, 0},  {"A===", -1, 0},     {"====", -1, 0},
        {"=AAA", -1, 0}, {"AA=A", -1, 0}, {"A=AA", -1, 0}, {"AA==AAAA", -1, 0}, {"AAA=AAAA", -1, 0},
        {"AA-_", -1, 0}, {"AA\n=", -1, 0}, {"AAAA\n", -1, 0}, {"Zh==", 1, 0},   {"Zm9=", 2, 0},
        {"//8=", 2, 1},  {"+A==", 1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t decoded[6];
        int canonical = -1;
        const char *text = cases[i].text;
        ptrdiff_t n = agora_base64_decode(decoded, text, strlen(text), &canonical);
        CHECK(n == cases[i].n, kernel, i);
        CHECK(n < 0 || canonical == cases[i].canonical, kernel, i);
    }
}

static void test_base64(const char *kernel)
{
    enum { N = 1000, TEXT = (N + 2) / 3 * 4, SHORT = 200 };
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t *bytes_end = guarded_end(), *back_end = guarded_end();
    char *text_end = (char *)guarded_end(), expected[TEXT];
    int canonical;

    CHECK(agora_base64_force(kernel) == 0, kernel, 0);
    CHECK(strcmp(agora_base64_kernel(), kernel) == 0, kernel, 0);
    test_base64_vectors(kernel);
    test_base64_errors(kernel);
    for (size_t n = 0; n <= N; n++) {
        size_t length = (n + 2) / 3 * 4;
        const uint8_t *bytes = bytes_end - n;
        uint8_t *back = back_end - length / 4 * 3;
        char *text = text_end - length;
        CHECK(agora_base64_encode(text, bytes, n) == length, kernel, n);
        agora_base64_force("portable");
        agora_base64_encode(expected, bytes, n);
        agora_base64_force(kernel);
        CHECK(memcmp(text, expected, length) == 0, kernel, n);
        CHECK(agora_base64_decode(back, text, length, &canonical) == (ptrdiff_t)n, kernel, n);
        CHECK(memcmp(back, bytes, n) == 0 && canonical == 1, kernel, n);
    }
    /* Any character in any place; a last "=" would be padding. */
    char *text = text_end - SHORT;
    agora_base64_encode(text, bytes_end - SHORT / 4 * 3, SHORT / 4 * 3);
    for (size_t at = 0; at < SHORT; at++) {
        char saved = text[at];
        for (int c = 0; c < 256; c++) {
            bool known = c != 0 && strchr(alphabet, c) != NULL;
            if (c == '=' && at == SHORT - 1)
                continue;
            text[at] = (char)c;
            ptrdiff_t n = agora_base64_decode(back_end - SHORT / 4 * 3, text, SHORT, &canonical);
            CHECK((n >= 0) == known, kernel, at);
        }
        text[at] = saved;
    }
}

static void test_wipe(void)
{
    uint8_t bytes[100];
    memset(bytes, 0xa5, sizeof bytes);
    agora_wipe(bytes + 1, 98);
    for (size_t i = 1; i < 99; i++)
        CHECK(bytes[i] == 0, "wipe", i);
    CHECK(bytes[0] == 0xa5 && bytes[99] == 0xa5, "wipe", 99);
}

static void test_each(const char *what, const char *(*name)(size_t), int (*supported)(size_t),
                      int (*force)(const char *), void (*test)(const char *))
{
    CHECK(force("no-such-kernel") == -1, what, 0);
    for (size_t i = 0; name(i); i++) {
        if (supported(i)) {
            printf("%s: %s\n", what, name(i));
            test(name(i));
        } else {
            CHECK(force(name(i)) == -2, name(i), i);
        }
    }
}

int main(void)
{
    CHECK(agora_sha256_init() == 0, agora_sha256_kernel(), 0);
    CHECK(agora_crc32_init() == 0, agora_crc32_kernel(), 0);
    CHECK(agora_base64_init() == 0, agora_base64_kernel(), 0);
    CHECK(agora_sha256_kernel_supported(1000) == 0, "supported", 0);

    test_sha256_self_test();
    test_each("sha256", agora_sha256_kernel_name, agora_sha256_kernel_supported, agora_sha256_force,
              test_sha256);
    test_each("crc32", agora_crc32_kernel_name, agora_crc32_kernel_supported, agora_crc32_force,
              test_crc32);
    test_each("base64", agora_base64_kernel_name, agora_base64_kernel_supported, agora_base64_force,
              test_base64);
    test_wipe();

    printf("%s\n", failures ? "FAILED" : "ok");
    return failures != 0;
}
