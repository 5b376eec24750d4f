#!/usr/bin/python3
"""The faults of the house: a full disk, a damaged store, no descriptors, no memory, a clock that jumps. Nothing is lost, what is wrong is
said, and what passes is got over without a person.

Small disks are tmpfs mounts: where the machine does not allow those, the tests that need them are skipped and say so.
"""
import contextlib
import json
import os
import resource
import shutil
import signal
import smtplib
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from tocsinlab import aftermath, injection, ordeal, population  # noqa: E402
from tocsinlab.disk import NoDisk  # noqa: E402
from tocsinlab.rehearsal import BUILD, RehearsalError  # noqa: E402
from tocsinlab.small_disk import SmallDisk  # noqa: E402
from tocsinlab.slowdown import slowly  # noqa: E402

SESSIONS = 4
TARGETS = 60
SIZE = 32 << 20  # bytes of a small disk
DATA, IO_ERROR, AGAIN = 65, 74, 75
PATIENCE = slowly(30) # seconds for what must happen
SLOWLY = "delivery.rate=%d/min" % (1800 / slowly(1))  # so that there is time to interfere
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

    def settle(self, seconds=slowly(1.5)):
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

    def lmtp(self, recipient="bounce@tocsin.example"):
        """What LMTP answers to a mail for RECIPIENT: its code."""
        with open(self.config, encoding="utf-8") as file:
            host, _, port = json.load(file)["bounces"]["lmtp_listen"].rpartition(":")
        with smtplib.LMTP(host, int(port), timeout=PATIENCE) as client:
            client.ehlo_or_helo_if_needed()
            client.mail("")
            client.rcpt(recipient)
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
        except injection.NoInjection as error:
            self.skipTest("SKIPPED, system calls that fail are not tested: %s" % error)
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


class FullSpool(Case):
    def test_load(self):
        """A file whose rejected rows cannot be written waits, is not failed, and goes on by itself."""
        with self.trial(disks=["spool"], feeds=2) as run:
            run.begin(0)
            run.until(lambda: run.spool().done, "the first file in done/")
            run.settle(3)
            feed = run.waiting.pop(0)
            part = os.path.join(run.incoming, feed.name + ".part")
            with open(part, "w", encoding="utf-8") as file:
                file.write(feed.text)
            run.disks["spool"].fill()
            os.rename(part, os.path.join(run.incoming, feed.name))
            run.dropped.append(feed)
            run.until(lambda: "spool" in run.faults(), "the fault in the status")
            self.assertIn("No space left", run.faults()["spool"]["why"])
            code, _, err = run.command("submit", run.config)
            self.assertNotEqual(code, 0)
            self.assertIn("No space left", err)
            self.assertEqual([name for name in os.listdir(run.incoming) if name != "default"], [])
            time.sleep(3)
            self.assertIn("spool", run.faults())
            self.assertEqual(run.spool().failed, [])
            run.disks["spool"].empty()
            run.until(lambda: not run.faults(), "the end of the fault")
            self.judge(run)

    def test_results(self):
        """The mails need no spool; the results are written when there is room again, and the daemon is not restarted for it."""
        with self.trial(disks=["spool"], settings=[SLOWLY]) as run:
            run.begin(1)
            run.until(lambda: run.spool().done, "the file in done/")
            run.disks["spool"].fill()
            run.until(lambda: "spool" in run.faults(), "the fault in the status")
            run.until(lambda: not any(row["ends"]["open"] for row in run.tocsin("status")["campaigns"]), "the end")
            self.assertIn("spool", run.faults())
            run.disks["spool"].empty()
            self.judge(run)


class FullTemporary(Case):
    def test_campaign(self):
        """Nothing that matters needs /tmp."""
        with self.trial(disks=["tmp"]) as run:
            run.disks["tmp"].fill()
            run.drop()
            run.start_daemon(TMPDIR=run.disks["tmp"].path, SQLITE_TMPDIR=run.disks["tmp"].path)
            run.wait_for_daemon()
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


