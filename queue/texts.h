/* Texts that thousands of notifications have in common, held once. Internal to queue/; one thread's. */
#ifndef TOCSIN_QUEUE_TEXTS_H
#define TOCSIN_QUEUE_TEXTS_H

#define TEXTS 16 /* campaigns mailed for in turns; more only cost copies */

struct texts {
    struct {
        char *key, *text; /* counted strings of GLib's */
    } slots[TEXTS];
    unsigned next; /* the slot to fill: the oldest */
};

/* The text kept under KEY as a counted string for the caller (g_ref_string_release), or NULL. */
char *texts_find(const struct texts *texts, const char *key);

/* Keep TEXT under KEY; a counted string for the caller. */
char *texts_keep(struct texts *texts, const char *key, const char *text);

void texts_clear(struct texts *texts);

#endif
