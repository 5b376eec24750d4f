/* What threads meet in: an inbox under several producers and a consumer, an outbox under several threads and a loop. Most of its worth lies in being run under
 * ThreadSanitizer (tests/end-to-end/test_threads.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/base/inbox.h"
#include "daemon/base/outbox.h"

#include <pthread.h>
#include <stdlib.h>

#define THREADS 4
#define EACH 5000 /* items of a thread */
#define LIMIT 16

struct parcel {
    struct inbox_item item;
    int from, number;
};

struct sender {
    pthread_t thread;
    struct inbox *inbox;
    struct outbox *outbox;
    int name;
};

static struct inbox_item *parcel_new(int from, int number)
{
    struct parcel *parcel = malloc(sizeof *parcel);
    if (!parcel)
        abort();
    parcel->from = from;
    parcel->number = number;
    return &parcel->item;
}

static void *send_all(void *argument)
{
    struct sender *sender = argument;
    for (int i = 0; i < EACH; i++) {
        struct inbox_item *item = parcel_new(sender->name, i);
        if (sender->outbox)
            outbox_post(sender->outbox, item);
        else if (!inbox_push(sender->inbox, item))
            free(item);
    }
    return NULL;
}

static void start_senders(struct sender *senders, struct inbox *inbox, struct outbox *outbox)
{
    for (int i = 0; i < THREADS; i++) {
        senders[i] = (struct sender){ .inbox = inbox, .outbox = outbox, .name = i };
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_all, &senders[i]), 0);
    }
}

static void join_senders(struct sender *senders)
{
    for (int i = 0; i < THREADS; i++)
        pthread_join(senders[i].thread, NULL);
}

/* How far each sender has come. */
struct tally {
    int next[THREADS];
    int total;
    uv_loop_t *loop;
};

/* Each once, and each sender's in its order. */
static void count(struct tally *tally, struct inbox_item *item)
{
    struct parcel *parcel = (struct parcel *)item;
    assert_int_equal(parcel->number, tally->next[parcel->from]++);
    tally->total++;
    free(parcel);
}

static void every_item_once_and_in_order(void **state)
{
    (void)state;
    struct sender senders[THREADS];
    struct tally tally = { .total = 0 };
    struct inbox *inbox = inbox_new(LIMIT);
    start_senders(senders, inbox, NULL);
    while (tally.total < THREADS * EACH) {
        struct inbox_item *item = inbox_pop(inbox, -1);
        assert_in_range(inbox_length(inbox), 0, LIMIT);
        count(&tally, item);
        for (item = inbox_pop_all(inbox); item;) {
            struct inbox_item *next = item->next;
            count(&tally, item);
            item = next;
        }
    }
    join_senders(senders);
    assert_null(inbox_pop(inbox, 0));
    inbox_free(inbox);
}

static void a_full_one_refuses(void **state)
{
    (void)state;
    struct inbox *inbox = inbox_new(1);
    struct inbox_item *first = parcel_new(0, 0), *second = parcel_new(0, 1);
    assert_true(inbox_try_push(inbox, first));
    assert_false(inbox_try_push(inbox, second));
    assert_ptr_equal(inbox_pop(inbox, -1), first);
    assert_true(inbox_try_push(inbox, second));
    inbox_close(inbox);
    assert_ptr_equal(inbox_pop(inbox, -1), second); /* what is in it still comes out */
    assert_null(inbox_pop(inbox, -1));
    assert_false(inbox_try_push(inbox, first));
    free(first);
    free(second);
    inbox_free(inbox);
}

/* Whoever waits for room, or for an item, is woken: else this test would not end. */
static void closing_wakes_those_who_wait(void **state)
{
    (void)state;
    struct sender senders[THREADS];
    struct inbox *inbox = inbox_new(1);
    start_senders(senders, inbox, NULL);
    struct inbox_item *item = inbox_pop(inbox, -1);
    free(item);
    inbox_close(inbox);
    join_senders(senders);
    assert_true(inbox_closed(inbox));
    while ((item = inbox_pop(inbox, -1)))
        free(item);
    inbox_free(inbox);
}

static void on_item(void *context, struct inbox_item *item)
{
    struct tally *tally = context;
    count(tally, item);
    if (tally->total == THREADS * EACH)
        uv_stop(tally->loop);
}

static void every_item_reaches_the_loop(void **state)
{
    (void)state;
    struct sender senders[THREADS];
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    struct tally tally = { .loop = &loop };
    struct outbox *outbox = outbox_open(&loop, on_item, &tally);
    assert_non_null(outbox);
    start_senders(senders, NULL, outbox);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(tally.total, THREADS * EACH);
    join_senders(senders);
    /* What is posted and not yet delivered is delivered when it is closed. */
    tally.next[0] = 0;
    outbox_post(outbox, parcel_new(0, 0));
    outbox_close(outbox);
    assert_int_equal(tally.total, THREADS * EACH + 1);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_once_and_in_order),
        cmocka_unit_test(a_full_one_refuses),
        cmocka_unit_test(closing_wakes_those_who_wait),
        cmocka_unit_test(every_item_reaches_the_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
