#include "templates/set.h"

#include "daemon/base/mem.h"
#include "templates/frozen.h"
#include "templates/set_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct template_set {
    char **directories;
    size_t directory_count;
    struct set_file *files; /* directory by directory; in one, in the order of their names */
    size_t file_count;
    struct template_name *names; /* of the templates that count */
    size_t *indices; /* into files */
    size_t count;
};

/* ---- Partials -------------------------------------------------------------------------------------------------------------------------- */

/* How well a partial in LANGUAGE fits a template in WANTED: 0 not at all; the longer the tag that they share, the better. */
static size_t fitness(const char *language, const char *wanted)
{
    size_t length = strlen(language);
    if (length == 0)
        return 1;
    bool within = strncasecmp(language, wanted, length) == 0 && (wanted[length] == '\0' || wanted[length] == '-');
    return within ? 1 + length : 0;
}

/* Of each name the partial that a template in LANGUAGE takes in; *COUNT of them, in a new list. */
static struct template_partial *partials_for(const struct template_set *set, const char *language, size_t *count)
{
    struct template_partial *list = mem_zero(set->file_count + 1, sizeof *list);
    size_t *fit = mem_zero(set->file_count + 1, sizeof *fit);
    *count = 0;
    for (size_t i = 0; i < set->file_count; i++) {
        const struct set_file *file = &set->files[i];
        size_t better = file->kind == SET_PARTIAL && file->text ? fitness(file->language, language) : 0, at = 0;
        while (at < *count && strcmp(list[at].name, file->name) != 0)
            at++;
        if (better <= fit[at])
            continue;
        list[at] = (struct template_partial){ file->name, file->path, file->text };
        fit[at] = better;
        *count += at == *count;
    }
    free(fit);
    return list;
}

/* ---- HTML ------------------------------------------------------------------------------------------------------------------------------ */

static bool same_place(const char *a, const char *b)
{
    const char *slash = strrchr(a, '/');
    size_t length = slash ? (size_t)(slash - a) + 1 : 0;
    return strncmp(a, b, length) == 0 && !strchr(b + length, '/');
}

/* The file that says the same as TEMPLATE in HTML, or NULL. One in another directory does not: whoever changed the words of the one has not changed the other's. */
static const struct set_file *html_of(const struct template_set *set, const struct set_file *template)
{
    const struct set_file *found = NULL;
    size_t fit = 0;
    for (size_t i = 0; i < set->file_count; i++) {
        const struct set_file *file = &set->files[i];
        if (file->kind != SET_HTML || !file->name || strcmp(file->name, template->name) != 0 ||
            file->has_language != template->has_language || !same_place(file->path, template->path))
            continue;
        size_t better = fitness(file->language, template->language);
        if (better > fit) {
            found = file;
            fit = better;
        }
    }
    return found;
}

/* The template that HTML stands beside, or NULL. */
static const struct set_file *template_of(const struct template_set *set, const struct set_file *html)
{
    for (size_t i = 0; i < set->file_count; i++) {
        const struct set_file *file = &set->files[i];
        if (file->kind == SET_TEMPLATE && file->name && html_of(set, file) == html)
            return file;
    }
    return NULL;
}

/* ---- Reading --------------------------------------------------------------------------------------------------------------------------- */

/* HTML: with that, or NULL. */
static struct template_source source_of(const struct set_file *file, const struct set_file *html,
                                        const struct template_partial *partials, size_t count)
{
    return (struct template_source){ .file = file->path,
                                     .text = file->text,
                                     .length = strlen(file->text),
                                     .language = *file->language ? file->language : NULL,
                                     .html_file = html ? html->path : NULL,
                                     .html = html ? html->text : NULL,
                                     .partials = partials,
                                     .partial_count = count };
}

