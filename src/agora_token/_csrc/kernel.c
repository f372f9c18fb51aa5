#include "kernel.h"

#include <string.h>

bool agora_cpu_any(const agora_cpu *cpu)
{
    (void)cpu;
    return true;
}

bool agora_choice_supported(const agora_choice *choice, size_t i)
{
    const agora_kernel *kernel = choice->kernels[i];
    return kernel->supported && kernel->supported(agora_cpu_features());
}

int agora_choice_best(agora_choice *choice)
{
    int failed = 0;
    for (size_t i = 0; i < choice->count; i++) {
        if (!agora_choice_supported(choice, i))
            continue;
        if (choice->passes(choice->kernels[i])) {
            choice->active = choice->kernels[i];
            break;
        }
        failed++;
    }
    return failed;
}

int agora_choice_force(agora_choice *choice, const char *name)
{
    for (size_t i = 0; i < choice->count; i++) {
        if (strcmp(name, choice->kernels[i]->name) != 0)
            continue;
        if (!agora_choice_supported(choice, i))
            return -2;
        if (!choice->passes(choice->kernels[i]))
            return -3;
        choice->active = choice->kernels[i];
        return 0;
    }
    return -1;
}
