#include "daemon/contact/show.h"

#include "daemon/base/name.h"

#include <stdlib.h>
#include <string.h>

/* TEXT cut at each SEPARATOR, as an array; empty for NULL. */
static json_t *split(const char *text, char separator)
{
    json_t *array = json_array();
    while (text && *text) {
        size_t length = (size_t)(strchrnul(text, separator) - text);
        json_array_append_new(array, json_stringn(text, length));
        text += length + (text[length] == separator);
    }
    return array;
}

static void set(json_t *object, const char *key, const char *value)
{
    if (value)
        json_object_set_new(object, key, json_string(value));
}

/* Two places: more would promise what a prior cannot keep. */
static double score_shown(double score)
{
    return (double)(int)(score * 100 + 0.5) / 100;
}

json_t *contact_ladder_json(const struct contact_target *target, const struct ladder *ladder)
{
    json_t *object = json_object(), *contacts = json_array();
    set(object, "target", target->target);
    set(object, "host", target->host);
    set(object, "ip", target->ip);
    for (size_t i = 0; i < ladder->count; i++) {
        const struct rung *rung = &ladder->rungs[i];
        json_t *contact = json_object();
        set(contact, "address", rung->address);
        set(contact, "party", party_name(rung->party));
        json_object_set_new(contact, "kinds", split(rung->kinds, ','));
        json_object_set_new(contact, "score", json_real(score_shown(rung->score)));
        set(contact, "evidence", rung->evidence);
        json_array_append_new(contacts, contact);
    }
    json_object_set_new(object, "contacts", contacts);
    json_object_set_new(object, "ruled_out", split(ladder->note, '\n'));
    json_object_set_new(object, "partial", json_boolean(ladder->partial));
    return object;
}

/* "shop.example (host www.shop.example, 192.0.2.7)"; an internationalised name as people write it, too. */
static void add_title(const struct contact_target *target, struct buf *out)
{
    char *display = name_display(target->target);
    buf_add_string(out, target->target);
    if (strcmp(display, target->target) != 0)
        buf_add_format(out, " (%s)", display);
    free(display);
    if (target->host && strcmp(target->host, target->target) != 0)
        buf_add_format(out, ", host %s", target->host);
    if (target->ip && strcmp(target->ip, target->target) != 0)
        buf_add_format(out, ", address %s", target->ip);
    buf_add_char(out, '\n');
}

static void add_rungs(const struct ladder *ladder, struct buf *out)
{
    int address_width = 0, kinds_width = 0;
    for (size_t i = 0; i < ladder->count; i++) {
        int address = (int)strlen(ladder->rungs[i].address), kinds = (int)strlen(ladder->rungs[i].kinds);
        address_width = address > address_width ? address : address_width;
        kinds_width = kinds > kinds_width ? kinds : kinds_width;
    }
    for (size_t i = 0; i < ladder->count; i++) {
        const struct rung *rung = &ladder->rungs[i];
        buf_add_format(out, "%4zu. %-*s  %-13s  %-*s  %.2f\n", i + 1, address_width, rung->address,
                       party_name(rung->party), kinds_width, rung->kinds, score_shown(rung->score));
        buf_add_format(out, "      %s\n", rung->evidence);
    }
}

void contact_ladder_text(const struct contact_target *target, const struct ladder *ladder, struct buf *out)
{
    add_title(target, out);
    add_rungs(ladder, out);
    if (ladder->count == 0)
        buf_add_string(out, "      nobody to tell\n");
    if (ladder->partial)
        buf_add_string(out, "    ! incomplete: DNS could not say everything; ask again later\n");
    for (const char *line = ladder->note; line && *line;) {
        size_t length = strcspn(line, "\n");
        buf_add_format(out, "    - %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
}
