/* What a file's columns are taken for: `FILE NAME\n%%\nCOLUMN=FIELD\n…\n%%\nROWS`; a mapping that starts with `-` is one without a header. */
#include "tests/fuzz/feed_target.h"

#define COLUMNS_MAX 16

void fuzz_start(void)
{
}

/* Cut MAPPING into COLUMNS; how many they are. */
static size_t cut(char *mapping, struct feed_column columns[COLUMNS_MAX])
{
    size_t count = 0;
    char *line, *rest = mapping;
    while (count < COLUMNS_MAX && (line = strsep(&rest, "\n"))) {
        char *equals = strrchr(line, '=');
        if (!equals)
            continue;
        *equals = '\0';
        columns[count++] = (struct feed_column){ line, equals + 1 };
    }
    return count;
}

void fuzz_one(const char *data, size_t length)
{
    struct feed_column columns[COLUMNS_MAX];
    size_t unused;
    char *name = fuzz_part(&data, &length, &unused), *mapping = fuzz_part(&data, &length, &unused);
    bool no_header = mapping[0] == '-';
    struct feed_options options = { .file_name = name, .columns = columns, .no_header = no_header };
    options.column_count = cut(mapping + no_header, columns);
    feed_target_check(&options, data, length);
    free(name);
    free(mapping);
}
