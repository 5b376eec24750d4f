#include "daemon/spool/tree.h"

#include "daemon/base/log.h"
#include "daemon/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define INCOMING_MODE 03770 /* group-writable, the group inherited, and nobody removes what another dropped */
#define OWN_MODE 0750

/* A directory is made without the set-group-ID bit and past the umask: in incoming/ it inherits the bit, and then nothing is left to change. A service
 * manager that forbids setting such bits (RestrictSUIDSGID=) forbids chmod and mkdir with them, too. The umask is the process's; a file that another
 * thread makes in this moment is one that our group may write. */
static int make_directory(int directory, const char *name, mode_t mode)
{
    mode_t before = umask(0007);
    int status = mkdirat(directory, name, mode & ~(mode_t)S_ISGID);
    umask(before);
    return status;
}

static bool has_mode(int fd, mode_t mode)
{
    struct stat status;
    return !fstat(fd, &status) && (status.st_mode & 07777) == mode;
}

/* Open DIRECTORY/NAME, made with MODE if it is missing. Where it is there, its mode is the administrator's business. */
static int open_directory(int directory, const char *name, mode_t mode, bool *made)
{
    bool is_new = make_directory(directory, name, mode) == 0;
    if (!is_new && errno != EEXIST)
        return -errno;
    int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (is_new && !has_mode(fd, mode) && fchmod(fd, mode)) /* a file system without such bits does without */
        log_debug("spool: %s: mode %o: %s", name, (unsigned)mode, strerror(errno));
    if (made)
        *made = is_new;
    return fd;
}

/* Members of the group may drop files. Without the right to give the directory to the group, that is the administrator's to do. */
static void give_to_group(int fd, const char *name)
{
    char buffer[16384];
    struct group group, *found = NULL;
    if (!name || !*name || getgrnam_r(name, &group, buffer, sizeof buffer, &found) || !found)
        return;
    if (fchown(fd, (uid_t)-1, found->gr_gid))
        log_debug("spool: incoming: group %s: %s", name, strerror(errno));
    else if (fchmod(fd, INCOMING_MODE)) /* chown takes the set-group-ID bit away */
        log_debug("spool: incoming: %s", strerror(errno));
}

/* A descriptor or -errno. */
static int open_incoming(const struct tree *tree)
{
    bool made = false;
    int fd = open_directory(tree->spool, "incoming", INCOMING_MODE, &made);
    if (fd >= 0 && made)
        give_to_group(fd, tree->group);
    return fd;
}

/* Does NAME still lead to the directory that is open as FD? It may have been removed, and made again, and renamed. */
static bool is_open(int fd, int parent, const char *name)
{
    struct stat open_one, named;
    return fd >= 0 && !fstat(fd, &open_one) && !fstatat(parent, name, &named, AT_SYMLINK_NOFOLLOW) &&
           open_one.st_dev == named.st_dev && open_one.st_ino == named.st_ino;
}

/* incoming/ itself is the first place; those in it are of its group already (setgid). */
int tree_renew(struct tree *tree, struct tree_place *place)
{
    bool first = place == tree->places;
    int parent = first ? tree->spool : tree->places[0].fd;
    const char *name = first ? "incoming" : place->profile;
    if (is_open(place->fd, parent, name))
        return 0;
    if (place->fd >= 0)
        close(place->fd);
    place->fd = first ? open_incoming(tree) : open_directory(parent, name, INCOMING_MODE, NULL);
    int code = place->fd < 0 ? place->fd : 0;
    if (code)
        place->fd = -1;
    else
        tree->renewed = true;
    return code;
}

static int open_place(struct tree *tree, const char *profile, struct error *error)
{
    struct tree_place *place = &tree->places[tree->place_count];
    place->path =
        tree->place_count ? mem_format("%s/incoming/%s", tree->root, profile) : mem_format("%s/incoming", tree->root);
    place->profile = mem_string(profile);
    place->fd = -1;
    tree->place_count++;
    int code = tree_renew(tree, place);
    return code ? error_set(error, code, "%s: %s", place->path, strerror(-code)) : 0;
}

