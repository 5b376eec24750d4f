/* JSON Lines feeds, with IntelMQ's names and with a mapping. */
#include "tests/fuzz/feed_target.h"

void fuzz_start(void)
{
}

void fuzz_one(const char *data, size_t length)
{
    static const struct feed_column columns[] = { { "host", "source.fqdn" }, { "seen", "time.source" }, { "x", "" } };
    feed_target_check(&(struct feed_options){ .format = "jsonl" }, data, length);
    feed_target_check(&(struct feed_options){ .format = "jsonl", .columns = columns, .column_count = 3 }, data, length);
}