class DamagedStore(Case):
    """It is said, nothing is written to it, and nothing is sent."""

    PAGE = 4096

    def bytes(self, run):
        with open(run.store, "rb") as file:
            return file.read()

    def write(self, run, at, data):
        with open(run.store, "r+b") as file:
            file.seek(at)
            file.write(data)

    @contextlib.contextmanager
    def stopped(self, kill=False):
        """A store in the midst of a campaign, and no daemon."""
        with self.trial(settings=[SLOWLY]) as run:
            run.begin(5)
            if kill:
                run.daemon.kill()
                run.daemon.wait()
            else:
                run.stop_daemon()
            run.settle()
            yield run

    def refused(self, run, *words):
        """It does not start, says WORDS, and leaves the file as it was."""
        before, taken = self.bytes(run), run.taken.count()
        run.start_daemon()
        self.assertEqual(run.daemon.wait(PATIENCE), IO_ERROR, run.log_tail())
        for word in words:
            self.assertIn(word, run.log_tail())
        self.assertEqual(self.bytes(run), before)
        self.assertEqual(run.settle(), taken)

    def test_garbage(self):
        with self.stopped() as run:
            self.write(run, 0, os.urandom(len(self.bytes(run))))
            self.refused(run, run.store, "not a database", "nothing was written")

    def test_cut_off(self):
        with self.stopped() as run:
            os.truncate(run.store, len(self.bytes(run)) // 2 // self.PAGE * self.PAGE)
            self.refused(run, run.store, "malformed")

    def page_of(self, store, table):
        return store.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", [table]).fetchone()[0]

    def test_after_a_power_cut(self):
        """A page is wrong that the start does not need: it is looked for, since the last daemon did not end in peace."""
        with self.stopped(kill=True) as run:
            room, copy = os.path.dirname(run.store), os.path.join(run.directory, "copy")
            with contextlib.closing(sqlite3.connect(run.store)) as store:
                store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                page = self.page_of(store, "suppression")
                store.execute("INSERT INTO setting VALUES ('left', 'in the log')")
                store.commit()
                shutil.copytree(room, copy)
            shutil.rmtree(room)
            os.rename(copy, room)
            self.assertGreater(os.path.getsize(run.store + "-wal"), 0)
            self.write(run, (page - 1) * self.PAGE, b"\xff" * self.PAGE)
            self.refused(run, "the store is damaged", "recover")

    def test_found_late(self):
        """The damage is found when the page is needed: the daemon ends."""
        with self.stopped() as run:
            with contextlib.closing(sqlite3.connect(run.store)) as store:
                page = self.page_of(store, "suppression")
            self.write(run, (page - 1) * self.PAGE, b"\xff" * self.PAGE)
            run.start_daemon()
            self.assertEqual(run.daemon.wait(PATIENCE), IO_ERROR)
            self.assertIn("is damaged", run.log())
            self.assertEqual(self.bytes(run)[(page - 1) * self.PAGE:page * self.PAGE], b"\xff" * self.PAGE)
            self.assertEqual(run.spool().failed, [])

    def test_a_newer_one(self):
        with self.stopped() as run:
            with contextlib.closing(sqlite3.connect(run.store)) as store:
                store.execute("PRAGMA user_version = 1000")
            self.refused(run, run.store, "newer Tocsin")


class Clock(Case):
    """libfaketime stands between the daemon and the clock; the one that nobody sets is left alone, as on a real machine."""

    LIBRARY = "/usr/lib/%s-linux-gnu/faketime/libfaketimeMT.so.1" % os.uname().machine
    DAY = 86400

    def setUp(self):
        if not os.path.exists(self.LIBRARY):
            self.skipTest("SKIPPED, a clock that jumps is not tested: no %s (Debian: libfaketime)" % self.LIBRARY)

    def set_clock(self, run, days):
        path = os.path.join(run.directory, "clock")
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write("%+dd" % days if days else "+0")
        os.rename(path + ".new", path)

    def start(self, run):
        run.start_daemon(LD_PRELOAD=self.LIBRARY, ASAN_OPTIONS="verify_asan_link_order=0", FAKETIME_TIMESTAMP_FILE=os.path.join(run.directory, "clock"), FAKETIME_NO_CACHE="1",
                         FAKETIME_DONT_FAKE_MONOTONIC="1", DONT_FAKE_MONOTONIC="1", NO_FAKE_STAT="1")
        run.wait_for_daemon()

    def turn(self, run):
        """Something happens, and the pump looks round."""
        self.assertEqual(run.command("suppress", "add", "nobody@elsewhere.example")[0], 0)
        self.assertEqual(run.command("suppress", "remove", "nobody@elsewhere.example")[0], 0)

    def noticed(self, run, number):
        self.turn(run)
        run.until(lambda: run.log().count("the clock was set") == number, "the jump in the log")
        self.turn(run)

    def waits(self, run):
        """When the mails that wait fall due, by number."""
        with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % run.store, uri=True)) as store:
            return dict(store.execute("SELECT id, due FROM notification WHERE state IN (4, 5)"))

    def ends(self, run):
        return run.tocsin("status")["campaigns"][0]["ends"]

    def test_both_ways(self):
        """Windows do not close and retries do not come a day early; the waits are what they were when the clock is back."""
        with self.trial(settings=["bounces.window=1h", "delivery.retry_first=1h", "delivery.retry_max=1h", "delivery.retry_for=2d"]) as run:
            self.set_clock(run, 0)
            run.drop()
            self.start(run)
            run.until(lambda: len(self.waits(run)) > TARGETS / 2, "mails that wait")
            taken = run.settle(3)
            before, ends = self.waits(run), self.ends(run)
            self.assertEqual(ends["delivered"], 0)
            for number, days in enumerate((1, -1, 0), 1):
                self.set_clock(run, days)
                self.noticed(run, number)
                after = self.waits(run)
                self.assertEqual(after.keys(), before.keys())
                for mail in before:
                    self.assertAlmostEqual(after[mail] - before[mail], days * self.DAY * 1000, delta=60000)
            self.assertEqual(self.ends(run), ends)
            self.assertEqual(run.settle(), taken)

    def test_back_in_the_midst(self):
        """Nothing stalls: retries, gatherings and windows end when they would have, though the clock says that it is yesterday."""
        with self.trial(feeds=2, settings=[SLOWLY]) as run:
            self.set_clock(run, 0)
            run.drop()
            self.start(run)
            run.until(lambda: run.taken.count() >= 5, "mails")
            self.set_clock(run, -1)
            self.noticed(run, 1)
            self.judge(run)

    def test_back_while_it_was_down(self):
        with self.trial(settings=[SLOWLY]) as run:
            self.set_clock(run, 0)
            run.drop()
            self.start(run)
            run.until(lambda: run.taken.count() >= 5, "mails")
            run.stop_daemon()
            taken = run.settle()
            run.lives.append(ordeal.Life(taken, taken))
            self.set_clock(run, -1)
            self.start(run)
            run.until(lambda: "behind where the last daemon saw it" in run.log(), "the clock in the log")
            self.judge(run)


