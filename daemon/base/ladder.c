#include "daemon/base/ladder.h"

#include "daemon/base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const party_names[PARTY_COUNT] = { "owner", "hoster", "mail-provider", "registrar" };

const char *party_name(enum party party)
{
    return party_names[party];
}

enum party party_from_name(const char *name)
{
    enum party party = PARTY_OWNER;
    while (party < PARTY_COUNT && strcmp(party_names[party], name) != 0)
        party++;
    return party;
}

/* Is WORD one of the comma-separated words of LIST? */
static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',')
        if (strcspn(at, ",") == length && strncmp(at, word, length) == 0)
            return true;
    return false;
}

static void append(char **text, const char *separator, const char *more)
{
    char *joined = *text ? mem_format("%s%s%s", *text, separator, more) : mem_string(more);
    free(*text);
    *text = joined;
}

void ladder_add(struct ladder *ladder, const char *address, const char *kind, enum party party, double score,
                const char *evidence)
{
    for (size_t i = 0; i < ladder->count; i++) {
        struct rung *rung = &ladder->rungs[i];
        if (strcmp(rung->address, address) != 0)
            continue;
        if (!has_word(rung->kinds, kind)) {
            append(&rung->kinds, ",", kind);
            append(&rung->evidence, "; ", evidence);
        }
        return;
    }
    ladder->rungs = mem_resize(ladder->rungs, ladder->count + 1, sizeof *ladder->rungs);
    ladder->rungs[ladder->count++] = (struct rung){
        .address = mem_string(address),
        .kinds = mem_string(kind),
        .evidence = mem_string(evidence),
        .party = party,
        .score = score,
    };
}

void ladder_set_languages(struct ladder *ladder, const char *address, const char *languages)
{
    for (size_t i = 0; languages && i < ladder->count; i++)
        if (strcmp(ladder->rungs[i].address, address) == 0 && !ladder->rungs[i].languages)
            ladder->rungs[i].languages = mem_string(languages);
}

void ladder_note(struct ladder *ladder, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    append(&ladder->note, "\n", line);
}

void ladder_clear(struct ladder *ladder)
{
    for (size_t i = 0; i < ladder->count; i++) {
        free(ladder->rungs[i].address);
        free(ladder->rungs[i].kinds);
        free(ladder->rungs[i].evidence);
        free(ladder->rungs[i].languages);
    }
    free(ladder->rungs);
    free(ladder->note);
    *ladder = (struct ladder){ 0 };
}
