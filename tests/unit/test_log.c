/* The log, where standard error is a file; the journal's side is tests/end-to-end/test_service.py. */
#include "daemon/base/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char heard[8192];

/* Standard error goes into a file from here on; what it was is returned. */
static int catch_stderr(FILE *file)
{
    fflush(stderr);
    int before = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    return before;
}

static void release_stderr(FILE *file, int before)
{
    dup2(before, STDERR_FILENO);
    close(before);
    rewind(file);
    heard[fread(heard, 1, sizeof heard - 1, file)] = '\0';
    fclose(file);
}

static void every_event_has_an_id_of_its_own(void **state)
{
    (void)state;
    for (int i = LOG_NO_EVENT + 1; i < LOG_EVENTS; i++) {
        const char *id = log_event_id((enum log_event)i);
        assert_non_null(id);
        assert_int_equal(strlen(id), 32);
        assert_int_equal(strspn(id, "0123456789abcdef"), 32);
        for (int j = LOG_NO_EVENT + 1; j < i; j++)
            assert_string_not_equal(id, log_event_id((enum log_event)j));
    }
    assert_null(log_event_id(LOG_NO_EVENT));
    assert_null(log_event_id(LOG_EVENTS));
}

static void a_line_stays_a_line(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    int before = catch_stderr(file);
    log_info("one\ntwo\x1b[31m");
    log_debug("nobody asked for this");
    log_about(LOG_ERROR_LEVEL, &(struct log_about){ .event = LOG_ORDER, .campaign = "c", .notification = 3 }, "three");
    log_set_level_name("warning");
    log_notice("nor for this");
    log_set_level_name("info");
    char *much = malloc(10000);
    memset(much, 'x', 9999);
    much[9999] = '\0';
    log_info("%s", much);
    free(much);
    release_stderr(file, before);
    assert_non_null(strstr(heard, "Z one?two?[31m\n"));
    assert_non_null(strstr(heard, "Z three\n"));
    assert_null(strstr(heard, "nobody"));
    assert_null(strstr(heard, "nor for"));
    assert_int_equal(strlen(strstr(heard, "xxx")), strspn(strstr(heard, "xxx"), "x") + 1);
    assert_in_range(strlen(heard), 2000, 2200);
}

int main(void)
{
    /* Inherited from somebody whose standard error it was: it is not ours. */
    setenv("JOURNAL_STREAM", "1:1", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_has_an_id_of_its_own),
        cmocka_unit_test(a_line_stays_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