/* The language of a file that has none in its name is that of the front matter, whose partials then are its own. */
static void parse(struct template_set *set, struct set_file *file)
{
    struct template *template = NULL;
    struct error error = { "" };
    size_t count;
    char language[LANGUAGE_SIZE];
    if (!set_file_language(file, language, &error) && file->text) {
        struct template_partial *partials = partials_for(set, language, &count);
        struct template_source source = source_of(file, NULL, partials, count);
        template_parse_source(&source, &template, &error);
        free(partials);
    }
    if (!*file->language)
        memcpy(file->language, language, sizeof language);
    if (*error.text && !file->wrong)
        file->wrong = mem_string(error.text);
    template_free(template);
}

/* HTML is held against the template that it stands beside, and has the same partials. What is wrong with that has been told. */
static void parse_html(const struct template_set *set, struct set_file *html)
{
    const struct set_file *file = template_of(set, html);
    struct template *template = NULL;
    struct error error = { "" };
    size_t count;
    if (html->wrong || (file && file->wrong))
        return;
    if (!file) {
        html->wrong = mem_format("%s:1:1: there is no %s.LANGUAGE.txt beside it that this could be the HTML of",
                                 html->path, html->name);
        return;
    }
    struct template_partial *partials = partials_for(set, file->language, &count);
    struct template_source source = source_of(file, html, partials, count);
    if (template_parse_source(&source, &template, &error))
        html->wrong = mem_string(error.text);
    free(partials);
    template_free(template);
}

static bool is_there(const struct template_set *set, const struct set_file *file)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->names[i].name, file->name) == 0 && strcasecmp(set->names[i].language, file->language) == 0)
            return true;
    return false;
}

/* A file that names its language comes before one that does not: `with_language` first. */
static void take_names(struct template_set *set, size_t begin, size_t end, bool with_language)
{
    for (size_t i = begin; i < end; i++) {
        const struct set_file *file = &set->files[i];
        if (file->kind != SET_TEMPLATE || !file->name || file->has_language != with_language || is_there(set, file))
            continue;
        set->indices[set->count] = i;
        set->names[set->count++] = (struct template_name){ file->name, file->language };
    }
}

struct template_set *template_set_read(const char *const *directories, size_t count)
{
    struct template_set *set = mem_zero(1, sizeof *set);
    size_t *ends = mem_zero(count + 1, sizeof *ends);
    set->directories = mem_zero(count + 1, sizeof *set->directories);
    for (size_t i = 0; i < count; i++) {
        set->directories[set->directory_count++] = mem_string(directories[i]);
        set_files_read(directories[i], &set->files, &set->file_count);
        ends[i] = set->file_count;
    }
    for (size_t i = 0; i < set->file_count; i++)
        if (set->files[i].kind == SET_TEMPLATE && set->files[i].name)
            parse(set, &set->files[i]);
    for (size_t i = 0; i < set->file_count; i++)
        if (set->files[i].kind == SET_HTML && set->files[i].name)
            parse_html(set, &set->files[i]);
    set->names = mem_zero(set->file_count + 1, sizeof *set->names);
    set->indices = mem_zero(set->file_count + 1, sizeof *set->indices);
    for (size_t i = 0; i < count; i++) {
        take_names(set, i ? ends[i - 1] : 0, ends[i], true);
        take_names(set, i ? ends[i - 1] : 0, ends[i], false);
    }
    free(ends);
    return set;
}

void template_set_free(struct template_set *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->directory_count; i++)
        free(set->directories[i]);
    free(set->directories);
    set_files_free(set->files, set->file_count);
    free(set->names);
    free(set->indices);
    free(set);
}

/* ---- Using ----------------------------------------------------------------------------------------------------------------------------- */

const struct template_name *template_set_names(const struct template_set *set, size_t *count)
{
    *count = set->count;
    return set->names;
}

/* The index of the English one to stand below the one at INDEX, or -1. */
static int english_for(const struct template_set *set, int index)
{
    const struct language_clues english = { .usual = "en" };
    const struct template_subject_matter matter = { .type = set->names[index].name };
    int found = template_choose(set->names, set->count, &matter, &english);
    bool is = found >= 0 && fitness("en", set->names[found].language);
    return is && !fitness("en", set->names[index].language) ? found : -1;
}

