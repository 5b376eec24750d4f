/* A notification template's source: front matter, variables, and what is rendered of it. */
#include "templates/template.h"
#include "templates/wrap.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/json_value.h"

#define INCIDENT                                                                                                       \
    "{\"time\":\"2026-08-10 14:10:59 UTC\",\"type\":\"phishing\",\"type_text\":\"a page that steals "                  \
    "passwords\",\"identifier\":null,\"host\":\"www.bakery.example\",\"ip\":null,\"port\":443,\"url\":"                \
    "\"hxxp://www.bakery.example/\\r\\nX: y\",\"description\":\"gr\\u00fc\\u00df\\u2028\",\"fields\":["                \
    "{\"name\":\"seen at\",\"value\":\"a long value that has many words in it, more than one line of a mail can\"}]}"
#define MODEL                                                                                                          \
    "{\"ticket\":\"T-1\",\"date\":\"23 November 2026\",\"campaign\":\"c\",\"recipient\":\"abuse@bakery.example\","     \
    "\"multiple\":true,\"case_count\":2,\"incident_count\":3,\"more\":null,\"has_attachment\":false,"                  \
    "\"attachment\":null,\"attachment_more\":null,\"opt_out\":\"optout+x@tocsin.example\","                            \
    "\"domain_without_abuse\":false,\"contact\":{\"kind\":\"soa\",\"evidence\":\"e\",\"party\":\"owner\","             \
    "\"is_owner\":true,\"is_hoster\":false,\"is_role\":false,\"is_override\":false},"                                  \
    "\"sender\":{\"name\":\"Team\",\"address\":\"a@b.example\",\"reply_to\":\"c@b.example\",\"organisation\":\"\","    \
    "\"about\":\"\",\"website\":\"\",\"phone\":\"\"},\"first\":{\"target\":\"bakery.example\",\"is_ip\":false,"        \
    "\"incident\":" INCIDENT "},\"cases\":[{\"target\":\"bakery.example\",\"incident_count\":2,\"first_seen\":\"a\","  \
    "\"last_seen\":\"b\",\"more\":1,\"incidents\":[" INCIDENT "]},{\"target\":\"192.0.2.1\",\"incident_count\":0,"     \
    "\"first_seen\":null,\"last_seen\":null,\"more\":null,\"incidents\":[]}]}"

static json_t *model;

void fuzz_start(void)
{
    model = json_loads(MODEL, 0, NULL);
    FUZZ_MUST(model);
}

static void check_subject(const struct template *template)
{
    struct buf subject = BUF_EMPTY;
    struct error error = { "" };
    size_t characters = 0;
    int code = json_subject(template, model, &subject, &error);
    FUZZ_MUST(!code == !*error.text);
    for (size_t i = 0; i < subject.length; i++) {
        unsigned char byte = (unsigned char)subject.data[i];
        FUZZ_MUST(byte >= ' ' && byte != 0x7f);
        characters += (byte & 0xC0) != 0x80;
    }
    FUZZ_MUST(code || (characters >= 1 && characters <= 201));
    buf_free(&subject);
}

static void check_body(const struct template *template)
{
    struct buf body = BUF_EMPTY;
    struct error error = { "" };
    int code = json_body(template, model, &body, &error);
    FUZZ_MUST(!code == !*error.text);
    json_t *text = code ? NULL : json_stringn(body.data, body.length); /* NULL where it is no UTF-8 */
    FUZZ_MUST(code || text);
    json_decref(text);
    buf_free(&body);
}

void fuzz_one(const char *data, size_t length)
{
    struct template *template = NULL;
    struct error error = { "" };
    struct buf wrapped = BUF_EMPTY;
    int code = template_parse("f.txt", data, length, &template, &error);
    FUZZ_MUST(!code == (template != NULL) && !code == !*error.text);
    if (template) {
        FUZZ_MUST(*template_language(template));
        check_subject(template);
        check_body(template);
    }
    template_free(template);
    wrap_lines(&wrapped, data, length);
    buf_free(&wrapped);
}