class FailingCalls(Case):
    """What no small disk can show: system calls that fail for a while, and what they fail with."""

    def store(self, rule, answer, why):
        """The store's calls fail by RULE: LMTP answers with ANSWER, and the status says WHY."""
        with self.trial(feeds=2, settings=[SLOWLY]) as run:
            run.begin(5)
            with injection.into(run.daemon.pid, rule, paths=[run.store, run.store + "-wal"]):
                run.until(lambda: "store" in run.faults(), "the fault in the status")
                self.assertIn(why, run.faults()["store"]["why"])
                before = run.settle()
                self.assertEqual(run.lmtp(), answer)
                run.drop()
                run.settle(2)
                self.assertLess(before, TARGETS)
                self.assertLessEqual(run.taken.count() - before, SESSIONS)
            run.until(lambda: not run.faults(), "the end of the fault")
            self.assertEqual(run.lmtp(), 250)
            self.judge(run)

    def test_store_full(self):
        self.store("pwrite64:error=ENOSPC", 452, "full")

    def test_store_not_written(self):
        self.store("pwrite64:error=EIO", 451, "disk I/O error")

    def test_store_not_synced(self):
        """What was committed but may not be on the disk has not happened."""
        self.store("fdatasync:error=EIO", 451, "disk I/O error")

    def spool(self, *rules):
        """All that the spool does to its files fails: they wait where they are, and go on by themselves."""
        with self.trial(feeds=2) as run:
            run.begin(0)
            run.until(lambda: run.spool().done, "the first file in done/")
            with injection.into(run.daemon.pid, *rules):
                run.drop()
                run.until(lambda: run.dropped[-1].name + ": cannot be taken" in run.log(), "a word about it")
                run.settle(3)
                self.assertEqual(run.spool().failed, [])
            self.assertEqual(run.log().count("cannot be taken"), 1)
            self.judge(run)

    def test_spool_not_synced(self):
        self.spool("fsync:error=EIO")

    def test_spool_not_renamed(self):
        self.spool("rename,renameat,renameat2:error=EIO")

    def test_spool_full(self):
        self.spool("fsync:error=ENOSPC", "rename,renameat,renameat2:error=ENOSPC")

    def test_nobody_accepted(self):
        """Whatever it is that keeps connections away: they wait until it has passed."""
        for error in ("ENFILE", "ENOBUFS", "EPERM"):
            with self.subTest(error), self.trial() as run:
                run.start_daemon()
                run.wait_for_daemon()
                with injection.into(run.daemon.pid, "accept4:error=" + error), open("/proc/%d/stat" % run.daemon.pid, encoding="utf-8") as stat:
                    with socket.socket(socket.AF_UNIX) as guest:
                        guest.connect(os.path.join(run.directory, "control.sock"))
                        time.sleep(1)
                        self.assertLess(sum(map(int, stat.read().rpartition(")")[2].split()[11:13])), os.sysconf("SC_CLK_TCK"), "it did not sleep")
                self.assertEqual(run.lmtp(), 250)
                self.judge(run)

    def test_threads_at_the_start(self):
        """Where a thread cannot be had the daemon does not start, says so, and leaves nothing behind that would be in the way of the next one."""
        with self.trial() as run:
            for number, what in enumerate(["the store thread", "the reader thread", *["a delivery thread"] * SESSIONS, "the loading thread"], 1):
                with open(run.log_path, "ab") as log:
                    command = [os.path.join(BUILD, "tocsind"), *run._options()]
                    daemon = injection.from_the_start(["clone3:error=EAGAIN:when=%d" % number], command, stdout=log, stderr=log)
                self.addCleanup(daemon.kill)
                self.assertEqual(daemon.wait(PATIENCE), AGAIN, run.log_tail())
                self.assertIn("cannot start %s: Resource temporarily unavailable" % what, run.log().splitlines()[-1])
            run.drop()
            run.start_daemon()
            run.wait_for_daemon()
            self.judge(run)


