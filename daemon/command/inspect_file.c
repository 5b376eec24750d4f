#include "daemon/command/inspect_file.h"

#include "daemon/base/buf.h"
#include "daemon/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

json_t *inspect_text(const char *text)
{
    json_t *string = json_string(text);
    if (string)
        return string;
    char *copy = mem_string(text);
    for (char *c = copy; *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    string = json_string(copy);
    free(copy);
    return string;
}

static int read_file(const char *path, struct buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), code = 0;
    if (fd < 0)
        return -errno;
    for (;;) {
        buf_reserve(out, 65536);
        ssize_t length = read(fd, out->data + out->length, 65536);
        if (length < 0 && errno == EINTR)
            continue;
        if (length <= 0) {
            code = length < 0 ? -errno : 0;
            break;
        }
        out->length += (size_t)length;
    }
    close(fd);
    return code;
}

static int inspect_file(const char *path, inspect_describe *describe, void *context)
{
    struct buf data = BUF_EMPTY;
    int code = read_file(path, &data);
    if (code) {
        fprintf(stderr, "tocsin: %s: %s\n", path, strerror(-code));
        buf_free(&data);
        return EX_NOINPUT;
    }
    json_t *object = json_object();
    json_object_set_new(object, "file", inspect_text(path));
    describe(context, object, data.data, data.length);
    json_dumpf(object, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(object);
    buf_free(&data);
    return EX_OK;
}

int inspect_files(char **paths, int count, inspect_describe *describe, void *context)
{
    int code = EX_OK;
    for (int i = 0; i < count; i++)
        if (inspect_file(paths[i], describe, context))
            code = EX_NOINPUT;
    return code;
}
