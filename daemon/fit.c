#include "daemon/fit.h"

#include "daemon/base/mem.h"
#include "daemon/base/name.h"
#include "daemon/bounce/token_keys.h"
#include "daemon/delivery/security.h"
#include "daemon/notify/notify.h"
#include "templates/set.h"

#include <errno.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct look {
    const struct config *config;
    fit_tell *tell;
    void *context;
    size_t count;
    bool outside; /* not as the service, but as somebody who only wants to know */
};

static void say(struct look *look, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct look *look, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    look->tell(look->context, text);
    look->count++;
}

/* The name of the credential that PATH is, or NULL. */
static const char *credential_of(const char *path)
{
    static const char place[] = CONFIG_CREDENTIALS "/";
    return strncmp(path, place, sizeof place - 1) ? NULL : path + sizeof place - 1;
}

/* Is PATH a credential that only the service sees? systemd hands it over when that starts, readable by the service's user alone. */
static bool is_hidden(const char *path)
{
    const char *handed_over = getenv("CREDENTIALS_DIRECTORY");
    return (!handed_over || !*handed_over) && credential_of(path) && access(path, R_OK);
}

/* ---- Paths ---------------------------------------------------------------------------------------------------------------------------- */

static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash > path ? mem_string_n(path, (size_t)(slash - path)) : mem_string("/");
}

/* May files be made in DIRECTORY? */
static bool look_at_directory(struct look *look, const char *key, const char *directory)
{
    struct stat status;
    int code = stat(directory, &status)                ? errno
               : !S_ISDIR(status.st_mode)              ? ENOTDIR
               : access(directory, R_OK | W_OK | X_OK) ? errno
                                                       : 0;
    if (code)
        say(look, "%s: %s: %s: make the directory, or mend its rights", key, directory, strerror(code));
    return !code;
}

static bool look_at_place(struct look *look, const char *key, const char *path)
{
    char *directory = directory_of(path);
    bool good = look_at_directory(look, key, directory);
    free(directory);
    return good;
}

static void look_at_spool(struct look *look)
{
    static const char *const parts[] = { "incoming", "processing", "done", "failed" };
    const char *key = "paths.spool", *spool = look->config->paths.spool;
    bool lacking = false;
    if (access(spool, F_OK)) {
        look_at_place(look, key, spool);
        return;
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char *path = mem_format("%s/%s", spool, parts[i]);
        if (access(path, F_OK) && errno == ENOENT)
            lacking = true;
        else
            look_at_directory(look, key, path);
        free(path);
    }
    if (lacking)
        look_at_directory(look, key, spool);
}

static void look_at_store(struct look *look)
{
    const char *key = "paths.store", *path = look->config->paths.store;
    struct stat status;
    if (!look_at_place(look, key, path) || stat(path, &status))
        return;
    if (!S_ISREG(status.st_mode))
        say(look, "%s: %s: not a regular file: name another", key, path);
    else if (access(path, R_OK | W_OK))
        say(look, "%s: %s: %s: mend its rights", key, path, strerror(errno));
}

static void look_at_token_keys(struct look *look)
{
    const char *path = look->config->paths.token_keys;
    if (look->outside && is_hidden(path))
        return;
    struct error error = { "" };
    struct token_keys *keys = NULL;
    int status = token_keys_load(path, false, &keys, &error);
    if (status == -ENOENT && credential_of(path))
        say(look, "paths.token_keys: %s: not handed over: put it into /etc/credstore/%s, and restart the service", path,
            credential_of(path));
    else if (status == -ENOENT)
        look_at_place(look, "paths.token_keys", path);
    else if (status)
        say(look, "paths.token_keys: %s", error.text);
    token_keys_free(keys);
}

/* What an earlier daemon left there is removed; anything else is somebody's. */
static void look_at_socket(struct look *look, const char *key, const char *path)
{
    struct stat status;
    if (!*path || !look_at_place(look, key, path))
        return;
    if (!lstat(path, &status) && !S_ISSOCK(status.st_mode))
        say(look, "%s: %s: something that is no socket is in the way: move it", key, path);
}

static void look_at_suffixes(struct look *look)
{
    const char *path = look->config->paths.public_suffixes;
    int status = *path ? name_load_suffixes(path) : 0;
    if (status)
        say(look, "paths.public_suffixes: %s: %s", path, strerror(-status));
}