/* What is wrong with those that a mail would be made of, or NULL. */
static const char *wrong_with(const struct set_file *const *files, const struct set_file *const *htmls, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (files[i]->wrong || (htmls[i] && htmls[i]->wrong))
            return files[i]->wrong ? files[i]->wrong : htmls[i]->wrong;
    return NULL;
}

char *template_set_freeze(const struct template_set *set, int index, unsigned wanted, struct error *error)
{
    int indices[FROZEN_LANGUAGES] = { index, wanted & TEMPLATE_SET_BILINGUAL ? english_for(set, index) : -1 };
    const struct set_file *files[FROZEN_LANGUAGES], *htmls[FROZEN_LANGUAGES];
    struct template_source sources[FROZEN_LANGUAGES];
    size_t count = 0, partial_count;
    bool html = wanted & TEMPLATE_SET_HTML;
    for (; count < FROZEN_LANGUAGES && indices[count] >= 0; count++) {
        files[count] = &set->files[set->indices[indices[count]]];
        htmls[count] = html ? html_of(set, files[count]) : NULL;
        html = htmls[count];
    }
    const char *wrong = wrong_with(files, htmls, count);
    if (wrong) {
        error_set(error, -EINVAL, "%s", wrong);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        struct template_partial *partials = partials_for(set, files[i]->language, &partial_count);
        sources[i] = source_of(files[i], html ? htmls[i] : NULL, partials, partial_count);
    }
    char *frozen = frozen_write(sources, count);
    for (size_t i = 0; i < count; i++)
        free((void *)sources[i].partials);
    return frozen;
}

int template_set_missing(const struct template_set *set, const char *name, struct error *error)
{
    struct buf where = BUF_EMPTY;
    buf_reserve(&where, 0);
    for (size_t i = 0; i < set->directory_count; i++)
        buf_add_format(&where, "%s%s",
                       i == 0                          ? ""
                       : i + 1 == set->directory_count ? " and "
                                                       : ", ",
                       set->directories[i]);
    error_set(error, 0, "there is no template %s.LANGUAGE.txt in %s", name,
              set->directory_count ? where.data : "any directory (none is set)");
    buf_free(&where);
    return -ENOENT;
}

/* ---- Complaints ------------------------------------------------------------------------------------------------------------------------ */

/* The file before FILE, in the same directory, for the same name and language; or NULL. */
static const struct set_file *twin(const struct template_set *set, size_t index)
{
    const struct set_file *file = &set->files[index];
    for (size_t i = 0; i < set->file_count; i++) {
        const struct set_file *other = &set->files[i];
        bool before = file->has_language == other->has_language ? i < index : other->has_language;
        if (i != index && before && file->kind == other->kind && file->name && other->name &&
            strcmp(file->name, other->name) == 0 && strcasecmp(file->language, other->language) == 0 &&
            same_place(other->path, file->path))
            return other;
    }
    return NULL;
}

size_t template_set_complain(const struct template_set *set, template_tell *tell, void *context)
{
    size_t told = 0;
    for (size_t i = 0; i < set->file_count; i++) {
        const struct set_file *file = &set->files[i], *other = twin(set, i);
        char *text = file->wrong ? mem_string(file->wrong)
                     : other     ? mem_format("%s:1:1: %s is for the same name and language: remove one of them",
                                              file->path, other->path)
                                 : NULL;
        if (!text)
            continue;
        tell(context, text);
        free(text);
        told++;
    }
    return told;
}

void template_set_doubt(const struct template_set *set, template_named *named, template_tell *tell, void *context)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct set_file *file = &set->files[set->indices[i]];
        if (file->wrong || template_is_asked_for(file->name) || named(context, file->name))
            continue;
        char *text = mem_format("%s:1:1: nothing that is known leads to this template: no profile names it, and no "
                                "type or identifier of incidents is called %s",
                                file->path, file->name);
        tell(context, text);
        free(text);
    }
}
