/* The frozen form is a JSON object: {"texts":[{"file":"notification.de.txt","text":"…","partials":{"layout":"…"}}]},
 * a text with HTML having "html_file" and "html" as well. */
#include "templates/frozen.h"

#include "daemon/base/mem.h"
#include "templates/template_parts.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *source_json(const struct template_source *source)
{
    struct template *template = NULL;
    struct error error;
    json_t *partials = json_object();
    const char *base = strrchr(source->file, '/');
    if (template_parse_source(source, &template, &error) == 0)
        for (size_t i = 0; i < source->partial_count; i++)
            if (template_find_partial(template, source->partials[i].name))
                json_object_set_new(partials, source->partials[i].name, json_string(source->partials[i].text));
    template_free(template);
    const char *html = source->html ? strrchr(source->html_file, '/') : NULL;
    return json_pack("{s:s, s:s*, s:o, s:s*, s:s*, s:o}", "file", base ? base + 1 : source->file, "language",
                     source->language, "text", json_stringn(source->text, source->length), "html_file",
                     html ? html + 1 : source->html_file, "html", source->html, "partials", partials);
}

char *frozen_write(const struct template_source *texts, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, source_json(&texts[i]));
    json_t *root = json_pack("{s:o}", "texts", list);
    char *dump = json_dumps(root, JSON_COMPACT), *text = mem_string(dump);
    free(dump);
    json_decref(root);
    return text;
}

static int parse_source(const json_t *json, struct template **out, struct error *error)
{
    const char *file = json_string_value(json_object_get(json, "file"));
    json_t *text = json_object_get(json, "text"), *partials = json_object_get(json, "partials"), *one;
    struct template_partial *list = mem_zero(json_object_size(partials), sizeof *list);
    struct template_source source = { .file = file ? file : "template",
                                      .text = json_is_string(text) ? json_string_value(text) : "",
                                      .length = json_string_length(text),
                                      .language = json_string_value(json_object_get(json, "language")),
                                      .html_file = json_string_value(json_object_get(json, "html_file")),
                                      .html = json_string_value(json_object_get(json, "html")),
                                      .partials = list };
    const char *name;
    if (!source.html_file)
        source.html_file = "template.html";
    json_object_foreach(partials, name, one)
    {
        const char *part = json_string_value(one);
        list[source.partial_count++] = (struct template_partial){ name, name, part ? part : "" };
    }
    int result = template_parse_source(&source, out, error);
    free(list);
    return result;
}

static int parse_json(const char *text, struct frozen *out, struct error *error)
{
    json_error_t where;
    json_t *root = json_loads(text, 0, &where), *list = json_object_get(root, "texts");
    size_t count = json_array_size(list);
    int result = count > 0 && count <= FROZEN_LANGUAGES ? 0 : -EINVAL;
    if (result)
        error_set(error, result, "the frozen template is none: %s", root ? "no texts, or too many" : where.text);
    for (size_t i = 0; i < count && result == 0; i++) {
        result = parse_source(json_array_get(list, i), &out->texts[i], error);
        out->count += result == 0;
    }
    json_decref(root);
    return result;
}

int frozen_parse(const char *text, struct frozen *out, struct error *error)
{
    *out = (struct frozen){ .count = 0 };
    int result;
    if (*text == '{') {
        result = parse_json(text, out, error);
    } else {
        result = template_parse("template", text, strlen(text), &out->texts[0], error);
        out->count = result == 0;
    }
    if (result)
        frozen_clear(out);
    return result;
}

void frozen_clear(struct frozen *frozen)
{
    for (size_t i = 0; i < frozen->count; i++)
        template_free(frozen->texts[i]);
    *frozen = (struct frozen){ .count = 0 };
}
