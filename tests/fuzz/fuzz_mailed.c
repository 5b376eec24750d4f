/* Mails that hold feeds: what comes out is named as a file of ours may be, and the same each time. */
#include "daemon/feed/mail/mailed.h"
#include "tests/fuzz/fuzz.h"

void fuzz_start(void)
{
    mailed_init();
}

static void check_name(const struct mailed *mailed, size_t index)
{
    const char *name = mailed->files[index].name;
    FUZZ_MUST(*name && *name != '.' && !strchr(name, '/') && strlen(name) <= MAILED_NAME_MAX + 20);
    for (const char *at = name; *at; at++)
        FUZZ_MUST((unsigned char)*at >= ' ' && *at != 0x7f);
    for (size_t i = 0; i < index; i++)
        FUZZ_MUST(strcmp(mailed->files[i].name, name) != 0);
}

void fuzz_one(const char *data, size_t length)
{
    struct mailed first, second;
    struct error error = { "" };
    mailed_is_mail(data, length);
    int code = mailed_open(data, length, NULL, &first, &error);
    FUZZ_MUST(!code == (first.count > 0) && !code == !error.text[0]);
    FUZZ_MUST(first.count <= MAILED_FILES_MAX);
    for (size_t i = 0; i < first.count; i++)
        check_name(&first, i);
    FUZZ_MUST(mailed_open(data, length, NULL, &second, NULL) == code && first.count == second.count);
    for (size_t i = 0; i < first.count; i++)
        FUZZ_MUST(first.files[i].bytes.length == second.files[i].bytes.length);
    mailed_free(&first);
    mailed_free(&second);
}
