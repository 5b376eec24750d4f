/* Every DNS question that somebody waits for or whose answer is still good, by name and type. Pure: time is an argument.
 *
 * A question is in exactly one state, and each state is a list. QUEUED and READY belong to the resolver, CACHED to the table: there the
 * one unused for longest makes room. One thread. */
#ifndef TOCSIN_CONTACT_DNS_TABLE_H
#define TOCSIN_CONTACT_DNS_TABLE_H

#include "daemon/contact/dns_packet.h"

#include <stdbool.h>
#include <sys/queue.h>

enum question_state {
    QUESTION_QUEUED, /* waits for a place among those in flight */
    QUESTION_IN_FLIGHT, /* c-ares has it */
    QUESTION_READY, /* answered; those who wait are about to be told */
    QUESTION_CACHED, /* answered; nobody waits */
};

struct resolver_query;
TAILQ_HEAD(question_list, question);
TAILQ_HEAD(query_list, resolver_query);

struct question {
    TAILQ_ENTRY(question) link; /* in the list of its state; IN_FLIGHT has none */
    struct question *next; /* in its bucket of the table */
    void *owner; /* the resolver */
    struct query_list waiters;
    const struct dns_answer *answer; /* READY, CACHED */
    uint64_t expires; /* CACHED: milliseconds of the caller's clock */
    enum dns_type type;
    enum question_state state;
    bool listed; /* the table knows it */
    char name[];
};

struct dns_table;

/* A table that keeps at most LIMIT answers nobody waits for. */
struct dns_table *dns_table_new(size_t limit);
/* Frees every question in it, too. */
void dns_table_free(struct dns_table *table);

/* The question TYPE? of NAME, or NULL. A cached one that has expired by NOW is freed and not found. */
struct question *dns_table_find(struct dns_table *table, const char *name, enum dns_type type, uint64_t now);

/* A new question, QUEUED, in no list yet. There must be none like it. */
struct question *dns_table_add(struct dns_table *table, const char *name, enum dns_type type);

/* Keep an answered question (READY, no longer in a list) until its TTL has passed, or free it at once when it has none. */
void dns_table_cache(struct dns_table *table, struct question *question, uint64_t now);
/* Take a CACHED question out of the list of those, back to READY; the caller puts it into a list. */
void dns_table_uncache(struct dns_table *table, struct question *question);

/* Take QUESTION out of the table: it is not found again. It stays the caller's to free, or goes with question_free(). */
void dns_table_forget(struct dns_table *table, struct question *question);
void question_free(struct question *question);

/* Call VISIT for each question in the table. */
void dns_table_each(struct dns_table *table, void (*visit)(struct question *question));

size_t dns_table_cached(const struct dns_table *table);

#endif
