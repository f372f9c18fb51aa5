/* The code words of fixed blocks (RFC 1951, 3.2.6), worked out by the preprocessor. */
#include "internal.h"

#define REVERSE_2(x) (((x) & 1) << 1 | ((x) >> 1 & 1))
#define REVERSE_4(x) (REVERSE_2(x) << 2 | REVERSE_2((x) >> 2))
#define REVERSE_8(x) (REVERSE_4(x) << 4 | REVERSE_4((x) >> 4))

#define SEVEN(i) CODE_WORD(REVERSE_8(2 * ((i) - 256)), 7)
#define EIGHT(i) CODE_WORD(REVERSE_8((i) < 144 ? 0x30 + (i) : 0xc0 + (i) - 280), 8)
#define NINE(i) CODE_WORD(REVERSE_8(i) << 1 | 1, 9) /* 256 + i, the top bit sent first */
#define FIVE(i) CODE_WORD(REVERSE_8(8 * (i)), 5)

#define X2(WORD, i) WORD(i), WORD((i) + 1)
#define X4(WORD, i) X2(WORD, i), X2(WORD, (i) + 2)
#define X8(WORD, i) X4(WORD, i), X4(WORD, (i) + 4)
#define X16(WORD, i) X8(WORD, i), X8(WORD, (i) + 8)
#define X48(WORD, i) X16(WORD, i), X16(WORD, (i) + 16), X16(WORD, (i) + 32)

const code_word agora_deflate_fixed_literals[AGORA_DEFLATE_LITERALS] = {
    X48(EIGHT, 0),   X48(EIGHT, 48), X48(EIGHT, 96),               /* literals 0 to 143 */
    X48(NINE, 144),  X48(NINE, 192), X16(NINE, 240),               /* literals 144 to 255 */
    X16(SEVEN, 256), X8(SEVEN, 272), X4(EIGHT, 280), X2(EIGHT, 284), /* end and match lengths */
};

const code_word agora_deflate_fixed_distances[AGORA_DEFLATE_DISTANCES] = {
    X16(FIVE, 0), X8(FIVE, 16), X4(FIVE, 24), X2(FIVE, 28),
};
