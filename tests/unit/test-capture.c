/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/capture.h"

#include <string.h>

static void
test_cases(void)
{
    static const struct {
        int64_t limit;
        const char *input;
        const char *expected;
    } cases[] = {
        {10, "", ""},
        {10, "hello", "hello"},
        {10, "0123456789", "0123456789"},
        {10, "0123456789a", "01234\n[… 1 bytes left out …]\n6789a"},
        {4, "0123456789", "01\n[… 6 bytes left out …]\n89"},
        /* In the middle of the limit, but nothing is left out: the character stays whole. */
        {4,
         "a\xc3\xa4"
         "b",
         "aäb"},
        {4, "a\xe2\x82\xac", "a€"},
        /* Cut in two by the limit: its bytes are left out. */
        {4, "a\xc3\xa4xxxx\xc3\xa4z", "a\n[… 8 bytes left out …]\nz"},
        {8, "abc\xf0\x9f\x98\x80xxxxxx\xf0\x9f\x98\x80", "abc\n[… 10 bytes left out …]\n😀"},
        {100, "a\xff\xc3(\xe2\x82z", "a\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbdz"},
        {0, "abc", "a\n[… 1 bytes left out …]\nc"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (size_t step = 1; step < 20; step += 6) {
            g_autoptr(Capture) capture = capture_new(cases[i].limit);
            size_t length = strlen(cases[i].input);
            for (size_t at = 0; at < length; at += step)
                capture_append(capture, cases[i].input + at, MIN(step, length - at));
            g_autofree char *text = capture_text(capture);
            g_assert_cmpstr(text, ==, cases[i].expected);
        }
    }
}

static void
test_zero_bytes(void)
{
    g_autoptr(Capture) capture = capture_new(100);
    capture_append(capture, "a\0b\0", 4);
    g_autofree char *text = capture_text(capture);
    g_assert_cmpstr(text, ==,
                    "a\xef\xbf\xbd"
                    "b\xef\xbf\xbd");
}

/* Whatever comes in whatever pieces, the text is valid and not much longer than the limit. */
static void
test_random(void)
{
    for (int round = 0; round < 500; round++) {
        int limit = g_test_rand_int_range(0, 300);
        g_autoptr(Capture) capture = capture_new(limit);
        for (int piece = g_test_rand_int_range(0, 20); piece > 0; piece--) {
            guint8 bytes[64];
            int length = g_test_rand_int_range(0, sizeof bytes);
            for (int i = 0; i < length; i++)
                bytes[i] = (guint8)g_test_rand_int_range(0, 256);
            capture_append(capture, bytes, (size_t)length);
        }
        g_autofree char *text = capture_text(capture);
        g_assert_true(g_utf8_validate(text, -1, NULL));
        g_assert_cmpuint(strlen(text), <=, 3 * (size_t)MAX(limit, 2) + 64);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/capture/cases", test_cases);
    g_test_add_func("/capture/zero-bytes", test_zero_bytes);
    g_test_add_func("/capture/random", test_random);
    return g_test_run();
}
