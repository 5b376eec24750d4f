/* The time of day as the daemon sees it: the clock's, but for its jumps.
 *
 * Waits are kept in the store as times of day, so that they outlive the daemon. When somebody sets the clock, or it is found after a start to have been wrong,
 * they would all end at once, or not for years. So between two calls of wall_adopt() time goes on as it does on a clock that nobody sets, and whoever adopts a
 * jump moves what waits along with it (queue_clock_set()). */
#ifndef TOCSIN_BASE_WALL_H
#define TOCSIN_BASE_WALL_H

#include <stdint.h>

/* Milliseconds since 1970 UTC; never jumps but by wall_adopt(). Any thread. */
int64_t wall_now(void);

/* See what the clock says. Where it has drifted only, that is taken over and 0 returned; where it has jumped, the jump in milliseconds: wall_now() is that much
 * later (or earlier) from now on. A machine that slept counts as a clock that was set forward: nothing came in meanwhile. Loop thread. */
int64_t wall_adopt(void);

/* From wall_hold() to wall_release() no other thread holds it: who stamps something and hands it to the store, and who adopts a jump and tells the store of
 * it, do so in one piece, so that the store hears of both in the order in which they happened. Any thread; briefly. */
void wall_hold(void);
void wall_release(void);

#endif