class NoDescriptors(Case):
    def start(self, run):
        """Without work, which takes descriptors and lets them go. Where LMTP is."""
        run.start_daemon()
        run.until(lambda: run.command("version")[1].count("\n") == 2, "the daemon")
        with open(run.config, encoding="utf-8") as file:
            host, _, port = json.load(file)["bounces"]["lmtp_listen"].rpartition(":")
        return host, int(port)

    @contextlib.contextmanager
    def asking(self, run):
        """A connection from better times: a function that asks for the status by it."""
        with socket.socket(socket.AF_UNIX) as old:
            old.settimeout(PATIENCE)
            old.connect(os.path.join(run.directory, "control.sock"))
            ask = lambda: (old.sendall(b'{"verb":"status"}\n'), json.loads(old.makefile("r").readline()))[1]["result"]
            self.assertEqual(ask()["faults"], [])
            yield ask

    def turned_away(self, guests, host, port):
        """Is one more of GUESTS turned away by LMTP?"""
        guest = socket.create_connection((host, port), timeout=PATIENCE)
        self.addCleanup(guest.close)
        if guest.recv(1000):
            guests.append(guest)
            return False
        guest.close()
        return True

    def test_listeners(self):
        """Who comes is turned away, who is there is served, it is said once; and when there are some again all goes on."""
        with self.trial() as run:
            host, port = self.start(run)
            with self.asking(run) as ask:
                limits = resource.prlimit(run.daemon.pid, resource.RLIMIT_NOFILE)
                highest = max(map(int, os.listdir("/proc/%d/fd" % run.daemon.pid)))
                resource.prlimit(run.daemon.pid, resource.RLIMIT_NOFILE, (highest + 1, limits[1]))
                guests, turned_away = [], 0
                while turned_away < 5 and len(guests) < 60:
                    turned_away += self.turned_away(guests, host, port)
                self.assertEqual(turned_away, 5)
                end = time.monotonic() + PATIENCE
                while [fault["what"] for fault in ask()["faults"]] != ["files"]:
                    self.assertLess(time.monotonic(), end, "the fault is not told")
                    self.turned_away(guests, host, port)  # takes what others have let go
                    time.sleep(0.1)
                resource.prlimit(run.daemon.pid, resource.RLIMIT_NOFILE, limits)
                for guest in guests:
                    guest.close()
                run.until(lambda: ask()["faults"] == [], "the end of the fault")
            self.assertEqual(run.lmtp(), 250)
            self.assertEqual(run.log().count("no descriptor is left"), 1)
            self.judge(run)

    def test_not_even_in_reserve(self):
        """Who comes waits, who is there is served, and who waits is served as soon as there are descriptors."""
        with self.trial() as run:
            where = self.start(run)
            with self.asking(run) as ask, socket.create_connection(where, timeout=PATIENCE) as old:
                self.assertTrue(old.recv(1000))
                limits = resource.prlimit(run.daemon.pid, resource.RLIMIT_NOFILE)
                resource.prlimit(run.daemon.pid, resource.RLIMIT_NOFILE, (3, limits[1]))
                guests = [socket.create_connection(where, timeout=PATIENCE) for _ in range(3)]
                old.sendall(b"NOOP\r\n")
                self.assertTrue(old.recv(1000).startswith(b"250"))
                ask()
                resource.prlimit(run.daemon.pid, resource.RLIMIT_NOFILE, limits)
                since = time.monotonic()
                for guest in guests:
                    with guest:
                        self.assertTrue(guest.recv(1000).startswith(b"220"))
                self.assertLess(time.monotonic() - since, 3)
            self.judge(run)