static int open_profile(struct tree *tree, const char *profile, struct error *error)
{
    int processing = tree_processing(tree, profile);
    if (processing < 0)
        return error_set(error, processing, "%s/processing/%s: %s", tree->root, profile, strerror(-processing));
    close(processing);
    return open_place(tree, profile, error);
}

static int open_places(struct tree *tree, const struct config *config, struct error *error)
{
    tree->places = mem_zero(config->profile_count + 1, sizeof *tree->places);
    int code = open_place(tree, "default", error);
    for (size_t i = 0; !code && i < config->profile_count; i++)
        code = open_profile(tree, config->profiles[i].name, error);
    tree->renewed = false;
    return code;
}

static bool has_place(const struct tree *tree, const char *profile)
{
    for (size_t i = 1; i < tree->place_count; i++)
        if (strcmp(tree->places[i].profile, profile) == 0)
            return true;
    return false;
}

static void drop_place(struct tree *tree)
{
    struct tree_place *place = &tree->places[--tree->place_count];
    if (place->fd >= 0)
        close(place->fd);
    free(place->path);
    free(place->profile);
}

/* A directory that was made for a configuration that is refused after all stays: it is empty, and of use the next time. */
int tree_reload(struct tree *tree, const struct config *config, struct error *error)
{
    size_t before = tree->place_count;
    int code = 0;
    tree->places = mem_resize(tree->places, before + config->profile_count, sizeof *tree->places);
    for (size_t i = 0; !code && i < config->profile_count; i++)
        if (!has_place(tree, config->profiles[i].name))
            code = open_profile(tree, config->profiles[i].name, error);
    while (code && tree->place_count > before)
        drop_place(tree);
    if (code)
        return code;
    tree->group = config->access.submit_group;
    tree->quiet = config->spool.quiet;
    tree->max_file = config->spool.max_file;
    return 0;
}

/* The spool's own directory may be reached through a symbolic link: it is the administrator's. What is below may not. */
static int open_parts(struct tree *tree, struct error *error)
{
    const struct {
        const char *name;
        int *fd;
    } parts[] = { { "processing", &tree->processing }, { "done", &tree->done }, { "failed", &tree->failed } };
    if (mkdir(tree->root, 0755) && errno != EEXIST)
        return error_set(error, -errno, "%s: %s", tree->root, strerror(errno));
    tree->spool = open(tree->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (tree->spool < 0)
        return error_set(error, -errno, "%s: %s", tree->root, strerror(errno));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        *parts[i].fd = open_directory(tree->spool, parts[i].name, OWN_MODE, NULL);
        if (*parts[i].fd < 0)
            return error_set(error, *parts[i].fd, "%s/%s: %s", tree->root, parts[i].name, strerror(-*parts[i].fd));
    }
    return 0;
}

/* Another daemon with a store of its own would take our files in processing/ for what it left there itself, and mail everybody again. */
static int lock(const struct tree *tree, struct error *error)
{
    if (!flock(tree->processing, LOCK_EX | LOCK_NB))
        return 0;
    int code = errno == EWOULDBLOCK ? -EEXIST : -errno;
    return error_set(error, code, "%s/processing: %s", tree->root,
                     code == -EEXIST ? "another tocsind has this spool open" : strerror(-code));
}

int tree_open(struct tree *tree, const struct config *config, struct error *error)
{
    *tree = (struct tree){ .root = mem_string(config->paths.spool),
                           .group = config->access.submit_group,
                           .spool = -1,
                           .processing = -1,
                           .done = -1,
                           .failed = -1,
                           .quiet = config->spool.quiet,
                           .max_file = config->spool.max_file };
    int code = open_parts(tree, error);
    if (!code)
        code = lock(tree, error);
    if (!code)
        code = open_places(tree, config, error);
    if (code)
        tree_close(tree);
    return code;
}

