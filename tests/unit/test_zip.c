/* Zip archives in memory, read back by libarchive. */
#include "daemon/notify/parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#define DATE INT64_C(1795435200)

static void test_read_back(void **state)
{
    (void)state;
    struct buf csv = BUF_EMPTY, json = BUF_EMPTY, zip = BUF_EMPTY, again = BUF_EMPTY;
    struct error error;
    for (int i = 0; i < 10000; i++)
        buf_add_format(&csv, "row %d\r\n", i);
    buf_add_string(&json, "{}");
    const struct zip_file files[] = { { "T-1.csv", &csv }, { "T-1.json", &json } };
    assert_int_equal(zip_write(&zip, files, 2, DATE, &error), 0);
    assert_true(zip.length < csv.length / 2);
    assert_int_equal(zip_write(&again, files, 2, DATE, &error), 0);
    assert_int_equal(zip.length, again.length);
    assert_memory_equal(zip.data, again.data, zip.length);

    struct archive *archive = archive_read_new();
    struct archive_entry *entry;
    archive_read_support_format_zip(archive);
    assert_int_equal(archive_read_open_memory(archive, zip.data, zip.length), ARCHIVE_OK);
    for (int i = 0; i < 2; i++) {
        static char back[200000];
        assert_int_equal(archive_read_next_header(archive, &entry), ARCHIVE_OK);
        assert_string_equal(archive_entry_pathname(entry), files[i].name);
        assert_int_equal(archive_entry_mtime(entry), DATE);
        assert_int_equal(archive_read_data(archive, back, sizeof back), (la_ssize_t)files[i].bytes->length);
        assert_memory_equal(back, files[i].bytes->data, files[i].bytes->length);
    }
    assert_int_equal(archive_read_next_header(archive, &entry), ARCHIVE_EOF);
    archive_read_free(archive);
    buf_free(&csv);
    buf_free(&json);
    buf_free(&zip);
    buf_free(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_read_back) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
