#include "daemon/bounce/maildir_look.h"

#include "daemon/base/log.h"
#include "daemon/base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The open directories. They are opened by name each time: whoever makes them anew needs not tell us. */
struct place {
    int new, cur;
};

static void trouble(struct maildir_look *look, const char *what)
{
    snprintf(look->trouble, sizeof look->trouble, "%s/%s: %s", look->path, what, strerror(errno));
}

static int open_directory(struct maildir_look *look, const char *name)
{
    char *path = mem_format("%s/%s", look->path, name);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* A mail that could not be moved on would be taken again and again. */
    if (fd >= 0 && faccessat(fd, ".", W_OK | X_OK, AT_EACCESS)) {
        close(fd);
        fd = -1;
    }
    if (fd < 0)
        trouble(look, name);
    free(path);
    return fd;
}

/* ---- What stays ----------------------------------------------------------------------------------------------------------------------- */

static struct maildir_kept *find_kept(const struct maildir_look *look, const char *name)
{
    for (size_t i = 0; i < look->kept_count; i++)
        if (strcmp(look->kept[i].name, name) == 0)
            return &look->kept[i];
    return NULL;
}

static void drop_kept(struct maildir_look *look, struct maildir_kept *kept)
{
    free(kept->name);
    *kept = look->kept[--look->kept_count];
}

/* NAME stays for now; WHY is said once. */
static void keep(struct maildir_look *look, const char *name, bool committed, const char *why)
{
    struct maildir_kept *kept = find_kept(look, name);
    if (!kept) {
        if (look->kept_count == MAILDIR_KEPT_MAX) {
            snprintf(look->trouble, sizeof look->trouble, "%s/new: more than %d files there cannot be taken",
                     look->path, MAILDIR_KEPT_MAX);
            return;
        }
        log_warning("maildir: %s/new/%s: %s; it stays there, and is tried again", look->path, name, why);
        look->kept = mem_resize(look->kept, look->kept_count + 1, sizeof *look->kept);
        kept = &look->kept[look->kept_count++];
        kept->name = mem_string(name);
    }
    kept->committed = committed;
    kept->tried = kept->there = true;
}

void maildir_look_begin(struct maildir_look *look)
{
    for (size_t i = 0; i < look->kept_count; i++)
        look->kept[i].tried = look->kept[i].there = false;
}

/* ---- Moving on ------------------------------------------------------------------------------------------------------------------------ */

/* As renameat(2), but what is there already stays: -EEXIST. */
static int move(const struct place *place, const char *name, const char *target)
{
    if (!renameat2(place->new, name, place->cur, target, RENAME_NOREPLACE))
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -errno;
    /* A file system that cannot promise it. */
    if (linkat(place->new, name, place->cur, target, 0))
        return -errno;
    return unlinkat(place->new, name, 0) ? -errno : 0;
}

/* The name in cur/, which mail readers show as read: NAME:2,S, or, the TRY after the first, NAME.TRY:2,S. */
static char *name_in_cur(const char *name, unsigned try)
{
    const char *flags = strstr(name, ":2,");
    int length = (int)(flags ? (size_t)(flags - name) : strlen(name)), most = NAME_MAX - (int)strlen(".99:2,S");
    if (!try)
        return mem_format("%s%s", name, flags || length > NAME_MAX - (int)strlen(":2,S") ? "" : ":2,S");
    return mem_format("%.*s.%u:2,S", length < most ? length : most, name, try);
}

#define NAMES_TRIED 100

/* Names are to be unique, but who delivers may have begun to count anew. */
static void move_on(struct maildir_look *look, const struct place *place, const char *name)
{
    struct maildir_kept *kept = find_kept(look, name);
    int status = -EEXIST;
    for (unsigned try = 0; status == -EEXIST && try < NAMES_TRIED; try++) {
        char *target = name_in_cur(name, try);
        status = move(place, name, target);
        free(target);
    }
    if (!status || status == -ENOENT) {
        if (kept)
            drop_kept(look, kept);
    } else {
        errno = -status;
        if (!look->trouble[0])
            trouble(look, "cur");
        keep(look, name, true, "cannot be moved to cur/");
    }
}

