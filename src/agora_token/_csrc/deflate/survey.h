/* How often symbols occur, surveyed at once: which are used, and how many have each of the first few
 * frequencies, as most have. Most of a bound follows from that. */
#ifndef AGORA_DEFLATE_SURVEY_H
#define AGORA_DEFLATE_SURVEY_H

#include "internal.h"

#define FEW 6 /* the frequencies that are counted */

typedef struct {
    uint64_t used[5];   /* a bit for each symbol that occurs */
    uint64_t many[5];   /* for each that occurs more than FEW times */
    unsigned few[FEW + 1]; /* how many symbols have each frequency; few[0] is unused */
    unsigned symbols;      /* that occur */
} survey;

#if AGORA_DEFLATE_SSE2

static inline unsigned sum_bytes(__m128i bytes)
{
    __m128i halves = _mm_sad_epu8(bytes, _mm_setzero_si128());
    return (unsigned)(_mm_cvtsi128_si32(halves) + _mm_extract_epi16(halves, 4));
}

/* Sixteen frequencies at a time, as bytes; those from 255 on become that. */
static inline void survey_literals(survey *result, const uint16_t *freq)
{
    const __m128i zero = _mm_setzero_si128();
    __m128i equal[FEW + 1];

    for (int f = 1; f <= FEW; f++)
        equal[f] = zero;
    for (unsigned i = 0; i < 5; i++) {
        result->used[i] = result->many[i] = 0;
        for (unsigned at = 0; at < 64 && 64 * i + at < AGORA_DEFLATE_PADDED; at += 16) {
            const __m128i *from = (const __m128i *)(freq + 64 * i + at);
            __m128i f16 = _mm_packus_epi16(_mm_loadu_si128(from), _mm_loadu_si128(from + 1));
            __m128i not_many = _mm_cmpeq_epi8(_mm_subs_epu8(f16, _mm_set1_epi8(FEW)), zero);
            unsigned unused = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(f16, zero));
            result->used[i] |= (uint64_t)(unused ^ 0xffff) << at;
            result->many[i] |= (uint64_t)((unsigned)_mm_movemask_epi8(not_many) ^ 0xffff) << at;
            for (int f = 1; f <= FEW; f++)
                equal[f] = _mm_sub_epi8(equal[f], _mm_cmpeq_epi8(f16, _mm_set1_epi8((char)f)));
        }
    }
    result->symbols = 0;
    for (int f = 1; f <= FEW; f++)
        result->symbols += result->few[f] = sum_bytes(equal[f]);
    for (unsigned i = 0; i < 5; i++)
        for (uint64_t left = result->many[i]; left; left &= left - 1)
            result->symbols++;
}

#else

static inline void survey_literals(survey *result, const uint16_t *freq)
{
    unsigned count[FEW + 2] = {0}; /* the first for those unused, the last for more than FEW */

    for (unsigned i = 0; i < 5; i++) {
        uint64_t used = 0, many = 0;
        for (unsigned at = 0; at < 64 && 64 * i + at < AGORA_DEFLATE_PADDED; at++) {
            unsigned f = freq[64 * i + at];
            used |= (uint64_t)(f != 0) << at;
            many |= (uint64_t)(f > FEW) << at;
            count[f <= FEW ? f : FEW + 1]++;
        }
        result->used[i] = used;
        result->many[i] = many;
    }
    result->symbols = AGORA_DEFLATE_PADDED - count[0];
    for (unsigned f = 1; f <= FEW; f++)
        result->few[f] = count[f];
}

#endif
#endif