void tree_close(struct tree *tree)
{
    const int fds[] = { tree->spool, tree->processing, tree->done, tree->failed };
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    for (size_t i = 0; i < tree->place_count; i++) {
        if (tree->places[i].fd >= 0)
            close(tree->places[i].fd);
        free(tree->places[i].profile);
        free(tree->places[i].path);
    }
    free(tree->places);
    free(tree->root);
    *tree = (struct tree){ .spool = -1, .processing = -1, .done = -1, .failed = -1 };
}

int tree_processing(const struct tree *tree, const char *profile)
{
    return open_directory(tree->processing, profile, OWN_MODE, NULL);
}

/* ---- Stamps ----------------------------------------------------------------------------------------------------------------------------- */

/* A claim that went before keeps its link for as long as its file is there; one that is on its way may be of any profile, and its link will be
 * asked for the stamp alone. */
static bool is_stamped(const struct tree *tree, const char *stamp)
{
    char link[NAMES_STAMP_LENGTH + 2];
    snprintf(link, sizeof link, ".%s", stamp);
    return tree_exists(tree->done, link) || tree_exists(tree->failed, link);
}

/* Microseconds, and never the same twice, though the clock be set back. */
void tree_stamp(struct tree *tree, char out[NAMES_STAMP_LENGTH + 1])
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t stamp = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
    if (stamp <= tree->last_stamp)
        stamp = tree->last_stamp + 1;
    names_stamp(stamp, out);
    while (is_stamped(tree, out))
        names_stamp(++stamp, out);
    tree->last_stamp = stamp;
}

/* ---- Files ------------------------------------------------------------------------------------------------------------------------------ */

const char *tree_status_flaw(const struct tree *tree, const struct stat *status)
{
    if (S_ISLNK(status->st_mode))
        return "it is a symbolic link: drop the file itself";
    if (!S_ISREG(status->st_mode))
        return "it is no regular file";
    if (status->st_size > tree->max_file)
        return "it is larger than spool.max_file allows: split it, or raise the limit";
    return NULL;
}

int tree_move(int from, const char *name, int to, const char *new_name)
{
    if (renameat2(from, name, to, new_name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -errno;
    /* A file system that cannot promise it: nobody but us writes in the directories that we move to. */
    if (tree_exists(to, new_name))
        return -EEXIST;
    return renameat(from, name, to, new_name) ? -errno : 0;
}

int tree_write(int directory, const char *name, const char *text)
{
    char *temporary = mem_format(".%s.tmp", name);
    size_t length = strlen(text), done = 0;
    int fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640), code = 0;
    if (fd < 0)
        code = -errno;
    while (!code && done < length) {
        ssize_t size = write(fd, text + done, length - done);
        if (size > 0)
            done += (size_t)size;
        else if (errno != EINTR)
            code = -errno;
    }
    if (!code && fsync(fd))
        code = -errno;
    if (fd >= 0)
        close(fd);
    if (!code && renameat(directory, temporary, directory, name))
        code = -errno;
    if (code)
        unlinkat(directory, temporary, 0);
    free(temporary);
    return code;
}

char *tree_read(int directory, const char *name, size_t limit)
{
    struct stat status;
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    char *text = NULL;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= (off_t)limit) {
        text = mem_alloc(limit + 1);
        ssize_t size = read(fd, text, limit);
        text[size > 0 ? size : 0] = '\0';
    }
    close(fd);
    return text;
}

bool tree_exists(int directory, const char *name)
{
    struct stat status;
    return !fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) || errno != ENOENT;
}

char *tree_owner(const struct stat *status)
{
    char buffer[16384];
    struct passwd user, *found = NULL;
    if (getpwuid_r(status->st_uid, &user, buffer, sizeof buffer, &found) == 0 && found)
        return mem_string(found->pw_name);
    return mem_format("%u", (unsigned)status->st_uid);
}
