#!/usr/bin/python3
"""The power fails at any moment: nothing is lost, neither from the store nor from the spool.

Both are on an ext4 that is shut down under load (tocsinlab/disk.py); what comes after is judged like a `kill -9` (test_crash.py).
TOCSIN_CUTS=N cuts N times (25), TOCSIN_SEED=N otherwise. Needs root, loop devices and a mount namespace; without them it is skipped.
"""
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from tocsinlab import aftermath  # noqa: E402
from tocsinlab.disk import Disk, NoDisk  # noqa: E402
from tocsinlab.ordeal import crowd_and_feeds, kill_at_random, make, trial  # noqa: E402
from tocsinlab.rehearsal import RehearsalError  # noqa: E402

CUTS = int(os.environ.get("TOCSIN_CUTS", "25"))
SEED = int(os.environ.get("TOCSIN_SEED", "1"))
SESSIONS = 6
LINGER = 0.3       # seconds that a daemon may live on at most with a disk that has died under it
MUTANT_CUTS = 8
MUTANT_LIMIT = 20  # seconds


@contextlib.contextmanager
def held(pid):
    """All threads of PID stand still."""
    os.kill(pid, signal.SIGSTOP)
    while not all(" T " in line for line in task_states(pid)):
        time.sleep(0.001)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def task_states(pid):
    for task in os.listdir("/proc/%d/task" % pid):
        with contextlib.suppress(OSError), open("/proc/%d/task/%s/stat" % (pid, task), encoding="utf-8") as file:
            yield file.read()


class Supply:
    """A disk, and how its power comes and goes."""

    def __init__(self, directory, dice):
        self.disk, self.dice = Disk(directory), dice

    def fail(self, pid):
        """The daemon PID is out of every system call at that instant: of a sync that is under way while the file system goes down the kernel may
        say that all is well (the transaction that it waits for has gone, and counts as done), and a machine without power says nothing. Half of
        the time it goes on for a moment, and finds that nothing can be written any more."""
        with held(pid):
            self.disk.cut()
        if self.dice.random() < 0.5:
            time.sleep(self.dice.random() * LINGER)

    def come_back(self):
        self.disk.unplug()
        self.disk.plug_in()


@unittest.skipIf(os.environ.get("TOCSIN_BUILD", "").endswith("address"), "builds its own programs: once is enough")
class PowerCut(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="tocsin-power-")
        self.dice = random.Random(SEED)
        try:
            self.supply = Supply(self.directory, self.dice)
            self.supply.disk.cut()
            self.supply.come_back()
        except NoDisk as error:
            shutil.rmtree(self.directory, ignore_errors=True)
            self.skipTest("NO POWER WAS CUT here, neither from the store nor from the spool: %s" % error)

    def after(self, build, cuts, **options):
        """The evidence of CUTS cuts, and the ordeal, which still runs."""
        return trial(build, *crowd_and_feeds(SEED, cuts), SESSIONS, directory=self.directory, state=self.supply.disk.path, **options)

    def live(self, run, cuts, **options):
        kill_at_random(run, cuts, self.dice, before_death=self.supply.fail, after_death=self.supply.come_back, **options)

    def test_nothing_is_lost(self):
        begun = time.monotonic()
        with self.after(make(CRASH=1), CUTS) as run:
            self.live(run, CUTS)
            evidence = run.last_life()
            mails = aftermath.Mails(evidence.journal)
            print("%d cuts, %d mails, %d duplicates; %.0f s" % (CUTS, len(mails.copies), mails.duplicates, time.monotonic() - begun),
                  flush=True)
            self.assertGreater(sum(1 for life in run.lives if life.taken), CUTS / 2)
            self.assertEqual(aftermath.lost(evidence), [])
            self.assertEqual(aftermath.complaints(run, evidence), [])
            run.stop_daemon()
            self.supply.disk.unplug()
            self.supply.disk.check()

    def test_a_store_that_does_not_sync_is_noticed(self):
        """A daemon that is wrong on purpose: a disk that kept what it was not asked to keep would prove nothing."""
        with self.after(make(MUTANT="no_sync"), MUTANT_CUTS, quiet=3, limit=MUTANT_LIMIT) as run:
            self.live(run, MUTANT_CUTS)
            try:
                evidence = run.last_life()
                found = aftermath.lost(evidence) + aftermath.complaints(run, evidence)
            except RehearsalError as error:  # whole files are gone
                found = [str(error).splitlines()[0]]
            print("without syncs: %d complaints, among them: %s" % (len(found), found[:3]), flush=True)
            self.assertNotEqual(found, [])
            run.daemon.kill()
            run.daemon.wait()
            self.supply.disk.unplug()


if __name__ == "__main__":
    unittest.main()
