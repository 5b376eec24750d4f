/* Defaults that stand for one another. */
#include "config/parse.h"
#include "daemon/base/mem.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void replace(char **field, char *text)
{
    free(*field);
    *field = text;
}

static void fill_host(struct config *config)
{
    char name[HOST_NAME_MAX + 1];
    if (*config->return_path.helo)
        return;
    if (gethostname(name, sizeof name) || !*name)
        strcpy(name, "localhost");
    name[sizeof name - 1] = '\0';
    replace(&config->return_path.helo, mem_string(name));
}

static void fill_token_keys(struct config *config)
{
    if (*config->paths.token_keys)
        return;
    const char *slash = strrchr(config->paths.store, '/');
    int length = slash ? (int)(slash - config->paths.store) : 0;
    replace(&config->paths.token_keys, mem_format("%.*s/token.keys", length, config->paths.store));
}

static void inherit(char **field, const char *global)
{
    if (!*field)
        *field = mem_string(global);
}

/* A profile with an address of its own does not have its answers sent to the global one. */
static void fill_sender(struct config_sender *sender, const struct config_sender *global)
{
    if (!sender->reply_to || !*sender->reply_to)
        replace(&sender->reply_to,
                mem_string(sender->address && *sender->address ? sender->address : global->reply_to));
    inherit(&sender->name, global->name);
    inherit(&sender->address, global->address);
    inherit(&sender->organisation, global->organisation);
    inherit(&sender->about, global->about);
    inherit(&sender->website, global->website);
    inherit(&sender->phone, global->phone);
}

void config_fill(struct config *config)
{
    fill_host(config);
    fill_token_keys(config);
    fill_sender(&config->sender, &config->sender);
    for (size_t i = 0; i < config->profile_count; i++)
        fill_sender(&config->profiles[i].sender, &config->sender);
}

const char *config_missing(const struct config *config)
{
    const struct {
        const char *key, *value;
    } needed[] = {
        { "sender.name", config->sender.name },
        { "sender.address", config->sender.address },
        { "return_path.bounce", config->return_path.bounce },
        { "return_path.opt_out", config->return_path.opt_out },
    };
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (!needed[i].value || !*needed[i].value)
            return needed[i].key;
    return NULL;
}
