#include "daemon/loader.h"

#include "daemon/base/crash.h"
#include "daemon/base/inbox.h"
#include "daemon/base/mem.h"
#include "daemon/base/outbox.h"
#include "daemon/base/thread.h"
#include "daemon/feed/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One is filled while the store takes in the other. */
#define CHUNKS 2
#define BLOCK 65536
/* The row as it was, in NAME.rejected: longer ones are cut there. */
#define ROW_SHOWN 4096

struct loader {
    struct queue *queue;
    struct inbox *jobs;
    struct inbox *home; /* empty chunks, and those that come back from the store */
    struct outbox *done;
    pthread_t thread;
};

struct job {
    struct inbox_item item;
    bool parse;
    struct load load;
    struct load_result result;
    struct error error;
    loader_done *done;
    void *context;
};

/* ---- Hashing ------------------------------------------------------------------------------------------------------------------------ */

static EVP_MD_CTX *hash_begin(void)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
    return hash;
}

/* As read(2), into BLOCK; RESULT counts. */
static ssize_t read_hashed(int fd, char block[BLOCK], EVP_MD_CTX *hash, struct load_result *result)
{
    ssize_t got = read(fd, block, BLOCK);
    if (got > 0) {
        EVP_DigestUpdate(hash, block, (size_t)got);
        result->size += got;
    }
    return got;
}

/* Frees HASH. */
static void hash_end(EVP_MD_CTX *hash, struct load_result *result)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_DigestFinal_ex(hash, digest, &length);
    EVP_MD_CTX_free(hash);
    for (unsigned i = 0; i < 32; i++)
        snprintf(result->hash + 2 * (size_t)i, 3, "%02x", digest[i]);
}

static int hash_fd(int fd, struct load_result *result)
{
    char block[BLOCK];
    ssize_t got;
    EVP_MD_CTX *hash = hash_begin();
    while ((got = read_hashed(fd, block, hash, result)) > 0)
        ;
    int status = got < 0 ? -errno : 0;
    hash_end(hash, result);
    return status;
}

/* Whoever dropped the file may have it open still, and write on. The rows are of use only if they are those that HASH names: by it the same file is known
 * again, and a load is resumed in the middle. */
static int compare(struct job *job)
{
    const struct load *load = &job->load;
    const struct load_result *result = &job->result;
    if (result->size == load->size && strcmp(result->hash, load->hash) == 0)
        return 0;
    return error_set(&job->error, -ESTALE,
                     "it was changed while it was read: %lld bytes when it was taken, %lld%s when they were loaded; "
                     "nothing of it stays: write the file elsewhere, and move it here when it is whole",
                     (long long)load->size, (long long)result->size, result->size == load->size ? " others" : "");
}

/* ---- Parsing ------------------------------------------------------------------------------------------------------------------------ */

struct parse {
    struct loader *loader;
    struct job *job;
    struct queue_chunk *chunk;
    FILE *rejected;
    int status;
};

static struct queue_chunk *chunk_home(struct parse *parse)
{
    struct queue_chunk *chunk = (struct queue_chunk *)inbox_pop(parse->loader->home, -1);
    int status = queue_chunk_reset(chunk);
    if (status && !parse->status)
        parse->status =
            error_set(&parse->job->error, status, "the store refused a part of the file: %s", strerror(-status));
    return chunk;
}

static void push(struct parse *parse)
{
    struct queue_chunk *next = chunk_home(parse); /* one at a time: each builds on what those before it have left */
    crash_point("spool-chunk");
    queue_chunk_push(parse->loader->queue, parse->chunk, parse->job->load.file);
    parse->chunk = next;
}

static int on_incident(void *context, const struct incident *incident)
{
    struct parse *parse = context;
    parse->job->result.rows++;
    if (inbox_closed(parse->loader->jobs))
        return -ECANCELED;
    if (incident->line <= parse->job->load.resume_after)
        return 0;
    if (!queue_chunk_add(parse->chunk, incident)) {
        push(parse);
        queue_chunk_add(parse->chunk, incident);
    }
    return parse->status;
}

/* `LINE<TAB>REASON<TAB>ROW`: the row as it was, so that it can be mended and dropped again; only line ends within it are shown as blanks. */
static int on_rejected(void *context, unsigned long line, const char *reason, const char *row, size_t length)
{
    struct parse *parse = context;
    struct job *job = parse->job;
    job->result.rows++;
    job->result.rejected++;
    if (!parse->rejected) {
        parse->rejected = fopen(job->load.rejected_path, "we");
        if (!parse->rejected)
            return error_set(&job->error, -errno, "%s: %s", job->load.rejected_path, strerror(errno));
    }
    fprintf(parse->rejected, "%lu\t%s\t", line, reason);
    for (size_t i = 0; i < length && i < ROW_SHOWN; i++)
        fputc(row[i] == '\n' || row[i] == '\r' || row[i] == '\0' ? ' ' : row[i], parse->rejected);
    return fputc('\n', parse->rejected) == EOF
               ? error_set(&job->error, -errno, "%s: %s", job->load.rejected_path, strerror(errno))
               : 0;
}

static int close_rejected(struct parse *parse)
{
    if (!parse->rejected)
        return 0;
    int status = fflush(parse->rejected) || fsync(fileno(parse->rejected)) ? -errno : 0;
    if (fclose(parse->rejected) && !status)
        status = -errno;
    return status ? error_set(&parse->job->error, status, "%s: %s", parse->job->load.rejected_path, strerror(-status))
                  : 0;
}

