"""A daemon that is killed again and again, against one lab, while feeds fall into its spool."""
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections import namedtuple

from . import population, reach, rehearsal
from .settings import ROOT, seconds
from .slowdown import slowly

LIFE_LIMIT = 3     # seconds that a life may take to bring its mails out; then it is killed anyway
DEATH_LIMIT = slowly(20) # seconds that it may take to come to its crash point
POLL = 0.0005      # seconds between two looks at the journal
RESULT_EVERY = 0.2 # seconds between two versions of a file's results
SETTLED = slowly(10) # seconds within which the last versions must be there
BUILD_LIMIT = 600  # seconds that make may take
MOST = 50          # mails of one life
TARGETS = 35       # for each life: more than it can serve, so that the queue never runs dry
LIVES = 5          # for each feed
SEVERAL_COMMITS = 4800  # rows: more than two commits of each step of the store's
SETTINGS = [
    *population.SETTINGS, "campaigns.approve_above=100000", "campaigns.aggregate_wait=100ms",
    "campaigns.contact_interval=100ms", "delivery.retry_first=100ms", "delivery.retry_for=10m",
    "spool.result_every=" + seconds(RESULT_EVERY), "log.level=debug",
]

# What a life left in the journal: mails taken during it, up to the line number `end`.
Life = namedtuple("Life", "taken end")
# How the spool looks in the end: names below each directory, and the lines of each feed's results and rejects by name.
Spool = namedtuple("Spool", "incoming processing failed done results rejected")


class _Taken:
    """Counts the mails that were taken, by following the journal."""

    def __init__(self, path):
        self.file = open(path, "rb")
        self.number, self.rest = 0, b""

    def count(self):
        """A line that lies across two pages may be seen when half of it is there."""
        lines = (self.rest + self.file.read()).split(b"\n")
        self.rest = lines.pop()
        self.number += sum(1 for line in lines if b'"outcome":"taken"' in line)
        return self.number


