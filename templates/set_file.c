#include "templates/set_file.h"

#include "daemon/base/buf.h"
#include "daemon/base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE (256 << 10)
#define FILES_MAX 2000 /* in all directories: a person wrote them */

/* ---- Reading --------------------------------------------------------------------------------------------------------------------------- */

static int failed(struct error *error, int number, const char *path)
{
    return error_set(error, -number, "%s: %s", path, strerror(number));
}

static int read_all(int fd, const char *path, struct buf *out, struct error *error)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return failed(error, errno, path);
    if (!S_ISREG(status.st_mode))
        return error_set(error, -EINVAL, "%s: not a regular file", path);
    for (;;) {
        buf_reserve(out, 16384);
        ssize_t got = read(fd, out->data + out->length, 16384);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failed(error, errno, path);
        if (got == 0)
            break;
        out->length += (size_t)got;
        if (out->length > MAX_FILE)
            return error_set(error, -EFBIG, "%s: larger than %d KiB", path, MAX_FILE >> 10);
    }
    buf_truncate(out, out->length);
    return 0;
}

static int read_file(const char *path, char **text, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return failed(error, errno, path);
    struct buf content = BUF_EMPTY;
    int result = read_all(fd, path, &content, error);
    close(fd);
    if (result == 0 && content.length && memchr(content.data, '\0', content.length))
        result = error_set(error, -EINVAL, "%s:1:1: not a text file in UTF-8, or too large", path);
    if (result == 0)
        *text = buf_take(&content);
    buf_free(&content);
    return result;
}

/* ---- Names ------------------------------------------------------------------------------------------------------------------------------ */

/* The length of FILE's name before the last dot that is followed by ENDING, or 0. */
static size_t before(const char *file, const char *ending)
{
    size_t length = strlen(file), end = strlen(ending);
    return length > end && strcmp(file + length - end, ending) == 0 ? length - end : 0;
}

/* The length of the tag that the LENGTH bytes at STEM end in, behind a dot; 0: none. */
static size_t language_at_end(const char *stem, size_t length)
{
    const char *dot = memrchr(stem, '.', length);
    size_t tag = dot ? (size_t)(stem + length - dot) - 1 : 0, first = 0;
    while (first < tag && dot[1 + first] != '-')
        first++;
    bool is = (first == 2 || first == 3) && strspn(dot + 1, "0123456789") == 0 && language_is_tag(dot + 1, tag);
    return is && dot > stem ? tag : 0;
}

static bool is_plain(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-");
    return length > 0 && length <= 100 && !name[length] && name[0] != '.';
}

/* Take FILE's name apart; false: it is none of ours. */
static bool take_name(struct set_file *file, const char *base)
{
    static const struct {
        const char *ending;
        enum set_kind kind;
    } kinds[] = { { ".txt", SET_TEMPLATE }, { ".mustache", SET_PARTIAL }, { ".html", SET_HTML } };
    size_t length = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !length; i++) {
        length = before(base, kinds[i].ending);
        file->kind = kinds[i].kind;
    }
    if (!length || *base == '.')
        return false;
    size_t tag = language_at_end(base, length);
    file->has_language = tag > 0;
    if (tag)
        language_write(base + length - tag, tag, file->language);
    char *name = mem_string_n(base, tag ? length - tag - 1 : length);
    if (is_plain(name)) {
        file->name = name;
        return true;
    }
    free(name);
    file->wrong = mem_format("%s: a template's name is made of a-z, 0-9, '.' and '-'", file->path);
    return true;
}

/* ---- Directories ------------------------------------------------------------------------------------------------------------------------ */

static struct set_file *append(struct set_file **files, size_t *count)
{
    *files = mem_resize(*files, *count + 1, sizeof **files);
    struct set_file *file = &(*files)[(*count)++];
    *file = (struct set_file){ .text = NULL };
    return file;
}

static void take_file(const char *directory, const char *base, struct set_file **files, size_t *count)
{
    struct set_file file = { .path = mem_format("%s/%s", directory, base) };
    struct error error = { "" };
    if (*count >= FILES_MAX || !take_name(&file, base)) {
        free(file.path);
        return;
    }
    if (file.name && read_file(file.path, &file.text, &error))
        file.wrong = mem_string(error.text);
    *append(files, count) = file;
}

void set_files_read(const char *directory, struct set_file **files, size_t *count)
{
    struct dirent **entries = NULL;
    int found = scandir(directory, &entries, NULL, alphasort);
    if (found < 0 && errno != ENOENT && errno != ENOTDIR) {
        int number = errno;
        struct set_file *file = append(files, count);
        file->kind = SET_PARTIAL;
        file->path = mem_string(directory);
        file->wrong = mem_format("%s: %s", directory, strerror(number));
    }
    for (int i = 0; i < found; i++) {
        take_file(directory, entries[i]->d_name, files, count);
        free(entries[i]);
    }
    free(entries);
}

void set_files_free(struct set_file *files, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(files[i].path);
        free(files[i].name);
        free(files[i].text);
        free(files[i].wrong);
    }
    free(files);
}

/* ---- Languages -------------------------------------------------------------------------------------------------------------------------- */

/* The value of `language:` in the front matter of TEXT, *LENGTH bytes in *LINE, or NULL. Whether it is a good one the parser says. */
static const char *stated_language(const char *text, size_t *length, int *line)
{
    static const char key[] = "language:";
    *line = 1;
    for (const char *at = text; *at; ++*line) {
        size_t size = strcspn(at, "\n"), skip = sizeof key - 1;
        if (*line > 1 && strncmp(at, "---", 3) == 0)
            return NULL;
        if (strncmp(at, key, skip) == 0) {
            skip += strspn(at + skip, " \t\"'");
            *length = strcspn(at + skip, " \t\"'\r\n");
            return at + skip;
        }
        at += size + (at[size] == '\n');
    }
    return NULL;
}

int set_file_language(const struct set_file *file, char out[static LANGUAGE_SIZE], struct error *error)
{
    size_t length = 0;
    int line;
    const char *stated = stated_language(file->text ? file->text : "", &length, &line);
    bool good = stated && language_is_tag(stated, length);
    strcpy(out, file->has_language ? file->language : "en");
    if (good && !file->has_language)
        language_write(stated, length, out);
    if (!good || !file->has_language || (strlen(out) == length && strncasecmp(out, stated, length) == 0))
        return 0;
    return error_set(error, -EINVAL, "%s:%d:1: the language is %.*s here, and %s in the file's name", file->path, line,
                     (int)length, stated, out);
}