/* False: none of them was committed. Then the store takes nothing now, which is said elsewhere; one among others is a mail that it cannot take. */
static bool settle(struct maildir_look *look, const struct place *place)
{
    bool any = !look->count;
    for (size_t i = 0; i < look->count; i++)
        any = any || look->mails[i].committed;
    for (size_t i = 0; i < look->count; i++) {
        if (look->mails[i].committed)
            move_on(look, place, look->mails[i].name);
        else if (any)
            keep(look, look->mails[i].name, false, "the store did not take it");
        free(look->mails[i].name);
        free(look->mails[i].data);
    }
    look->count = 0;
    return any;
}

/* ---- Reading -------------------------------------------------------------------------------------------------------------------------- */

static int read_some(int fd, size_t most, struct maildir_mail *mail)
{
    size_t room = 0;
    ssize_t got = 1;
    while (got > 0 && mail->length < most) {
        if (mail->length == room) {
            room = room ? room * 4 : 16384;
            mail->data = mem_resize(mail->data, room < most ? room : most, 1);
        }
        got = read(fd, mail->data + mail->length, (room < most ? room : most) - mail->length);
        if (got > 0)
            mail->length += (size_t)got;
    }
    return got < 0 ? -errno : 0;
}

/* Whatever stands in new/ is a stranger's: no link is followed, and nothing is waited for. */
static int read_mail(const struct maildir_look *look, const struct place *place, struct maildir_mail *mail)
{
    struct stat status;
    int fd = openat(place->new, mail->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int code = fstat(fd, &status) ? -errno : S_ISREG(status.st_mode) ? 0 : -EMEDIUMTYPE;
    if (!code)
        code = read_some(fd, look->max_message, mail);
    close(fd);
    return code;
}

static void take(struct maildir_look *look, const struct place *place, const char *name)
{
    struct maildir_mail mail = { .name = mem_string(name) };
    int code = read_mail(look, place, &mail);
    if (!code) {
        struct maildir_kept *kept = find_kept(look, name);
        if (kept)
            drop_kept(look, kept);
        look->mails[look->count++] = mail;
        return;
    }
    if (code != -ENOENT)
        keep(look, name, false, code == -EMEDIUMTYPE ? "is no plain file" : strerror(-code));
    free(mail.name);
    free(mail.data);
}

/* One of the directory's entries. */
static void consider(struct maildir_look *look, const struct place *place, const char *name)
{
    struct maildir_kept *kept = find_kept(look, name);
    if (name[0] == '.')
        return;
    if (kept && kept->tried)
        kept->there = true;
    else if (kept && kept->committed)
        move_on(look, place, name);
    else
        take(look, place, name);
}

static bool is_full(const struct maildir_look *look)
{
    size_t bytes = 0;
    for (size_t i = 0; i < look->count; i++)
        bytes += look->mails[i].length;
    return look->count == MAILDIR_BATCH || bytes >= look->max_message;
}

/* What is no longer there need not be remembered. */
static void forget(struct maildir_look *look)
{
    for (size_t i = look->kept_count; i-- > 0;)
        if (!look->kept[i].there)
            drop_kept(look, &look->kept[i]);
}

static void list(struct maildir_look *look, const struct place *place)
{
    int fd = fcntl(place->new, F_DUPFD_CLOEXEC, 0);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry = NULL;
    if (!directory) {
        trouble(look, "new");
        if (fd >= 0)
            close(fd);
        return;
    }
    while (!is_full(look) && (errno = 0, entry = readdir(directory)))
        consider(look, place, entry->d_name);
    if (!entry && errno)
        trouble(look, "new");
    else if (!entry)
        forget(look);
    closedir(directory);
}

void maildir_look_on(struct maildir_look *look, bool last)
{
    struct place place = { -1, -1 };
    look->trouble[0] = '\0';
    place.new = open_directory(look, "new");
    if (place.new >= 0)
        place.cur = open_directory(look, "cur");
    bool taken = settle(look, &place);
    if (taken && !look->trouble[0] && !last) {
        fstat(place.new, &look->identity);
        list(look, &place);
    }
    if (place.new >= 0)
        close(place.new);
    if (place.cur >= 0)
        close(place.cur);
}

void maildir_look_clear(struct maildir_look *look)
{
    for (size_t i = 0; i < look->count; i++) {
        free(look->mails[i].name);
        free(look->mails[i].data);
    }
    while (look->kept_count)
        drop_kept(look, &look->kept[look->kept_count - 1]);
    free(look->kept);
}