class Forgeries(Case):
    def test_a_flood(self):
        """One is told of at once, and the others by their number: a stranger does not fill the log."""
        with self.trial() as run:
            run.start_daemon()
            run.wait_for_daemon()
            for _ in range(50):
                self.assertEqual(run.lmtp("bounce+aaaaaaaaaaaaaaaa@tocsin.example"), 250)
            self.assertEqual(run.log().count("forged token in a message to bounce+aaaaaaaaaaaaaaaa@tocsin.example"), 1)
            run.stop_daemon()
            self.assertEqual(run.log().count("token"), 2)
            self.assertIn("forged or stale tokens in 49 more messages", run.log())


class NoMemory(Case):
    def test_abort(self):
        """Memory that cannot be had ends the process, which is just another kill -9: the next one loses nothing."""
        with self.trial(feeds=2, settings=[SLOWLY], rows=20) as run:
            run.begin(5)
            before = run.taken.count()
            with open("/proc/%d/statm" % run.daemon.pid, encoding="utf-8") as file:
                used = int(file.read().split()[0]) * resource.getpagesize()
            resource.prlimit(run.daemon.pid, resource.RLIMIT_AS, (used, used))
            run.drop()
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
                client.connect(os.path.join(run.directory, "control.sock"))
                client.settimeout(PATIENCE)
                for _ in range(300):
                    client.sendall(b"x" * (1 << 20))
            self.assertIn(run.daemon.wait(PATIENCE), (-signal.SIGABRT, 1))  # 1: under ASan, whose own allocator ends the process
            run._bury(before)
            self.assertRegex(run.log(), "out of memory|ERROR: Failed to mmap")
            evidence = run.last_life()
            self.assertEqual(aftermath.lost(evidence), [])
            self.assertEqual(aftermath.complaints(run, evidence), [])
            run.stop_daemon()


if __name__ == "__main__":
    unittest.main()
