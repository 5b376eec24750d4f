#include "daemon/notify/mime.h"
#include "daemon/notify/parts.h"

#include "daemon/base/address.h"
#include "daemon/base/mem.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *key;
    size_t offset; /* of the value in struct config_sender */
} sender_fields[] = {
    { "name", offsetof(struct config_sender, name) },
    { "address", offsetof(struct config_sender, address) },
    { "reply_to", offsetof(struct config_sender, reply_to) },
    { "organisation", offsetof(struct config_sender, organisation) },
    { "about", offsetof(struct config_sender, about) },
    { "website", offsetof(struct config_sender, website) },
    { "phone", offsetof(struct config_sender, phone) },
};
#define SENDER_FIELDS (sizeof sender_fields / sizeof *sender_fields)

static const char *member(const struct config_sender *sender, size_t offset)
{
    return sender ? *(char *const *)((const char *)sender + offset) : NULL;
}

/* A JSON string of TEXT; bytes that are not UTF-8, which jansson refuses, are replaced. */
static json_t *string_new(const char *text)
{
    json_t *string = json_string(text ? text : "");
    if (!string) {
        char *ascii = mem_string(text);
        for (char *at = ascii; *at; at++)
            if ((unsigned char)*at >= 0x80)
                *at = '?';
        string = json_string(ascii);
        free(ascii);
    }
    return string;
}

/* What the store chooses a mail's template by. */
static void set_choice(json_t *root, const struct config_profile *profile)
{
    json_object_set_new(root, "template", string_new(profile->template_name));
    json_object_set_new(root, "reminder_template", string_new(profile->reminder_template));
    json_object_set_new(root, "language", string_new(profile->language));
    if (profile->only_language)
        json_object_set_new(root, "only_language", string_new(profile->only_language));
}

/* How they are gathered and sent (queue/terms.h). */
static void set_sending(json_t *root, const struct config_profile *profile)
{
    json_t *words = json_array();
    for (size_t i = 0; i < profile->aggregate_by.count; i++)
        json_array_append_new(words, json_string(profile->aggregate_by.items[i]));
    json_object_set_new(root, "aggregate_by", words);
    json_object_set_new(root, "send", string_new(profile->send));
    json_object_set_new(root, "send_at", string_new(profile->send_at));
    json_object_set_new(root, "time_zone", string_new(profile->time_zone));
    if (profile->business_hours)
        json_object_set_new(root, "business_hours", string_new(profile->business_hours));
}

/* What its mails hold. */
static void set_body(json_t *root, const struct config_profile *profile)
{
    json_t *attachments = json_array();
    for (size_t i = 0; i < profile->attachments.count; i++)
        json_array_append_new(attachments, json_string(profile->attachments.items[i]));
    json_object_set_new(root, "attachments", attachments);
    json_object_set_new(root, "zip_above", json_integer(profile->zip_above));
    json_object_set_new(root, "rows_in_text", json_integer(profile->rows_in_text));
    json_object_set_new(root, "defang_urls", json_boolean(profile->defang_urls));
}

char *notify_settings(const struct config *config, const struct config_profile *profile, const char *note)
{
    json_t *root = json_object(), *sender = json_object();
    for (size_t i = 0; i < SENDER_FIELDS; i++) {
        const char *value = member(profile ? &profile->sender : NULL, sender_fields[i].offset);
        if (!value)
            value = member(&config->sender, sender_fields[i].offset);
        json_object_set_new(sender, sender_fields[i].key, string_new(value));
    }
    if (!json_string_length(json_object_get(sender, "reply_to")))
        json_object_set(sender, "reply_to", json_object_get(sender, "address"));
    json_object_set_new(root, "sender", sender);
    json_object_set_new(root, "bounce", string_new(config->return_path.bounce));
    json_object_set_new(root, "opt_out", string_new(config->return_path.opt_out));
    if (profile) {
        set_sending(root, profile);
        set_choice(root, profile);
        set_body(root, profile);
    }
    if (note)
        json_object_set_new(root, "note", string_new(note));
    char *dump = json_dumps(root, JSON_COMPACT), *text = mem_string(dump);
    free(dump);
    json_decref(root);
    return text;
}

/* The address at KEY, or NULL. It goes raw into headers and the envelope, so it is checked whatever the configuration checked. */
static const char *address_get(const json_t *object, const char *key)
{
    char normal[ADDRESS_MAX_LENGTH + 1];
    const char *text = json_string_value(json_object_get(object, key));
    bool good = text && address_normalise(text, strlen(text), normal) == 0 && strcmp(normal, text) == 0;
    return good ? text : NULL;
}

static bool is_attached(const json_t *root, const char *kind)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(root, "attachments"), i, item)
    {
        if (json_is_string(item) && strcmp(json_string_value(item), kind) == 0)
            return true;
    }
    return false;
}

/* What was frozen before there was a choice has a table, all that the text has room for, and no links in it. */
static void read_body(const json_t *root, struct settings *out)
{
    const json_t *rows = json_object_get(root, "rows_in_text");
    out->csv = !json_object_get(root, "attachments") || is_attached(root, "csv");
    out->xarf = is_attached(root, "xarf");
    out->zip_above = (size_t)json_integer_value(json_object_get(root, "zip_above"));
    out->defang_urls = !json_is_false(json_object_get(root, "defang_urls"));
    out->rows_in_text = json_is_integer(rows) ? (size_t)json_integer_value(rows) : SIZE_MAX;
}

static char *headers_of(const struct settings *settings)
{
    struct buf headers = BUF_EMPTY;
    mime_header_mailbox(&headers, "From", settings->name, settings->address);
    mime_header(&headers, "Reply-To", settings->reply_to);
    return buf_take(&headers);
}

int settings_read(const char *text, struct settings *out, struct error *error)
{
    json_error_t where;
    json_t *root = json_loads(text, 0, &where);
    if (!root)
        return error_set(error, -EINVAL, "the frozen settings are no JSON: %s", where.text);
    json_t *sender = json_object_get(root, "sender");
    const char *name = json_string_value(json_object_get(sender, "name"));
    *out = (struct settings){
        .root = root,
        .arena = ARENA_EMPTY,
        .name = name ? name : "",
        .address = address_get(sender, "address"),
        .reply_to = address_get(sender, "reply_to"),
        .bounce = address_get(root, "bounce"),
        .opt_out = address_get(root, "opt_out"),
        .note = json_string_value(json_object_get(root, "note")),
    };
    out->sender = value_from_json(&out->arena, sender);
    read_body(root, out);
    const char *missing = !out->address    ? "sender.address"
                          : !out->reply_to ? "sender.reply_to"
                          : !out->bounce   ? "return_path.bounce"
                          : !out->opt_out  ? "return_path.opt_out"
                                           : NULL;
    if (missing) {
        settings_clear(out);
        return error_set(error, -EINVAL, "the frozen settings hold no valid address for %s", missing);
    }
    out->headers = headers_of(out);
    return 0;
}

void settings_clear(struct settings *settings)
{
    json_decref(settings->root);
    arena_free(&settings->arena);
    free(settings->headers);
    *settings = (struct settings){ .root = NULL };
}
