#include "daemon/contact/designation.h"

#include "daemon/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *text, *addresses;
} rows[] = {
    { "Please send abuse reports to desk@net.example.", "desk@net.example" },
    { "To report spam or\r\nphishing, e-mail\r\n* <desk@net.example>\r\n", "desk@net.example" },
    { "For abuse issues, please contact:\n* abuse@net.example.\n\nFor peering, please contact:\n* p@net.example",
      "abuse@net.example" },
    { "Contact abuse@net.example", "abuse@net.example" },
    { "Abuse: desk@net.example", "desk@net.example" },
    { "Abuse contact: desk@net.example\nNOC: noc@net.example\n", "desk@net.example" },
    { "Report abuse to abuse@net.example, outages to noc@net.example.", "abuse@net.example" },
    /* Which of them? */
    { "Report abuse to one@net.example or two@net.example.", "" },
    /* No word of abuse; no request; a denial. */
    { "Please contact noc@net.example.", "" },
    { "abuse@net.example", "" },
    { "Do not send abuse reports to desk@net.example.", "" },
    { "No abuse contact: desk@net.example", "" },
    { "We don't read abuse@net.example, please write elsewhere.", "" },
    /* Another sentence's. */
    { "We take abuse seriously. Contact: noc@net.example", "" },
    { "Report abuse at https://net.example/abuse\n\nnoc@net.example", "" },
    { "Send abuse reports to a***@net.example, @net.example, desk@", "" },
    { "", "" },
    { "@", "" },
};

static void take(void *context, const char *address, size_t length)
{
    struct buf *out = context;
    if (out->length)
        buf_add_char(out, ' ');
    buf_add(out, address, length);
}

static void sentences(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf out = BUF_EMPTY;
        buf_add_string(&out, "");
        designation_find(rows[i].text, strlen(rows[i].text), take, &out);
        assert_string_equal(out.data, rows[i].addresses);
        buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(sentences) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
