/* The arena, and the run of plain letters. */
#include "daemon/base/arena.h"
#include "daemon/base/ascii.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdalign.h>

/* Pieces of every size, past several blocks: aligned, apart from one another, and again after all were dropped. */
static void test_arena(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    arena_drop(&arena);
    for (int round = 0; round < 3; round++) {
        unsigned char *pieces[300];
        for (size_t i = 0; i < 300; i++) {
            pieces[i] = arena_take(&arena, i * 7);
            assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
            memset(pieces[i], (int)i, i * 7);
        }
        memset(arena_take(&arena, 100000), 'x', 100000); /* more than a block */
        for (size_t i = 0; i < 300; i++)
            for (size_t j = 0; j < i * 7; j++)
                assert_int_equal(pieces[i][j], i & 255);
        arena_drop(&arena);
    }
    assert_string_equal(arena_copy(&arena, "words", 3), "wor");
    arena_free(&arena);
    assert_string_equal(arena_copy(&arena, "", 0), "");
    arena_free(&arena);
}

/* Each byte in each place of a text, beside what is plain and what is not. */
static void test_ascii_run(void **state)
{
    (void)state;
    char text[20];
    assert_int_equal(ascii_run(text, 0), 0);
    for (size_t at = 0; at < sizeof text; at++)
        for (int byte = 0; byte < 256; byte++) {
            memset(text, at % 2 ? '~' : ' ', sizeof text);
            assert_int_equal(ascii_run(text, sizeof text), sizeof text);
            assert_int_equal(ascii_run(text, at), at);
            text[at] = (char)byte;
            size_t want = byte >= ' ' && byte < 0x7f ? sizeof text : at;
            assert_int_equal(ascii_run(text, sizeof text), want);
            if (at + 1 < sizeof text)
                text[at + 1] = '\xff';
            assert_int_equal(ascii_run(text, sizeof text), want > at && at + 1 < sizeof text ? at + 1 : want);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_ascii_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