class Ordeal(rehearsal.Rehearsal):
    """FEEDS about CROWD go to a daemon of BUILD with SESSIONS sessions; `close` ends all processes, whatever happened.

    The daemon keeps what must last below STATE, where that is not DIRECTORY itself.
    """

    def __init__(self, directory, build, crowd, feeds, sessions, quiet=rehearsal.QUIET, limit=slowly(120), state=None,
                 settings=()):
        path = os.path.join(directory, "scenario.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(crowd.scenario(), file)
        self.state = state or directory
        settings = [*SETTINGS, "delivery.sessions=%d" % sessions, "paths.spool=" + self._lasting("spool"),
                    "paths.store=" + self._lasting("tocsin.db"), "paths.token_keys=" + self._lasting("token.keys"), *settings]
        super().__init__(directory, path, [], settings=settings, limit=limit, quiet=quiet, build=build)
        self.sessions, self.dropped, self.waiting, self.lives = sessions, [], list(feeds), []
        self.incoming = self._lasting("spool", "incoming")
        os.makedirs(self.incoming)
        self.start_lab()
        self.taken = _Taken(self.lab.facts["journal"])

    def _lasting(self, *names):
        return os.path.join(os.path.abspath(self.state), *names)

    # --- what happens to the daemon

    def drop(self, number=1):
        """Rename the next NUMBER feeds into the spool, as a careful submitter does: they are on the disk before anyone counts on them."""
        for feed in self.waiting[:number]:
            path = os.path.join(self.incoming, feed.name)
            with open(path + ".part", "w", encoding="utf-8") as file:
                file.write(feed.text)
                file.flush()
                os.fsync(file.fileno())
            os.rename(path + ".part", path)
        _sync_directory(self.incoming)
        self.dropped += self.waiting[:number]
        del self.waiting[:number]

    def live(self, mails, drop_after=None, before_death=None):
        """A life of MAILS further mails, ended by SIGKILL. A feed is dropped into it after DROP_AFTER of them; BEFORE_DEATH is called with its pid
        when the mails are out, while the daemon goes on."""
        before = self.taken.count()
        self.start_daemon()
        end = time.monotonic() + LIFE_LIMIT
        while self.taken.count() < before + mails and time.monotonic() < end:
            self.check_alive()
            if drop_after is not None and self.taken.count() >= before + drop_after:
                self.drop()
                drop_after = None
            time.sleep(POLL)
        self.check_alive()
        if before_death:
            before_death(self.daemon.pid)
        self.daemon.kill()
        self._bury(before)

    def die_at(self, point, number):
        """A life that ends itself when it comes to the crash point called POINT for the NUMBERth time."""
        before = self.taken.count()
        self.start_daemon(TOCSIN_CRASH_AT="%s:%d" % (point, number))
        self._await_death(before, point, number)

    def die_of_submission(self, point, campaign):
        """A life that ends at POINT when `tocsin submit` brings the next feed, for CAMPAIGN."""
        before, feed = self.taken.count(), self.waiting.pop(0)
        path = os.path.join(self.directory, feed.name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(feed.text)
        self.start_daemon(TOCSIN_CRASH_AT="%s:1" % point)
        self.wait_for_daemon()
        try:
            self.tocsin("submit", "--campaign", campaign, path)
        except rehearsal.RehearsalError:
            self.dropped.append(feed)
        else:
            raise rehearsal.RehearsalError("submit was told that all is well by a daemon that died before")
        self._await_death(before, point, 1)

    def _await_death(self, before, point, number):
        try:
            self.daemon.wait(DEATH_LIMIT)
        except subprocess.TimeoutExpired:
            text = "the daemon did not come to %s:%d in %d s" % (point, number, DEATH_LIMIT)
            raise rehearsal.RehearsalError(text) from None
        if self.daemon.returncode != -signal.SIGKILL:
            self.check_alive()
        self._bury(before)

    def _bury(self, before):
        """Wait until the lab has read all that the dead daemon had sent: once it has served another client, it has."""
        self.daemon.wait()
        with socket.create_connection(("127.0.0.1", self.lab.relay), timeout=DEATH_LIMIT) as client:
            client.recv(1000)
            client.sendall(b"QUIT\r\n")
            while client.recv(1000):
                pass
        taken = self.taken.count()
        self.lives.append(Life(taken - before, taken))

    def close(self):
        super().close()
        self.taken.file.close()

    def last_life(self):
        """A life to the end; the evidence."""
        self.drop(len(self.waiting))
        self.start_daemon()
        self.wait_for_daemon()
        return self.to_the_end()

    def to_the_end(self):
        """Until all that was dropped is over; the evidence."""
        self._load()
        self._until_over()
        self._await_receipts()
        campaigns = [self._collect(row["name"]) for row in self._status()]
        self._keep(campaigns)
        targets = {target: None for feed in self.dropped for target in feed.targets.values()}
        subjects = [reach.Subject("", target, [target], []) for target in targets]
        return rehearsal.Evidence(self.lab.journal(), self.lab.journal("returns"), [{"do": "kill"}] * len(self.lives),
                                  campaigns, self.world, subjects, self.settings, time.monotonic() - self.start)

    def _load(self):
        """Wait until every file that was dropped is in the store."""
        end = time.monotonic() + self.limit
        while time.monotonic() < end:
            rows = self._status()
            if len(rows) >= len(self.dropped) and not any(row["files_loading"] for row in rows):
                return
            time.sleep(0.1)
        raise rehearsal.RehearsalError("the feeds were not loaded in %d s:\n%s" % (self.limit, self.log_tail()))

    # --- what it left behind

    def events(self, campaign):
        """What the daemon's log tells of CAMPAIGN's mails."""
        return self.tocsin("log", "--campaign", campaign, "--limit", "1000000")["events"]

    def spool(self):
        below = lambda name: _below(self._lasting("spool", name))
        beside = lambda feed, suffix: self._lasting("spool", "done", feed.name + suffix)
        done = [name for name in below("done") if not name.startswith(".")]  # the spool remembers there what it called each
        return Spool(below("incoming"), below("processing"), below("failed"), done,
                     {feed.name: _lines(beside(feed, ".result.jsonl"), json.loads) for feed in self.dropped},
                     {feed.name: _lines(beside(feed, ".rejected"), str) for feed in self.dropped})


def _sync_directory(path):
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(fd)
    os.close(fd)


def _below(top):
    return sorted(os.path.relpath(os.path.join(path, file), top) for path, _, files in os.walk(top) for file in files)


def _lines(path, read):
    try:
        with open(path, encoding="utf-8") as file:
            return [read(line) for line in file]
    except FileNotFoundError:
        return []


@contextlib.contextmanager
def trial(build, crowd, feeds, sessions, directory=None, **options):
    """An ordeal in a scratch directory, which is kept when something goes wrong."""
    directory, run = directory or tempfile.mkdtemp(prefix="tocsin-crash-"), None
    try:
        run = Ordeal(directory, build, crowd, feeds, sessions, **options)
        yield run
    except BaseException:
        print("kept: %s" % directory, flush=True)
        raise
    finally:
        if run:
            run.close()
    shutil.rmtree(directory)


def make(**variables):
    """Build with these variables of make; the directory. Never with a sanitizer: here the clock matters."""
    words = ["%s=%s" % pair for pair in variables.items()]
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "SAN")}
    run = subprocess.run(["make", "-s", "-j2", "all", *words], cwd=ROOT, timeout=BUILD_LIMIT, env=environment,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace")
    if run.returncode:
        raise RuntimeError("make %s:\n%s" % (" ".join(words), run.stdout[-3000:]))
    return os.path.join(ROOT, "build", "mutant-" + variables["MUTANT"] if "MUTANT" in variables else "crash")


def crowd_and_feeds(seed, kills):
    """Feeds for KILLS lives; every third in several chunks."""
    crowd, targets = population.Population(seed), TARGETS * LIVES
    rows = lambda number: SEVERAL_COMMITS // targets if number % 3 == 2 else 1
    numbers = range(1 + (kills + LIVES - 1) // LIVES)
    return crowd, [crowd.feed("feed-%03d.csv" % number, targets, rows(number)) for number in numbers]


def kill_at_random(run, kills, dice, lives=LIVES, before_death=None, after_death=None):
    """KILLS lives of 1 to MOST further mails; in every LIVES-th a feed is dropped, before it or in the midst of it."""
    run.drop()
    for number in range(kills):
        mails, drop_after = dice.randint(1, MOST), None
        if number % lives == 0 and number and dice.random() < 0.5:
            drop_after = dice.randrange(mails)
        elif number % lives == 0:
            run.drop()
        run.live(mails, drop_after, before_death)
        if after_death:
            after_death()
