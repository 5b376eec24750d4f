/* CSV feeds, by their header and by a mapping of numbers. */
#include "tests/fuzz/feed_target.h"

void fuzz_start(void)
{
}

void fuzz_one(const char *data, size_t length)
{
    static const struct feed_column columns[] = {
        { "1", "source.fqdn" }, { "2", "source.ip" },  { "3", "time.source" },
        { "4", "source.url" },  { "5", "extra.note" },
    };
    feed_target_check(&(struct feed_options){ .format = "csv" }, data, length);
    feed_target_check(&(struct feed_options){ .format = "csv",
                                              .columns = columns,
                                              .column_count = sizeof columns / sizeof *columns,
                                              .no_header = true,
                                              .default_type = "phishing" },
                      data, length);
}
