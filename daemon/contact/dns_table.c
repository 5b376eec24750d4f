#include "daemon/contact/dns_table.h"

#include "daemon/base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* About the number of answers kept and questions waiting; a power of two. */
#define BUCKETS 16384

struct dns_table {
    struct question *buckets[BUCKETS];
    uint64_t seed;
    struct question_list cached; /* the most recently used first */
    size_t cached_count, limit;
};

struct dns_table *dns_table_new(size_t limit)
{
    struct dns_table *table = mem_zero(1, sizeof *table);
    table->limit = limit;
    TAILQ_INIT(&table->cached);
    /* Names come from strangers: without a secret they could choose them to share one bucket. */
    if (getrandom(&table->seed, sizeof table->seed, GRND_NONBLOCK) < 0)
        table->seed = (uintptr_t)table;
    return table;
}

void dns_table_free(struct dns_table *table)
{
    for (size_t i = 0; i < BUCKETS; i++)
        while (table->buckets[i]) {
            struct question *question = table->buckets[i];
            table->buckets[i] = question->next;
            question_free(question);
        }
    free(table);
}

/* FNV-1a, its start kept secret, its upper bits folded in. */
static struct question **bucket(struct dns_table *table, const char *name, enum dns_type type)
{
    uint64_t hash = table->seed ^ (uint64_t)type;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
    hash ^= hash >> 29;
    return &table->buckets[hash % BUCKETS];
}

void question_free(struct question *question)
{
    dns_answer_drop(question->answer);
    free(question);
}

void dns_table_forget(struct dns_table *table, struct question *question)
{
    if (!question->listed)
        return;
    struct question **at = bucket(table, question->name, question->type);
    while (*at != question)
        at = &(*at)->next;
    *at = question->next;
    question->listed = false;
}

void dns_table_uncache(struct dns_table *table, struct question *question)
{
    TAILQ_REMOVE(&table->cached, question, link);
    table->cached_count--;
    question->state = QUESTION_READY;
}

static void drop_cached(struct dns_table *table, struct question *question)
{
    dns_table_uncache(table, question);
    dns_table_forget(table, question);
    question_free(question);
}

struct question *dns_table_find(struct dns_table *table, const char *name, enum dns_type type, uint64_t now)
{
    struct question *question = *bucket(table, name, type);
    while (question && (question->type != type || strcmp(question->name, name) != 0))
        question = question->next;
    if (question && question->state == QUESTION_CACHED && question->expires <= now) {
        drop_cached(table, question);
        return NULL;
    }
    return question;
}

struct question *dns_table_add(struct dns_table *table, const char *name, enum dns_type type)
{
    size_t size = strlen(name) + 1;
    struct question *question = mem_zero(1, sizeof *question + size);
    memcpy(question->name, name, size);
    question->type = type;
    question->listed = true;
    TAILQ_INIT(&question->waiters);
    struct question **head = bucket(table, name, type);
    question->next = *head;
    *head = question;
    return question;
}

void dns_table_cache(struct dns_table *table, struct question *question, uint64_t now)
{
    if (!question->listed || question->answer->ttl == 0) {
        dns_table_forget(table, question);
        question_free(question);
        return;
    }
    /* An answer used again from the cache keeps the end that it was given when it was new. */
    if (question->expires == 0)
        question->expires = now + (uint64_t)question->answer->ttl * 1000;
    question->state = QUESTION_CACHED;
    TAILQ_INSERT_HEAD(&table->cached, question, link);
    if (++table->cached_count > table->limit)
        drop_cached(table, TAILQ_LAST(&table->cached, question_list));
}

void dns_table_each(struct dns_table *table, void (*visit)(struct question *question))
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct question *question = table->buckets[i]; question; question = question->next)
            visit(question);
}

size_t dns_table_cached(const struct dns_table *table)
{
    return table->cached_count;
}
