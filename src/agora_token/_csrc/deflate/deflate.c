/* The zlib stream around one block, and the choice of the block's type. */
#include "internal.h"

#include "adler32.h"

static void forget_inputs(agora_deflate_state *state)
{
    state->base = 0;
    memset(state->head, 0, sizeof state->head);
}

void agora_deflate_init(agora_deflate_state *state)
{
    forget_inputs(state);
    agora_deflate_init_bound(state);
    state->built = state->followed = 0;
    for (size_t i = 0; i < AGORA_DEFLATE_TEMPLATES; i++)
        state->templates[i].n = 0;
    memset(state->marks, 0, sizeof state->marks);
    memset(state->padded, 0, sizeof state->padded);
    state->mark = 0;
}

size_t agora_deflate_bound(size_t n)
{
    /* A fixed block has at most 9 bits a byte; 6 bytes of zlib header and Adler-32, 10 bits of
     * block frame, and the bit writer's 8 bytes. */
    return n + n / 8 + 24;
}

/* Write all symbols in the fixed code and count them; returns the bits that follow length and
 * distance symbols. */
static size_t put_fixed(bit_writer *writer, agora_deflate_state *state, const uint8_t *src,
                        size_t sequences)
{
    const agora_deflate_sequence *sequence = state->sequences, *last = sequence + sequences - 1;
    const uint8_t *literal = src;
    size_t literals = 0, extra_bits = 0;
    bit_writer out = *writer;

    memset(state->literal_freq, 0, sizeof state->literal_freq);
    memset(state->distance_freq, 0, sizeof state->distance_freq);
    for (;; sequence++) {
        const uint8_t *end = literal + sequence->literals;
        literals += sequence->literals + 1u; /* with what ends the sequence */
        for (; end - literal >= 4; literal += 4) {
            for (int i = 0; i < 4; i++) {
                state->literal_freq[literal[i]]++;
                put_word(&out, agora_deflate_fixed_literals[literal[i]]);
            }
            flush_bits(&out);
        }
        for (; literal < end; literal++) {
            state->literal_freq[*literal]++;
            put_word(&out, agora_deflate_fixed_literals[*literal]);
        }
        flush_bits(&out);
        if (sequence == last)
            break;

        coded_value length = code_length(sequence->length);
        coded_value distance = code_distance(sequence->distance);
        state->literal_freq[length.symbol]++;
        state->distance_freq[distance.symbol]++;
        put_word(&out, agora_deflate_fixed_literals[length.symbol]);
        put_bits(&out, length.extra, length.extra_bits);
        put_word(&out, agora_deflate_fixed_distances[distance.symbol]);
        put_bits(&out, distance.extra, distance.extra_bits);
        flush_bits(&out);
        extra_bits += length.extra_bits + distance.extra_bits;
        literal += sequence->length;
    }
    state->literal_freq[END_OF_BLOCK]++;
    put_word(&out, agora_deflate_fixed_literals[END_OF_BLOCK]);

    *writer = out;
    state->literals = (uint32_t)literals;
    return extra_bits;
}

static void put_dynamic(bit_writer *writer, const agora_deflate_state *state, const uint8_t *src,
                        size_t sequences, const dynamic_codes *codes)
{
    code_word literals[AGORA_DEFLATE_LITERALS], distances[AGORA_DEFLATE_DISTANCES];
    const uint8_t *literal = src;
    bit_writer out = *writer;

    agora_deflate_assign_words(literals, codes->literals, codes->literal_count);
    agora_deflate_assign_words(distances, codes->distances, codes->distance_count);
    agora_deflate_put_codes(&out, codes);
    for (const agora_deflate_sequence *sequence = state->sequences;; sequence++) {
        for (const uint8_t *end = literal + sequence->literals; literal < end; literal++) {
            put_word(&out, literals[*literal]);
            flush_bits(&out);
        }
        if (--sequences == 0)
            break;
        coded_value length = code_length(sequence->length);
        coded_value distance = code_distance(sequence->distance);
        put_word(&out, literals[length.symbol]);
        put_bits(&out, length.extra, length.extra_bits);
        put_word(&out, distances[distance.symbol]);
        put_bits(&out, distance.extra, distance.extra_bits);
        flush_bits(&out);
        literal += sequence->length;
    }
    put_word(&out, literals[END_OF_BLOCK]);
    *writer = out;
}

static uint8_t *put_stored(bit_writer *writer, const uint8_t *src, size_t n)
{
    put_bits(writer, 1 | STORED_BLOCK << 1, 3);
    uint8_t *out = finish_bits(writer);
    out[0] = (uint8_t)n;
    out[1] = (uint8_t)(n >> 8);
    out[2] = (uint8_t)~n;
    out[3] = (uint8_t)(~n >> 8);
    memcpy(out + 4, src, n);
    return out + 4 + n;
}

int agora_deflate_dynamic_wins(agora_deflate_state *state,
                               const agora_deflate_distance_code *distances, dynamic_codes *codes,
                               size_t other, size_t extra_bits)
{
    /* The fewest bits with which a dynamic block is not shorter. */
    size_t enough = 8 * other - 7 - 3 - extra_bits;
    if (distances && agora_deflate_dynamic_has(state, distances, enough))
        return 0;
    state->built++;
    return agora_deflate_build_codes(codes, state->literal_freq, state->distance_freq) < enough;
}

/* Write the block of the type that zlib chooses; returns its end.
 *
 * zlib compares whole bytes. A dynamic block is taken if it is shorter than a fixed one and not
 * longer than n + 3; a stored one if n + 4 is not more than either; the fixed one otherwise. */
static uint8_t *put_block(agora_deflate_state *state, uint8_t *dst, const uint8_t *src, size_t n)
{
    bit_writer writer = {dst, 0, 0};
    agora_deflate_distance_code distances;
    dynamic_codes codes;
    size_t sequences = agora_deflate_parse(state, src, n);
    state->base += (uint32_t)n;

    put_bits(&writer, 1 | FIXED_BLOCK << 1, 3);
    size_t extra_bits = put_fixed(&writer, state, src, sequences);
    uint8_t *end = finish_bits(&writer);
    size_t fixed = (size_t)(end - dst), stored = n + 4;
    int bounded = n <= AGORA_DEFLATE_MAX_BOUNDED;
    if (bounded)
        agora_deflate_weigh_distances(state, &distances);
    if (agora_deflate_dynamic_wins(state, bounded ? &distances : NULL, &codes,
                                   fixed < stored ? fixed : stored, extra_bits)) {
        writer = (bit_writer){dst, 0, 0};
        put_bits(&writer, 1 | DYNAMIC_BLOCK << 1, 3);
        put_dynamic(&writer, state, src, sequences, &codes);
        return finish_bits(&writer);
    }
    if (stored > fixed)
        return end;
    writer = (bit_writer){dst, 0, 0};
    return put_stored(&writer, src, n);
}

size_t agora_deflate(agora_deflate_state *state, uint8_t *dst, const uint8_t *src, size_t n)
{
    if (state->base > UINT32_MAX - 2 * AGORA_DEFLATE_MAX_INPUT)
        forget_inputs(state);
    uint8_t *end = put_block(state, agora_deflate_put_header(dst), src, n);
    return (size_t)(agora_deflate_put_check(end, agora_adler32(src, n)) - dst);
}