static int feed_blocks(struct feed *feed, int fd, struct job *job)
{
    char block[BLOCK];
    ssize_t got = 0;
    int status = 0;
    EVP_MD_CTX *hash = hash_begin();
    while (!status && (got = read_hashed(fd, block, hash, &job->result)) > 0)
        status = feed_push(feed, block, (size_t)got, &job->error);
    if (!status && got < 0)
        status = error_set(&job->error, -errno, "%s", strerror(errno));
    hash_end(hash, &job->result);
    if (!status)
        status = compare(job); /* first: a file that was cut off may seem malformed */
    return status ? status : feed_finish(feed, &job->error);
}

static struct feed *open_feed(const struct load *load, struct parse *parse)
{
    const struct config_profile *profile = load->profile;
    static const struct feed_sink sink = { .incident = on_incident, .rejected = on_rejected };
    struct feed_column *columns = mem_zero(profile->column_count, sizeof *columns);
    for (size_t i = 0; i < profile->column_count; i++)
        columns[i] = (struct feed_column){ profile->columns[i].column, profile->columns[i].field };
    struct feed_options options = {
        .format = profile->format,
        .columns = columns,
        .column_count = profile->column_count,
        .no_header = !profile->header,
        .encoding = profile->encoding,
        .received = load->received,
        .default_type = profile->type,
        .file_name = load->name,
    };
    struct feed *feed = feed_open(&options, &sink, parse);
    free(columns);
    return feed;
}

static int parse_fd(struct loader *loader, struct job *job, int fd)
{
    struct parse parse = { .loader = loader, .job = job };
    parse.chunk = chunk_home(&parse);
    unlink(job->load.rejected_path); /* of a life that was cut short */
    struct feed *feed = open_feed(&job->load, &parse);
    int status = feed_blocks(feed, fd, job);
    feed_free(feed);
    if (!status && !queue_chunk_empty(parse.chunk))
        push(&parse);
    /* Every chunk home: all rows are committed. */
    struct queue_chunk *chunks[CHUNKS] = { parse.chunk };
    for (int i = 1; i < CHUNKS; i++)
        chunks[i] = chunk_home(&parse);
    for (int i = 0; i < CHUNKS; i++) {
        queue_chunk_rest(chunks[i]);
        inbox_push(loader->home, (struct inbox_item *)chunks[i]);
    }
    int closed = close_rejected(&parse);
    return status ? status : parse.status ? parse.status : closed;
}

/* ---- The thread ---------------------------------------------------------------------------------------------------------------------- */

static void run_job(struct loader *loader, struct job *job)
{
    int fd = open(job->load.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        job->result.status = error_set(&job->error, -errno, "%s: %s", job->load.path, strerror(errno));
        return;
    }
    job->result.status = job->parse ? parse_fd(loader, job, fd) : hash_fd(fd, &job->result);
    close(fd);
    if (job->result.status && !job->error.text[0])
        error_set(&job->error, job->result.status, "%s: %s", job->load.path, strerror(-job->result.status));
}

static void *loader_main(void *argument)
{
    struct loader *loader = argument;
    struct job *job;
    pthread_setname_np(pthread_self(), "loader");
    while ((job = (struct job *)inbox_pop(loader->jobs, -1))) {
        run_job(loader, job);
        outbox_post(loader->done, &job->item);
    }
    return NULL;
}

static void deliver(void *context, struct inbox_item *item)
{
    struct loader *loader = context;
    struct job *job = (struct job *)item;
    job->result.message = job->error.text;
    if (!inbox_closed(loader->jobs))
        job->done(job->context, &job->result);
    free((char *)(uintptr_t)job->load.path);
    free((char *)(uintptr_t)job->load.name);
    free((char *)(uintptr_t)job->load.rejected_path);
    free((char *)(uintptr_t)job->load.hash);
    free(job);
}

static void release(struct loader *loader)
{
    for (struct inbox_item *item = inbox_pop_all(loader->home), *next; item; item = next) {
        next = item->next;
        queue_chunk_free((struct queue_chunk *)item);
    }
    inbox_free(loader->jobs);
    inbox_free(loader->home);
    free(loader);
}

int loader_open(uv_loop_t *loop, struct queue *queue, struct loader **out, struct error *error)
{
    struct loader *loader = mem_zero(1, sizeof *loader);
    loader->queue = queue;
    loader->jobs = inbox_new(0);
    loader->home = inbox_new(0);
    for (int i = 0; i < CHUNKS; i++)
        inbox_push(loader->home, (struct inbox_item *)queue_chunk_new(loader->home));
    loader->done = outbox_open(loop, deliver, loader);
    int status = loader->done ? thread_start(&loader->thread, loader_main, loader, "the loading thread", error)
                              : error_set(error, -errno, "the loading thread: %s", strerror(errno));
    if (!status) {
        *out = loader;
        return 0;
    }
    if (loader->done)
        outbox_close(loader->done);
    release(loader);
    return status;
}

void loader_close(struct loader *loader)
{
    inbox_close(loader->jobs);
    pthread_join(loader->thread, NULL);
    outbox_close(loader->done);
    release(loader);
}

static void add(struct loader *loader, bool parse, const struct load *load, loader_done *done, void *context)
{
    struct job *job = mem_zero(1, sizeof *job);
    job->parse = parse;
    job->load = *load;
    job->load.path = mem_string(load->path);
    job->load.name = mem_string(load->name);
    job->load.rejected_path = mem_string(load->rejected_path);
    job->load.hash = mem_string(load->hash);
    job->done = done;
    job->context = context;
    inbox_push(loader->jobs, &job->item);
}

void loader_hash(struct loader *loader, const struct load *load, loader_done *done, void *context)
{
    add(loader, false, load, done, context);
}

void loader_parse(struct loader *loader, const struct load *load, loader_done *done, void *context)
{
    add(loader, true, load, done, context);
}
