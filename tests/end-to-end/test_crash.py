#!/usr/bin/python3
"""kill -9 at any moment: nothing is lost, and only what was under way goes out again, as the very same mail.

TOCSIN_KILLS=N kills N times at random (200) with TOCSIN_SESSIONS=N (6), TOCSIN_SEED=N otherwise. The programs are built here, with crash points
(`make CRASH=1`), and wrong on purpose (`make MUTANT=NAME`): a harness that did not notice those would prove nothing.
"""
import os
import random
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from tocsinlab import aftermath, population  # noqa: E402
from tocsinlab.ordeal import LIVES, SEVERAL_COMMITS, crowd_and_feeds, kill_at_random, make, trial  # noqa: E402

KILLS = int(os.environ.get("TOCSIN_KILLS", "200"))
SEED = int(os.environ.get("TOCSIN_SEED", "1"))
SESSIONS = int(os.environ.get("TOCSIN_SESSIONS", "6"))
MUTANT_KILLS = 6
FEW = 20           # targets of a feed, where only one of its mails or rows matters

# Where the daemon dies: at the Nth time that it comes by.
POINTS = {
    "before-smtp": (1, 9, 40), "after-250": (1, 9, 40),
    "before-commit": (1, 5, 30), "after-commit": (1, 5, 30),
    "spool-claimed": (1, 1, 1), "spool-claim": (1, 2, 3), "spool-chunk": (1, 3, 5),
    "spool-results": (1, 2, 3), "spool-finish": (1, 2, 3),
    "bounce-intake": (1, 3, 6), "bounce-committed": (1, 3, 6),
}
MUTANTS = ("sent_before_sending", "no_lease_recovery")


def figures(run, mails):
    """By Little's law the mails that a kill finds taken but not committed are the rate times the time that one stays so: the window."""
    resent, rate = mails.resent(run.lives), mails.rate(run.lives)
    each = mails.duplicates / len(run.lives)
    return ("%d kills, %d lives that delivered something; %d mails, %d duplicates: %.2f a kill, %d at most; bound %d; at %.0f mails a second "
            "that is a window of %.1f ms" %
            (len(run.lives), sum(1 for life in run.lives if life.taken), len(mails.copies), mails.duplicates,
             each, max(resent), run.sessions * len(run.lives), rate, 1000 * each / rate))


class Crash(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.build = make(CRASH=1)

    def judge(self, run, evidence):
        self.assertEqual(aftermath.lost(evidence), [])
        self.assertEqual(aftermath.complaints(run, evidence), [])
        run.stop_daemon()

    def test_random_kills(self):
        begun = time.monotonic()
        with trial(self.build, *crowd_and_feeds(SEED, KILLS), SESSIONS, limit=180 + KILLS // 2) as run:
            kill_at_random(run, KILLS, random.Random(SEED))
            evidence = run.last_life()
            mails = aftermath.Mails(evidence.journal)
            print("%s; %.0f s" % (figures(run, mails), time.monotonic() - begun), flush=True)
            self.assertGreater(sum(1 for life in run.lives if life.taken), KILLS / 2)
            self.judge(run, evidence)

    def at_point(self, point):
        """Die at POINT, again and again; each time with three new feeds, the first of which takes several commits."""
        crowd, numbers = population.Population("%d %s" % (SEED, point)), POINTS[point]
        rows = lambda number: 1 if number % 3 else SEVERAL_COMMITS // FEW
        feeds = [crowd.feed("feed-%d.csv" % number, FEW, rows(number)) for number in range(3 * len(numbers))]
        with trial(self.build, crowd, feeds, SESSIONS) as run:
            for number in numbers:
                run.drop(3)
                run.die_at(point, number)
            evidence = run.last_life()
            self.judge(run, evidence)
            return "%s: %d duplicates" % (point, aftermath.Mails(evidence.journal).duplicates)

    def test_crash_points(self):
        """Most of the time goes by in waiting: several at once."""
        with ThreadPoolExecutor(4) as pool:
            for point, future in [(point, pool.submit(self.at_point, point)) for point in POINTS]:
                with self.subTest(point):
                    print(future.result(), flush=True)

    def test_submitted_file(self):
        """What `tocsin submit` said about a file is not lost either, although it could not be told that the file arrived."""
        crowd = population.Population(SEED)
        with trial(self.build, crowd, [crowd.feed("feed.csv", FEW)], SESSIONS) as run:
            run.die_of_submission("spool-claimed", "the-name")
            evidence = run.last_life()
            self.assertEqual([campaign.name for campaign in evidence.campaigns], ["the-name"])
            self.judge(run, evidence)

    def losses_of(self, build):
        """What a few kills cost, with a new feed in each life: how many targets were never told, of how many."""
        with trial(build, *crowd_and_feeds(SEED, MUTANT_KILLS * LIVES), SESSIONS, quiet=3) as run:
            kill_at_random(run, MUTANT_KILLS, random.Random(SEED), lives=1)
            evidence = run.last_life()
            return len(aftermath.lost(evidence)), len(evidence.subjects)

    def test_mutants_lose_mail(self):
        """And what is not wrong loses none of the same mails."""
        self.assertEqual(self.losses_of(self.build)[0], 0)
        for mutant in MUTANTS:
            with self.subTest(mutant):
                lost, targets = self.losses_of(make(MUTANT=mutant))
                print("%s: %d of %d targets lost" % (mutant, lost, targets), flush=True)
                self.assertGreater(lost, 0)


if __name__ == "__main__":
    unittest.main()
