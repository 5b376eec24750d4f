#include "daemon/command/check_send.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#define LOOK_FIRST_MS 20
#define LOOK_MAX_MS 1000

struct trial {
    struct context *context;
    const struct config *config;
    const char *provoke; /* NULL: the mail goes to ourselves */
    long seconds;
    json_t *proof; /* what the store knows of it */
    bool told; /* the relay's answer has been printed */
};

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void pause_ms(int64_t ms)
{
    struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    nanosleep(&time, NULL);
}

/* A step, with the time since the proof began at which it was taken (WHEN, a member of the proof). */
static void tell(const struct trial *trial, const char *when, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void tell(const struct trial *trial, const char *when, const char *format, ...)
{
    if (trial->context->json)
        return;
    va_list args;
    long long time = when ? number_in(trial->proof, when) - number_in(trial->proof, "began") : 0;
    printf("%6.1f s  ", (double)time / 1000);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

/* Ask how it stands. -1: wait on; else the exit code, the reason printed. */
static int look(struct trial *trial, long long id)
{
    json_decref(trial->proof);
    trial->proof = NULL;
    int exit =
        command_ask(trial->context, json_pack("{s:s, s:I}", "verb", "proof", "proof", (json_int_t)id), &trial->proof);
    if (exit)
        return exit;
    const char *answer = text_in(trial->proof, "answer"), *text = text_in(trial->proof, "text");
    bool accepted = strcmp(answer, "accepted") == 0, refused = strcmp(answer, "refused") == 0;
    if (accepted && !trial->told)
        tell(trial, "answered", "the relay took it: %s", text);
    trial->told = trial->told || accepted;
    if (number_in(trial->proof, "returned")) {
        const char *way = text_in(trial->proof, "way");
        if (trial->provoke)
            tell(trial, "returned", "its bounce came back by %s, and reads as %s", way, text_in(trial->proof, "class"));
        else
            tell(trial, "returned", "it came back by %s", way);
        return EX_OK;
    }
    if (!*answer || accepted)
        return -1;
    if (refused && trial->provoke) {
        tell(trial, "answered", "the relay refused it at once, so that no bounce will come: %s", text);
        return EX_OK;
    }
    if (refused)
        return command_fail(EX_CONFIG, "the relay refuses our mail: %s", text);
    return command_fail(EX_TEMPFAIL, "the mail did not go out: %s: %s; try again later", answer, text);
}

static int give_up(const struct trial *trial)
{
    if (!trial->told)
        return command_fail(EX_TEMPFAIL,
                            "the relay has not answered in %ld s; tocsind's log says more. Should the mail come back"
                            " later, it counts",
                            trial->seconds);
    return command_fail(EX_TEMPFAIL,
                        "it did not come back in %ld s. The relay's log says where it went: mail to %s with +ANYTHING"
                        " before the @ has to be brought to Tocsin (bounces.lmtp_socket, bounces.maildir or `tocsin"
                        " bounce`). Should it come back later, it counts",
                        trial->seconds, trial->config->return_path.bounce);
}

static int run(struct trial *trial)
{
    json_t *begun, *request = json_pack("{s:s}", "verb", "prove");
    if (trial->provoke)
        json_object_set_new(request, "recipient", json_string(trial->provoke));
    int64_t end = clock_ms() + trial->seconds * 1000, wait = LOOK_FIRST_MS;
    int exit = command_ask(trial->context, request, &begun);
    if (exit)
        return exit;
    long long id = number_in(begun, "proof");
    json_decref(begun);
    tell(trial, NULL, "a mail to %s through %s", trial->provoke ? trial->provoke : trial->config->return_path.bounce,
         trial->config->delivery.relay);
    while ((exit = look(trial, id)) < 0) {
        if (clock_ms() >= end)
            return give_up(trial);
        pause_ms(wait);
        wait = wait * 2 < LOOK_MAX_MS ? wait * 2 : LOOK_MAX_MS;
    }
    return exit;
}

/* The command's JSON: what the store knows of each proof. */
static void add_to(json_t *list, struct trial *trial, int exit)
{
    if (!trial->proof)
        return;
    json_object_set_new(trial->proof, "exit", json_integer(exit));
    json_array_append_new(list, trial->proof);
}

static void conclude(const struct config *config)
{
    long long days = (long long)config->campaigns.bounce_proof / 86400000;
    printf("bounces come back");
    if (days)
        printf("; `tocsin campaign approve` asks for it again after %lld days", days);
    putchar('\n');
}

int check_send(struct context *context, const char *provoke, long seconds)
{
    const struct config *config = command_config(context);
    json_t *list = json_array();
    struct trial ourselves = { .context = context, .config = config, .seconds = seconds };
    struct trial nobody = ourselves;
    nobody.provoke = provoke;
    int exit = run(&ourselves);
    add_to(list, &ourselves, exit);
    if (!exit && provoke) {
        exit = run(&nobody);
        add_to(list, &nobody, exit);
    }
    if (context->json) {
        int printed = command_print_json(json_pack("{s:b, s:o}", "comes_back", exit == EX_OK, "proofs", list));
        return exit ? exit : printed;
    }
    json_decref(list);
    if (!exit)
        conclude(config);
    return exit;
}
