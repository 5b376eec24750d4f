/* A template, its data and a partial, for text and for HTML. */
#include "templates/mustache.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/json_value.h"

#include <errno.h>
#include <stdbool.h>

void fuzz_start(void)
{
}

static const struct mustache *find(void *context, const char *name)
{
    (void)name;
    return context;
}

static int visit(void *context, const struct mustache_use *use)
{
    (void)context;
    FUZZ_MUST(*use->name && use->line > 0 && use->column > 0 && (!use->depth || *use->sections[use->depth - 1]));
    return 0;
}

static struct mustache *parse(const char *text, size_t length)
{
    struct mustache *template = NULL;
    struct error error = { "" };
    int code = mustache_parse("t", text, length, &template, &error);
    FUZZ_MUST(!code == (template != NULL) && !code == !*error.text);
    return template;
}

static void render(const struct mustache *template, json_t *data, enum mustache_escape escape, struct mustache *partial)
{
    struct buf out = BUF_EMPTY, again = BUF_EMPTY;
    struct error error = { "" };
    int code = json_render(template, data, escape, find, partial, &out, &error);
    FUZZ_MUST(!code || code == -ELOOP || code == -E2BIG);
    FUZZ_MUST(json_render(template, data, escape, find, partial, &again, &error) == code);
    FUZZ_MUST(out.length == again.length && (!out.length || memcmp(out.data, again.data, out.length) == 0));
    buf_free(&out);
    buf_free(&again);
}

void fuzz_one(const char *data, size_t length)
{
    size_t text_length, json_length, partial_length;
    char *text = fuzz_part(&data, &length, &text_length), *json = fuzz_part(&data, &length, &json_length),
         *inner = fuzz_part(&data, &length, &partial_length);
    struct mustache *template = parse(text, text_length), *partial = parse(inner, partial_length);
    json_t *model = json_loadb(json, json_length, JSON_DECODE_ANY, NULL);
    if (!model)
        model =
            json_pack("{s:[i,i], s:{s:s}, s:b, s:s}", "list", 1, 2, "object", "name", "<b>", "yes", 1, "text", "a\nb");
    if (template) {
        mustache_names(template, NULL, visit, NULL);
        render(template, model, MUSTACHE_TEXT, partial);
        render(template, model, MUSTACHE_HTML, partial);
    }
    json_decref(model);
    mustache_free(template);
    mustache_free(partial);
    free(text);
    free(json);
    free(inner);
}
