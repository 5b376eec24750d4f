#include "daemon/feed/csv_preamble.h"

#include "daemon/base/mem.h"
#include "daemon/feed/csv_header.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char csv_delimiters[4] = { ',', ';', '\t', '|' };

static void trim(const char **line, size_t *length)
{
    while (*length && isspace((unsigned char)**line)) {
        ++*line;
        --*length;
    }
    while (*length && isspace((unsigned char)(*line)[*length - 1]))
        --*length;
}

bool csv_is_comment(const char *line, size_t length, char delimiter)
{
    trim(&line, &length);
    if (!length)
        return false;
    return *line == '#' || *line == '%' || (*line == ';' && delimiter != ';') ||
           (length > 1 && line[0] == '/' && line[1] == '/');
}

char csv_declared_delimiter(const char *line, size_t length)
{
    trim(&line, &length);
    if (length == 7 && line[0] == '"' && line[6] == '"') {
        line++;
        length -= 2;
    }
    if (length == 3 && strncasecmp(line, "sep", 3) == 0)
        return 0;
    /* The tab of `sep=<TAB>` was trimmed away. */
    if (length == 4 && strncasecmp(line, "sep=", 4) == 0)
        return '\t';
    if (length != 5 || strncasecmp(line, "sep=", 4) != 0)
        return 0;
    return memchr(csv_delimiters, line[4], sizeof csv_delimiters) ? line[4] : 0;
}

/* What a comment says. */
static struct csv_cell uncommented(const char *line, size_t length)
{
    while (length && (isspace((unsigned char)*line) || strchr("#%;/", *line))) {
        line++;
        length--;
    }
    return (struct csv_cell){ line, length };
}

/* How many columns a line has; KNOWN is how many of them say what an incident is about. */
static size_t columns_of(struct csv_cell line, const struct feed_options *options, char delimiter, size_t *known)
{
    struct csv_cell *cells = mem_zero(CSV_CELLS_MAX, sizeof *cells);
    struct buf unquoted = BUF_EMPTY;
    size_t count = csv_split(line.text, line.length, delimiter, cells, &unquoted);
    *known = count <= CSV_CELLS_MAX ? csv_known_targets(options, cells, count) : 0;
    buf_free(&unquoted);
    free(cells);
    return count;
}

static bool is_row(const char *line, size_t length, char delimiter)
{
    const char *text = line;
    size_t rest = length;
    trim(&text, &rest);
    return rest && !csv_is_comment(line, length, delimiter) && !csv_declared_delimiter(line, length);
}

bool csv_commented_header(const struct feed_sample *sample, const struct feed_options *options, char delimiter,
                          struct csv_cell *out, unsigned long *number)
{
    size_t at = 0, length = 0, columns, known;
    unsigned long lines = 0;
    const char *line = NULL;
    bool found = false, row = false;
    while (!options->no_header && !row && feed_sample_line(sample, &at, &line, &length))
        row = is_row(line, length, delimiter);
    if (!row)
        return false;
    columns = columns_of((struct csv_cell){ line, length }, options, delimiter, &known);
    if (known || columns < 2)
        return false;
    const char *first = line;
    for (at = 0; feed_sample_line(sample, &at, &line, &length) && line != first;) {
        lines++;
        if (!csv_is_comment(line, length, delimiter) || length < columns)
            continue;
        struct csv_cell said = uncommented(line, length);
        if (columns_of(said, options, delimiter, &known) == columns && known) {
            *out = said;
            *number = lines;
            found = true;
        }
    }
    return found;
}
