/* The instruction sets that the processor and the operating system let us use. */
#ifndef AGORA_CPU_H
#define AGORA_CPU_H

#include <stdbool.h>

/* Instruction sets are chosen by function attribute, which only GCC and Clang have: other compilers
   get the portable code alone. So does GCC on Windows, where it does not align vectors on the stack
   (its bug 54412). */
#if defined(__GNUC__) && defined(__x86_64__) && (defined(__clang__) || !defined(_WIN32))
#define AGORA_X86 1
#else
#define AGORA_X86 0
#endif

/* Clang before 16 declares Arm's intrinsics only if the compiler flags name their extension, which
   they do by default on macOS. */
#if defined(__GNUC__) && defined(__aarch64__) && defined(__AARCH64EL__) &&                         \
    (!defined(__clang__) || defined(__ARM_FEATURE_SHA2) || __clang_major__ >= 16)
#define AGORA_ARM 1
#else
#define AGORA_ARM 0
#endif

/* The two compilers spell Arm's extensions differently. */
#if defined(__clang__)
#define AGORA_ARM_TARGET(clang, gcc) __attribute__((target(clang)))
#else
#define AGORA_ARM_TARGET(clang, gcc) __attribute__((target(gcc)))
#endif

/* Before a loop whose trip count is a constant: arrays indexed by it can then stay in registers. */
#if defined(__clang__)
#define AGORA_UNROLL _Pragma("unroll")
#else
#define AGORA_UNROLL _Pragma("GCC unroll 64")
#endif

typedef struct {
    bool shani;      /* SHA-NI with SSSE3 and SSE4.1 */
    bool pclmul;     /* carry-less multiplication with SSE4.1 */
    bool avx2;
    bool avx512;     /* F, BW, DQ and VL */
    bool avx512vbmi; /* the byte permutations, on top of avx512 */
    bool arm_sha2;
} agora_cpu;

/* The features of this machine, detected once. An instruction set counts only when the operating
   system also saves its registers. Call it once before starting threads. */
const agora_cpu *agora_cpu_features(void);

#endif
