#!/usr/bin/python3
"""The faults of the house: a full disk, a damaged store, no descriptors, no memory, a clock that jumps. Nothing is lost, what is wrong is
said, and what passes is got over without a person.

Small disks are tmpfs mounts: where the machine does not allow those, the tests that need them are skipped and say so.
"""
import contextlib
import json
import os
import shutil
import smtplib
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from tocsinlab import aftermath, ordeal, population  # noqa: E402
from tocsinlab.disk import NoDisk  # noqa: E402
from tocsinlab.rehearsal import BUILD, RehearsalError  # noqa: E402
from tocsinlab.small_disk import SmallDisk  # noqa: E402

SESSIONS = 4
TARGETS = 60
SIZE = 32 << 20  # bytes of a small disk
DATA, IO_ERROR, AGAIN = 65, 74, 75
PATIENCE = 30    # seconds for what must happen
SLOWLY = "delivery.rate=30/s"  # so that there is time to interfere
DSN = b"""From: MAILER-DAEMON@mx.example\r
To: bounce@tocsin.example\r
Subject: Undelivered Mail\r
\r
Nobody is called that here.\r
"""


class Trial(ordeal.Ordeal):
    """An ordeal whose store, spool or both lie on small disks; DISKS: their names."""

    def __init__(self, directory, targets=TARGETS, feeds=1, disks=(), settings=(), seed=1, rows=1, sessions=SESSIONS):
        crowd = population.Population(seed)
        self.disks = {}
        try:
            for name in disks:
                self.disks[name] = SmallDisk(os.path.join(directory, name), SIZE)
            files = [crowd.feed("feed-%d.csv" % number, targets, rows) for number in range(feeds)]
            os.makedirs(os.path.join(directory, "store"), exist_ok=True)
            self.store = os.path.join(directory, "store", "tocsin.db")
            super().__init__(directory, BUILD, crowd, files, sessions,
                             settings=["paths.store=" + self.store, *settings])
        except BaseException:
            self.unmount()
            raise

    def unmount(self):
        for disk in self.disks.values():
            disk.close()

    def begin(self, mails):
        """A daemon with the first feed, until MAILS of its mails are out."""
        self.drop()
        self.start_daemon()
        self.wait_for_daemon()
        self.until(lambda: self.taken.count() >= mails, "mails")

    def until(self, true, what):
        end = time.monotonic() + PATIENCE
        while not true():
            self.check_alive()
            if time.monotonic() > end:
                raise RehearsalError("waited in vain for: %s\n%s" % (what, self.log_tail()))
            time.sleep(0.05)

    def settle(self, seconds=1.5):
        """Until no mail has come for that long; how many there are."""
        number, since = self.taken.count(), time.monotonic()
        while time.monotonic() - since < seconds:
            if self.taken.count() != number:
                number, since = self.taken.count(), time.monotonic()
            time.sleep(0.05)
        return number

    def faults(self):
        return {fault["what"]: fault for fault in self.tocsin("status")["faults"]}

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def command(self, *words):
        """(exit code, standard output, standard error)."""
        run = subprocess.run([os.path.join(BUILD, "tocsin"), *self._options(), *words], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", timeout=PATIENCE)
        return run.returncode, run.stdout, run.stderr

    def lmtp(self):
        """What LMTP answers to a mail for the bounce mailbox: its code."""
        with open(self.config, encoding="utf-8") as file:
            host, _, port = json.load(file)["bounces"]["lmtp_listen"].rpartition(":")
        with smtplib.LMTP(host, int(port), timeout=PATIENCE) as client:
            client.ehlo_or_helo_if_needed()
            client.mail("")
            client.rcpt("bounce@tocsin.example")
            return client.data(DSN)[0]

    def close(self):
        if hasattr(self, "taken"):
            super().close()
        self.unmount()


class Case(unittest.TestCase):
    @contextlib.contextmanager
    def trial(self, **options):
        """In a scratch directory, which is kept when something goes wrong."""
        directory, run = tempfile.mkdtemp(prefix="tocsin-faults-"), None
        try:
            run = Trial(directory, **options)
            yield run
        except NoDisk as error:
            self.skipTest("SKIPPED, a full disk is not tested: %s" % error)
        except BaseException:
            print("kept: %s" % directory, flush=True)
            if run and os.path.exists(run.store):
                shutil.copytree(os.path.dirname(run.store), os.path.join(directory, "store-kept"))
            raise
        finally:
            if run:
                run.close()
        shutil.rmtree(directory)

    def judge(self, run):
        """To the end, with the same daemon: all is as if nothing had happened."""
        run.drop(len(run.waiting))
        evidence = run.to_the_end()
        self.assertEqual(aftermath.lost(evidence), [])
        self.assertEqual(aftermath.complaints(run, evidence), [])
        run.stop_daemon()
        return evidence


class FullDisk(Case):
    def test_store(self):
        """Nothing more is taken in, no more mails go out than can be remembered, and no person is needed but for the space."""
        with self.trial(disks=["store"], feeds=2, settings=[SLOWLY]) as run:
            run.begin(5)
            run.disks["store"].fill()
            run.until(lambda: "store" in run.faults(), "the fault in the status")
            before = run.settle()
            self.assertLess(before, TARGETS)
            self.assertIn("full", run.faults()["store"]["why"])
            self.assertIn("ATTENTION", run.tocsin("status", text=True))
            self.assertEqual(run.lmtp(), 452)
            run.drop()
            code, _, err = run.command("submit", run.config)
            self.assertEqual(code, AGAIN, err)
            self.assertIn("store", err)
            code, _, err = run.command("campaign", "pause", run.tocsin("status")["campaigns"][0]["name"])
            self.assertEqual(code, AGAIN, err)
            self.assertIn("full", err)
            run.settle(2)
            self.assertIn(run.dropped[-1].name, os.listdir(run.incoming))
            self.assertLessEqual(run.taken.count() - before, SESSIONS)
            self.assertEqual(run.log().count("intake has stopped"), 1)
            run.disks["store"].empty()
            run.until(lambda: not run.faults(), "the end of the fault")
            self.assertIn("store: works again", run.log())
            self.assertEqual(run.lmtp(), 250)
            self.judge(run)

    def test_stop_with_a_full_store(self):
        """A stop is obeyed and answered at once, kept as soon as that is possible, and outlives the daemon."""
        with self.trial(disks=["store"], settings=[SLOWLY]) as run:
            run.begin(5)
            run.disks["store"].fill()
            code, out, err = run.command("stop", "--why", "it is late")
            self.assertEqual((code, out), (0, "all sending is stopped\n"), err)
            self.assertIn("restart", err)
            self.assertTrue(run.tocsin("status")["stopped"])
            self.assertEqual(run.command("start")[0], AGAIN)
            run.disks["store"].empty()
            run.until(lambda: "order to stop all sending is on disk" in run.log(), "the order on disk")
            run.stop_daemon()
            run.start_daemon()
            run.wait_for_daemon()
            self.assertTrue(run.tocsin("status")["stopped"])
            taken = run.settle()
            self.assertLess(taken, TARGETS)
            self.assertEqual(run.command("start")[0], 0)
            run.lives.append(ordeal.Life(taken, taken))
            self.judge(run)


class LockedStore(Case):
    """Another program has the store open, and keeps it."""

    @contextlib.contextmanager
    def locked(self, run):
        with contextlib.closing(sqlite3.connect(run.store, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield

    def test_while_it_runs(self):
        with self.trial(settings=[SLOWLY]) as run:
            run.begin(5)
            with self.locked(run):
                run.until(lambda: "store" in run.faults(), "the fault in the status")
                self.assertIn("locked", run.faults()["store"]["why"])
                self.assertEqual(run.lmtp(), 451)
                before = run.settle()
                self.assertLess(before, TARGETS)
            run.until(lambda: not run.faults(), "the end of the fault")
            self.judge(run)

    def test_at_the_start(self):
        """It says so and does not start; nothing is changed."""
        with self.trial(settings=[SLOWLY]) as run:
            run.begin(5)
            run.stop_daemon()
            taken = run.settle()
            run.lives.append(ordeal.Life(taken, taken))
            with self.locked(run):
                run.start_daemon()
                self.assertEqual(run.daemon.wait(PATIENCE), AGAIN)
                self.assertIn("database is locked", run.log())
                self.assertIn("another program", run.log())
            run.start_daemon()
            run.wait_for_daemon()
            self.judge(run)


if __name__ == "__main__":
    unittest.main()
