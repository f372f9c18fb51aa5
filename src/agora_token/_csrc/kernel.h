/* Kernels: several implementations of one thing, of which the fastest that works here is used. */
#ifndef AGORA_KERNEL_H
#define AGORA_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "cpu.h"

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

#endif
