/* A message that came back. */
#include "daemon/bounce/bounce.h"
#include "tests/fuzz/fuzz.h"

#include <ctype.h>

void fuzz_start(void)
{
    bounce_init();
}

static void check_digits(const struct bounce *bounce)
{
    FUZZ_MUST(strspn(bounce->status, "0123456789.") == strlen(bounce->status));
    FUZZ_MUST(strspn(bounce->reply, "0123456789") == strlen(bounce->reply));
    FUZZ_MUST(!*bounce->status || strchr("245", bounce->status[0]));
    FUZZ_MUST(!*bounce->reply || strlen(bounce->reply) == 3);
}

static void check(const char *data, size_t length, const char *sender, const char *recipient)
{
    struct bounce bounce;
    bounce_parse(data, length, sender, recipient, &bounce);
    FUZZ_MUST(bounce.class < BOUNCE_CLASS_COUNT && bounce_class_name(bounce.class));
    FUZZ_MUST(bounce.reason < REASON_COUNT && (bounce.reason == REASON_NONE || reason_name(bounce.reason)));
    check_digits(&bounce);
    for (const char *c = bounce.diagnostic; c && *c; c++)
        FUZZ_MUST(!iscntrl((unsigned char)*c));
    for (size_t i = 0; i < bounce.recipient_count; i++)
        for (const char *c = bounce.recipients[i]; *c; c++)
            FUZZ_MUST(!iscntrl((unsigned char)*c));
    bounce_clear(&bounce);
}

void fuzz_one(const char *data, size_t length)
{
    check(data, length, NULL, NULL);
    check(data, length, "", "bounce+aeaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@tocsin.example");
}
