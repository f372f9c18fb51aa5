/* The zlib stream around one block, and the choice of the block's type. */
#include "deflate_internal.h"
#include "deflate_adler32.h"

#define STORED_BLOCK 0
#define FIXED_BLOCK 1
#define DYNAMIC_BLOCK 2

static void forget_inputs(agora_deflate_state *state)
{
    state->base = 0;
    memset(state->head, 0, sizeof state->head);
}

void agora_deflate_init(agora_deflate_state *state)
{
    forget_inputs(state);
    state->built = 0;
}

size_t agora_deflate_bound(size_t n)
{
    /* A fixed block has at most 9 bits a byte; 6 bytes of zlib header and Adler-32, 10 bits of block
     * frame, and the bit writer's 8 bytes. */
    return n + n / 8 + 24;
}

static void count_symbols(agora_deflate_state *state, size_t sequences)
{
    const uint8_t *literal = state->window;

    memset(state->literal_freq, 0, sizeof state->literal_freq);
    memset(state->distance_freq, 0, sizeof state->distance_freq);
    for (size_t i = 0; i < sequences; i++) {
        const agora_deflate_sequence *sequence = &state->sequences[i];
        for (const uint8_t *end = literal + sequence->literals; literal < end; literal++)
            state->literal_freq[*literal]++;
        if (sequence->length) {
            state->literal_freq[code_length(sequence->length).symbol]++;
            state->distance_freq[code_distance(sequence->distance).symbol]++;
            literal += sequence->length;
        }
    }
    state->literal_freq[END_OF_BLOCK] = 1;
}

static void put_symbols(bit_writer *writer, const agora_deflate_state *state, size_t sequences,
                        const code_word *literals, const code_word *distances)
{
    const uint8_t *literal = state->window;

    for (size_t i = 0; i < sequences; i++) {
        const agora_deflate_sequence *sequence = &state->sequences[i];
        for (const uint8_t *end = literal + sequence->literals; literal < end; literal++) {
            put_word(writer, literals[*literal]);
            flush_bits(writer);
        }
        if (sequence->length) {
            coded_value length = code_length(sequence->length);
            coded_value distance = code_distance(sequence->distance);
            put_word(writer, literals[length.symbol]);
            put_bits(writer, length.extra, length.extra_bits);
            put_word(writer, distances[distance.symbol]);
            put_bits(writer, distance.extra, distance.extra_bits);
            flush_bits(writer);
            literal += sequence->length;
        }
    }
    put_word(writer, literals[END_OF_BLOCK]);
    flush_bits(writer);
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

size_t agora_deflate(agora_deflate_state *state, uint8_t *dst, const uint8_t *src, size_t n)
{
    static const uint8_t header[2] = {0x78, 0x9c}; /* 32 KiB window, default level */
    dynamic_codes codes;
    bit_writer writer = {dst + 2, 0, 0};
    uint8_t *out;

    memcpy(dst, header, 2);
    if (state->base > UINT32_MAX - 2 * AGORA_DEFLATE_MAX_INPUT)
        forget_inputs(state);
    memcpy(state->window, src, n);
    size_t sequences = agora_deflate_parse(state, n);
    state->base += (uint32_t)n;

    count_symbols(state, sequences);
    state->built++;
    agora_deflate_build_codes(&codes, state->literal_freq, state->distance_freq);
    put_bits(&writer, 1 | FIXED_BLOCK << 1, 3);
    put_symbols(&writer, state, sequences, agora_deflate_fixed_literals,
                agora_deflate_fixed_distances);
    size_t fixed_bits = (size_t)(writer.next - (dst + 2)) * 8 + writer.count;
    out = finish_bits(&writer);

    size_t fixed = (fixed_bits + 7) >> 3;
    size_t dynamic = (codes.bits + 3 + 7) >> 3;
    size_t best = fixed <= dynamic ? fixed : dynamic;
    if (n + 4 <= best) {
        bit_writer again = {dst + 2, 0, 0};
        out = put_stored(&again, src, n);
    } else if (fixed > dynamic) {
        bit_writer again = {dst + 2, 0, 0};
        put_bits(&again, 1 | DYNAMIC_BLOCK << 1, 3);
        agora_deflate_put_codes(&again, &codes);
        put_symbols(&again, state, sequences, codes.literals, codes.distances);
        out = finish_bits(&again);
    }

    uint32_t check = agora_adler32(src, n);
    for (int i = 0; i < 4; i++)
        *out++ = (uint8_t)(check >> (24 - 8 * i));
    return (size_t)(out - dst);
}
