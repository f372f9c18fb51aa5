/* What the processor and the operating system let us use, the choice of a kernel by it, and a
   memset that stays. */
#ifndef AGORA_CPU_H
#define AGORA_CPU_H

#include <stdbool.h>
#include <stddef.h>

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

/* One implementation of something: the first member of a struct that adds its functions. */
typedef struct agora_kernel {
    const char *name;
    bool (*supported)(const agora_cpu *cpu); /* NULL: not compiled for this architecture */
} agora_kernel;

/* The implementations of one thing, fastest first. The last one runs everywhere and is active until
   another one has been chosen. */
typedef struct {
    const agora_kernel *const *kernels;
    size_t count;
    bool (*passes)(const agora_kernel *kernel); /* the self-test */
    const agora_kernel *active;
} agora_choice;

/* Whether kernel i runs on this machine. */
bool agora_choice_supported(const agora_choice *choice, size_t i);

/* Activates the first supported kernel that passes its self-test; returns how many failed it. */
int agora_choice_best(agora_choice *choice);

/* Activates a kernel by name. Returns 0, or -1 for an unknown name, -2 for a kernel that this
   machine does not support, -3 for one that fails its self-test; then nothing changes. */
int agora_choice_force(agora_choice *choice, const char *name);

/* For agora_kernel.supported: a kernel that needs nothing. */
bool agora_cpu_any(const agora_cpu *cpu);

/* Overwrites n bytes with zeros; the compiler cannot leave it out. */
void agora_wipe(void *p, size_t n);

#endif
