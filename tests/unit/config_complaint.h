/* How the tests of config ask for complaints. */
#ifndef TOCSIN_TESTS_UNIT_CONFIG_COMPLAINT_H
#define TOCSIN_TESTS_UNIT_CONFIG_COMPLAINT_H

#include "config/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The one complaint about TEXT as a file, or about SETTING; a new string; NULL when there is none. */
static inline char *complaint(const char *text, const char *setting)
{
    struct config *config;
    struct config_errors errors;
    int code = config_parse("f", text, text ? strlen(text) : 0, &setting, setting ? 1 : 0, &config, &errors);
    char *only = NULL;
    if (code == 0) {
        config_free(config);
    } else {
        assert_int_equal(code, -EINVAL);
        if (errors.count != 1)
            fail_msg("%zu complaints: %s, %s", errors.count, errors.items[0], errors.items[1]);
        only = strdup(errors.items[0]);
    }
    config_errors_free(&errors);
    return only;
}

static inline void assert_complaint(const char *text, const char *setting, const char *expected)
{
    char *got = complaint(text, setting);
    if (!got || strcmp(got, expected) != 0)
        fail_msg("%s\n   got: %s\nwanted: %s", text ? text : setting, got ? got : "no complaint", expected);
    free(got);
}

#endif
