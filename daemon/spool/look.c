/* When is a file complete?
 *
 * - When it was renamed in. The kernel says so (watch.h): whoever renames has written before. (That ctime is later than mtime does not say it: fchmod() by a writer who
 *   is not done leaves the same traces. Nor does the absence of reports of writes: reports get lost, and there are none of writes through mmap().)
 * - Else when it has not been written to for spool.quiet: it was written in place, or it came when nobody watched. Our own monotonic clock measures
 *   how long its size and mtime have been as they are, for mtime is the sender's to set and may lie in the future; an mtime that lies further
 *   back than spool.quiet is as good. */
#include "daemon/spool/look.h"

#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/spool/final.h"
#include "daemon/spool/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NANOSECONDS_PER_MS 1000000
/* Taken in one look, each with an fsync: other jobs get their turn before the rest. */
#define TAKEN_AT_ONCE 64
/* A sidecar comes before its feed; one that has waited so long for it probably has the wrong name. */
#define ALONE_MS (60 * 60 * 1000)
/* What could not be taken was renamed back, which wakes us: not to try again at once, and for ever. */
#define NEXT_TRY_MS 1000

void sights_free(struct sights *sights)
{
    for (size_t i = 0; i < sights->count; i++)
        free(sights->items[i].name);
    free(sights->items);
    *sights = (struct sights){ 0 };
}

static int compare(const void *left, const void *right)
{
    const struct sight *a = left, *b = right;
    if (a->place != b->place)
        return a->place < b->place ? -1 : 1;
    return strcmp(a->name, b->name);
}

void sights_settle(struct sights *sights)
{
    if (sights->count)
        qsort(sights->items, sights->count, sizeof *sights->items, compare);
}

struct sight *sights_find(const struct sights *sights, size_t place, const char *name)
{
    const struct sight key = { .place = place, .name = (char *)name };
    if (!sights->count)
        return NULL;
    return bsearch(&key, sights->items, sights->count, sizeof key, compare);
}

struct sight *sights_add(struct sights *sights, size_t place, const char *name)
{
    if (sights->count == sights->capacity) {
        sights->capacity = sights->capacity ? 2 * sights->capacity : 16;
        sights->items = mem_resize(sights->items, sights->capacity, sizeof *sights->items);
    }
    struct sight *sight = &sights->items[sights->count++];
    *sight = (struct sight){ .place = place, .name = mem_string(name) };
    return sight;
}

int64_t look_wait(const struct sight *sight, int64_t wall, int64_t now, int64_t quiet)
{
    if (sight->moved_in)
        return 0;
    int64_t same = now - sight->since;
    int64_t idle = (wall - sight->written) / NANOSECONDS_PER_MS;
    int64_t left = quiet - (idle > same ? idle : same);
    return left > 0 ? left : 0;
}

static int64_t nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

struct round {
    struct tree *tree;
    const struct sights *before, *arrivals;
    struct sights now, ready;
    int64_t wall, clock;
    int64_t again;
};

static void look_again_in(struct round *round, int64_t wait)
{
    if (round->again < 0 || wait < round->again)
        round->again = wait;
}

/* What is known of the file: from this stat, the last look, and the arrivals in between. Its name is not copied. */
static struct sight known(const struct round *round, size_t place, const char *name, const struct stat *status)
{
    struct sight sight = { .place = place, .name = (char *)name };
    const struct sight *last = sights_find(round->before, place, name);
    sight.inode = status->st_ino;
    sight.size = status->st_size;
    sight.written = nanoseconds(status->st_mtim);
    sight.since = round->clock;
    if (last && last->inode == sight.inode) {
        sight.moved_in = last->moved_in;
        sight.complained = last->complained;
        sight.in_vain = last->in_vain;
        if (last->size == sight.size && last->written == sight.written)
            sight.since = last->since;
    }
    if (sights_find(round->arrivals, place, name))
        sight.moved_in = true;
    return sight;
}

static struct sight *remember(struct round *round, size_t place, const char *name, const struct stat *status)
{
    struct sight *sight = sights_add(&round->now, place, name);
    char *copy = sight->name;
    *sight = known(round, place, name, status);
    sight->name = copy;
    return sight;
}

static void complain(struct sight *sight, const struct tree_place *place, const char *what)
{
    if (!sight->complained)
        log_warning("spool: %s/%s: %s", place->path, sight->name, what);
    sight->complained = true;
}

static bool is_profile(const struct tree *tree, const char *name)
{
    for (size_t i = 1; i < tree->place_count; i++)
        if (strcmp(tree->places[i].profile, name) == 0)
            return true;
    return false;
}

static void refuse(struct round *round, struct sight *sight, const char *why)
{
    const struct tree_place *place = &round->tree->places[sight->place];
    int code = final_refuse(round->tree, place->fd, sight->name, sight->name, why);
    if (code)
        complain(sight, place, strerror(-code));
    else
        log_warning("spool: %s/%s: refused: %s", place->path, sight->name, why);
}

