/* JSON feeds of any layout and kind, with and without a mapping: the splitter, and what each kind makes of an element. */
#include "tests/fuzz/feed_target.h"

void fuzz_start(void)
{
}

void fuzz_one(const char *data, size_t length)
{
    static const struct feed_column columns[] = { { "source_identifier", "source.fqdn" },
                                                  { "a.b", "source.url" },
                                                  { "x", "" } };
    static const char *const kinds[] = { "json", "xarf", "n6", "crowdsec" };
    feed_target_check(&(struct feed_options){ .format = kinds[length % 4] }, data, length);
    feed_target_check(&(struct feed_options){ .format = "json", .columns = columns, .column_count = 3 }, data, length);
}
