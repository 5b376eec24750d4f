/* Plain lists, and the choice of a format by content. */
#include "tests/fuzz/feed_target.h"

void fuzz_start(void)
{
}

void fuzz_one(const char *data, size_t length)
{
    feed_target_check(&(struct feed_options){ .format = "list", .default_type = "scanner" }, data, length);
    feed_target_check(&(struct feed_options){ 0 }, data, length);
}