/* It stays until its feed comes. */
static void look_at_sidecar(struct round *round, size_t index, struct sight *sight)
{
    const struct tree_place *place = &round->tree->places[index];
    char *feed = mem_string_n(sight->name, names_base_length(sight->name));
    int64_t left = ALONE_MS - (round->clock - sight->since);
    if (!tree_exists(place->fd, feed) && left <= 0)
        complain(sight, place,
                 "a sidecar without its feed for an hour: the feed's name is this one without " NAMES_SIDECAR);
    else if (left > 0)
        look_again_in(round, left);
    free(feed);
}

/* For how long the sidecar of the feed NAME, where it has one, is to be waited for. It should have been there first; it may still be written. */
static int64_t sidecar_wait(const struct round *round, size_t index, const char *name)
{
    struct stat status;
    char *beside = mem_format("%s" NAMES_SIDECAR, name);
    int64_t wait = 0;
    if (!fstatat(round->tree->places[index].fd, beside, &status, AT_SYMLINK_NOFOLLOW) && S_ISREG(status.st_mode)) {
        struct sight sight = known(round, index, beside, &status);
        wait = look_wait(&sight, round->wall, round->clock, round->tree->quiet);
    }
    free(beside);
    return wait;
}

static void look_at(struct round *round, size_t index, const char *name)
{
    const struct tree_place *place = &round->tree->places[index];
    struct stat status;
    if (names_is_ignored(name) || fstatat(place->fd, name, &status, AT_SYMLINK_NOFOLLOW))
        return; /* gone again, or none of our business */
    if (S_ISDIR(status.st_mode) && index == 0 && is_profile(round->tree, name))
        return;
    struct sight *sight = remember(round, index, name, &status);
    if (S_ISDIR(status.st_mode)) {
        complain(sight, place, "a directory, but no profile is called so: left alone");
        return;
    }
    if (names_is_sidecar(name)) {
        look_at_sidecar(round, index, sight);
        return;
    }
    int64_t wait = S_ISREG(status.st_mode) ? look_wait(sight, round->wall, round->clock, round->tree->quiet) : 0;
    if (!wait)
        wait = sidecar_wait(round, index, name);
    int64_t next_try = sight->in_vain ? sight->in_vain + NEXT_TRY_MS - round->clock : 0;
    if (next_try > wait)
        wait = next_try;
    if (wait) {
        look_again_in(round, wait);
        return;
    }
    const char *why = names_flaw(name);
    if (!why)
        why = tree_status_flaw(round->tree, &status);
    if (why)
        refuse(round, sight, why);
    else if (status.st_nlink >
             1) /* someone may have dropped a file that he cannot read; some programs link and then unlink */
        complain(sight, place, "it has other names (hard links): taken when it has none");
    else
        sights_add(&round->ready, index, name)->written = sight->written;
}

static void look_through(struct round *round, size_t index)
{
    struct tree_place *place = &round->tree->places[index];
    int code = tree_renew(round->tree, place);
    if (code) {
        log_error("spool: %s: %s", place->path, strerror(-code));
        return;
    }
    int fd = openat(place->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (!directory) {
        log_error("spool: %s: %s", place->path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(directory)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            look_at(round, index, entry->d_name);
    closedir(directory);
}

static int compare_writes(const void *left, const void *right)
{
    const struct sight *a = left, *b = right;
    if (a->written != b->written)
        return a->written < b->written ? -1 : 1;
    return compare(a, b);
}

static void take_ready(struct round *round, int (*ready)(void *context, size_t place, const char *name), void *context)
{
    if (round->ready.count)
        qsort(round->ready.items, round->ready.count, sizeof *round->ready.items, compare_writes);
    if (round->ready.count > TAKEN_AT_ONCE)
        look_again_in(round, 0);
    for (size_t i = 0; i < round->ready.count && i < TAKEN_AT_ONCE; i++) {
        const struct sight *one = &round->ready.items[i];
        int code = ready(context, one->place, one->name);
        if (!code)
            continue;
        struct sight *sight = sights_find(&round->now, one->place, one->name);
        char *what = mem_format("cannot be taken, and is tried again: %s", strerror(-code));
        complain(sight, &round->tree->places[one->place], what);
        free(what);
        sight->in_vain = round->clock;
        look_again_in(round, NEXT_TRY_MS);
    }
}

int64_t look(struct tree *tree, struct sights *before, const struct sights *arrivals, int64_t wall, int64_t now,
             int (*ready)(void *context, size_t place, const char *name), void *context)
{
    struct round round = {
        .tree = tree, .before = before, .arrivals = arrivals, .wall = wall, .clock = now, .again = -1
    };
    for (size_t i = 0; i < tree->place_count; i++)
        look_through(&round, i);
    sights_settle(&round.now);
    take_ready(&round, ready, context);
    sights_free(&round.ready);
    sights_free(before);
    *before = round.now;
    return round.again;
}