static void look_at_security(struct look *look)
{
    static char nobody[] = "";
    struct error error = { "" };
    struct config config = *look->config;
    if (look->outside && is_hidden(config.delivery.auth_password))
        config.delivery.auth_user = nobody; /* all but the password can be looked at */
    if (security_check(&config, &error))
        say(look, "%s", error.text);
}

/* ---- Templates ------------------------------------------------------------------------------------------------------------------------ */

static struct template_set *read_templates(const struct config *config)
{
    const struct config_list *places = &config->paths.templates;
    return template_set_read((const char *const *)places->items, places->count);
}

static void look_for_template(struct look *look, const struct template_set *set, const char *key, const char *name)
{
    const struct template_subject_matter matter = { .name = name };
    const struct language_clues any = { 0 };
    struct error error = { "" };
    size_t count;
    const struct template_name *names = template_set_names(set, &count);
    if (template_choose(names, count, &matter, &any) >= 0)
        return;
    template_set_missing(set, strcmp(name, TEMPLATE_AUTO) == 0 ? TEMPLATE_GENERIC : name, &error);
    say(look, "%s: %s", key, error.text);
}

static void say_template(void *context, const char *text)
{
    say(context, "paths.templates: %s", text);
}

static void look_at_templates(struct look *look)
{
    struct template_set *set = read_templates(look->config);
    for (size_t i = 0; i < look->config->profile_count; i++) {
        const struct config_profile *profile = &look->config->profiles[i];
        char *key = mem_format("profiles.%s.template", profile->name),
             *reminder = mem_format("profiles.%s.reminder_template", profile->name);
        look_for_template(look, set, key, profile->template_name);
        look_for_template(look, set, reminder, profile->reminder_template);
        free(key);
        free(reminder);
    }
    look_for_template(look, set, "paths.templates", TEMPLATE_RECEIPT);
    template_set_complain(set, say_template, look);
    template_set_free(set);
}

/* ---- All of it ------------------------------------------------------------------------------------------------------------------------- */

size_t fit_look_at_templates(const struct config *config, fit_tell *tell, void *context)
{
    struct look look = { .config = config, .tell = tell, .context = context };
    look_at_templates(&look);
    return look.count;
}

static size_t look_at_all(struct look *look)
{
    look_at_templates(look);
    look_at_spool(look);
    look_at_store(look);
    look_at_token_keys(look);
    look_at_socket(look, "paths.control_socket", look->config->paths.control_socket);
    look_at_socket(look, "bounces.lmtp_socket", look->config->bounces.lmtp_socket);
    look_at_suffixes(look);
    look_at_security(look);
    return look->count;
}

size_t fit_look(const struct config *config, fit_tell *tell, void *context)
{
    struct look look = { .config = config, .tell = tell, .context = context };
    return look_at_all(&look);
}

size_t fit_look_from_outside(const struct config *config, fit_tell *tell, void *context)
{
    struct look look = { .config = config, .tell = tell, .context = context, .outside = true };
    return look_at_all(&look);
}

static void doubt_credential(struct look *look, const char *key, const char *path)
{
    if (is_hidden(path))
        say(look,
            "%s: %s: not to be seen from here: systemd hands it to the service when that starts, from "
            "/etc/credstore/%s",
            key, path, credential_of(path));
}

static void doubt_group(struct look *look, const char *key, const char *name, const char *meaning)
{
    struct group entry, *found = NULL;
    char text[16384];
    if (*name && !getgrnam_r(name, &entry, text, sizeof text, &found) && !found)
        say(look, "%s: there is no group `%s` on this system: %s", key, name, meaning);
}

static bool is_named(void *context, const char *name)
{
    const struct look *look = context;
    for (size_t i = 0; i < look->config->profile_count; i++)
        if (strcmp(look->config->profiles[i].template_name, name) == 0)
            return true;
    return notify_knows_name(name);
}

static void doubt_templates(struct look *look)
{
    struct template_set *set = read_templates(look->config);
    template_set_doubt(set, is_named, say_template, look);
    template_set_free(set);
}

void fit_doubt(const struct config *config, fit_tell *tell, void *context)
{
    struct look look = { .config = config, .tell = tell, .context = context };
    doubt_credential(&look, "paths.token_keys", config->paths.token_keys);
    doubt_credential(&look, "delivery.auth_password", config->delivery.auth_password);
    doubt_group(&look, "access.submit_group", config->access.submit_group, "nobody may submit by being its member");
    doubt_group(&look, "access.admin_group", config->access.admin_group,
                "only root and the daemon's own user are administrators");
    doubt_templates(&look);
}
