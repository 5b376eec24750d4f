"""A campaign from the spool to the report, against the lab."""
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter, namedtuple
from urllib.parse import urlsplit

from . import reach, scenario, settings as config
from .process import Lab, free_port
from .slowdown import slowly

BUILD = os.environ.get("TOCSIN_BUILD") or os.path.join(config.ROOT, "build")
COMMAND_TIME = slowly(300) # seconds that a command may take: all cases of a large campaign are much to print
START_TIME = slowly(30)    # seconds that the daemon may take to come up
QUIET = slowly(15)         # seconds without anything new after which what is still open will stay open; more than any wait of settings.py
QUIET_PAUSED = slowly(4)   # the same where every campaign that is not over is paused
STOP_TIME = slowly(30)     # seconds that it may take to end
RECEIPT_TIME = slowly(5)   # seconds for the receipts of opt-outs, which no case waits for

Campaign = namedtuple("Campaign", "name figures notifications cases")
Evidence = namedtuple("Evidence", "journal returns faults campaigns world subjects settings seconds")


class RehearsalError(Exception):
    """The rehearsal itself could not go on."""


class Rehearsal:
    """One run. `run` gives the evidence; `close` ends the lab and the daemon whatever happened."""

    def __init__(self, directory, scenario_path, feeds, mode=None, profile=None, campaign=None, settings=(), progress=None,
                 limit=slowly(300), quiet=QUIET, build=BUILD, intake="lmtp"):
        self.directory = os.path.abspath(directory)
        self.scenario_path, self.mode = scenario_path, mode
        self.feeds, self.profile, self.campaign = feeds, profile, campaign
        self.settings = config.expand(settings)
        self.progress = progress or (lambda text: None)
        self.limit, self.quiet, self.build, self.intake = limit, quiet, build, intake
        self.config = os.path.join(self.directory, "tocsin.yaml")
        self.log_path = os.path.join(self.directory, "tocsind.log")
        self.lab = self.daemon = self.world = None
        self.asking = 0.0  # seconds that the last answer to `tocsin status` took
        self.phases = {}   # name -> seconds, of what is behind us
        self.start = time.monotonic()

    # --- the daemon

    def tocsin(self, *words, text=False):
        """What `tocsin WORDS --json` says; with TEXT, what it prints for people."""
        command = [os.path.join(self.build, "tocsin"), *self._options(), *words] + ([] if text else ["--json"])
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", timeout=COMMAND_TIME,
                             stdin=subprocess.DEVNULL)
        if run.returncode != 0:
            raise RehearsalError("%s: exit %d: %s" % (" ".join(words), run.returncode, run.stderr.strip()))
        try:
            return run.stdout if text else json.loads(run.stdout)
        except ValueError:
            raise RehearsalError("%s: no JSON: %s" % (" ".join(words), run.stdout[:300])) from None

    def _options(self):
        return ["--config", self.config] + [word for row in self.settings for word in ("--set", row)]

    def start_lab(self):
        """The lab, and a configuration that points at it."""
        lmtp_port = free_port()
        self.world = scenario.load(self.scenario_path, self.mode)
        maildir = os.path.join(self.directory, "maildir") if self.intake == "maildir" else None
        self.lab = Lab(self.scenario_path, self.directory, mode=self.mode, bounce_lmtp="maildir:" + maildir if maildir else "127.0.0.1:%d" % lmtp_port)
        made = config.configuration(self.directory, self.lab.dns, self.lab.relay, lmtp_port, self.world.longest_delay())
        if maildir:
            made["bounces"].update(lmtp_listen="", maildir=maildir)
        config.write(self.config, made)

    def start_daemon(self, **environment):
        """Start it, with ENVIRONMENT besides ours. It never outlives who started it."""
        command = ["setpriv", "--pdeathsig", "KILL", os.path.join(self.build, "tocsind"), *self._options()]
        with open(self.log_path, "ab") as log:
            self.daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log, stdout=log, env=dict(os.environ, **environment))

    def wait_for_daemon(self):
        """Until it answers. `tocsin status` would not do: it also reads the store of one that has not come up yet."""
        end = time.monotonic() + START_TIME
        while True:
            self.check_alive()
            try:
                with socket.socket(socket.AF_UNIX) as client:
                    client.connect(os.path.join(self.directory, "control.sock"))
                    return
            except OSError as error:
                if time.monotonic() > end:
                    raise RehearsalError("tocsind does not answer: %s\n%s" % (error, self.log_tail())) from None
                time.sleep(0.1)

    def check_alive(self):
        """A daemon that has ended is an error."""
        if self.daemon.poll() is not None:
            raise RehearsalError("tocsind ended with %d:\n%s" % (self.daemon.returncode, self.log_tail()))

    def log_tail(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-15:])

    def stop_daemon(self):
        """End it as its service manager would; a bad end is an error."""
        self.daemon.send_signal(signal.SIGTERM)
        try:
            code = self.daemon.wait(STOP_TIME)
        except subprocess.TimeoutExpired:
            raise RehearsalError("tocsind does not end on SIGTERM") from None
        if code != 0:
            raise RehearsalError("tocsind ended with %d:\n%s" % (code, self.log_tail()))

    def close(self):
        if self.daemon and self.daemon.poll() is None:
            self.daemon.kill()
            self.daemon.wait()
        if self.lab:
            self.lab.close()

    # --- the run

    def run(self):
        """The evidence of the whole campaign."""
        self.start_lab()
        self.start_daemon()
        self.wait_for_daemon()
        with self._phase("load"):
            self._submit()
            self._until_loaded()
        with self._phase("approve"):
            names = self._approve()
        with self._phase("deliver"):
            self._until_over()
        seconds = time.monotonic() - self.start
        self._await_receipts()
        with self._phase("collect"):
            campaigns = [self._collect(name) for name in names]
            self._keep(campaigns)
            subjects = self._subjects(campaigns)
        return Evidence(self.lab.journal(), self.lab.journal("returns"), self.lab.journal("faults"), campaigns, self.world, subjects,
                        self.settings, seconds)

    @contextlib.contextmanager
    def _phase(self, name):
        begin = time.monotonic()
        yield
        self.phases[name] = time.monotonic() - begin

    def _submit(self):
        options = ["--profile", self.profile] if self.profile else []
        options += ["--campaign", self.campaign] if self.campaign else []
        for feed in self.feeds:
            self.tocsin("submit", *options, os.path.abspath(feed))

    def _status(self):
        self.check_alive()
        begin = time.monotonic()
        rows = self.tocsin("status")["campaigns"]
        self.asking = time.monotonic() - begin
        return rows

    def _pause(self, seconds):
        """Before the daemon is asked again. What counts a large campaign's cases takes time from what moves them: it gets the longer share."""
        time.sleep(max(seconds, 2 * self.asking))

    def _wait(self, what, ready):
        """The campaigns' rows, once they are READY."""
        end = time.monotonic() + self.limit
        while not ready(rows := self._status()):
            if time.monotonic() > end:
                raise RehearsalError("the feeds were not %s in %d s:\n%s" % (what, self.limit, self.log_tail()))
            self._pause(0.1)
        return rows

    def _until_loaded(self):
        self._wait("loaded", lambda rows: sum(row["files"] for row in rows) >= len(self.feeds) and not any(row["files_loading"] for row in rows))

    def _approve(self):
        """Wait until every file's mails are composed, then say yes; the campaigns' names."""
        rows = self._wait("composed", lambda rows: all(row["waiting_for_approval"] == row["ready_for_approval"] for row in rows))
        for row in rows:
            if row["waiting_for_approval"]:
                self.tocsin("campaign", "approve", row["name"])
        return [row["name"] for row in rows]

    def _until_over(self):
        """Every case has ended; or nothing new has happened for so long that the rest will stay open (a brake, a refusal that is about us)."""
        with open(self.lab.facts["journal"], encoding="utf-8") as journal:
            self._follow(_News(journal))

    def _follow(self, news):
        before, since = None, time.monotonic()
        begun, delay = since, self.world.longest_delay()
        while True:
            rows = self._status()
            state = [(row["name"], row["state"], row["ends"]) for row in rows], news.count()
            if state != before:
                before, since = state, time.monotonic()
            ends = sum((Counter(row["ends"]) for row in rows), Counter())
            self._tell(ends)
            paused = all(row["state"] == "paused" for row in rows if row["ends"]["open"])
            quiet = (min(self.quiet, QUIET_PAUSED) if paused else self.quiet) + delay
            if not ends["open"] and not self.lab.pending() or time.monotonic() - since > quiet:
                return
            if time.monotonic() - begun > self.limit:
                raise RehearsalError("not over after %d s: %s" % (self.limit, dict(ends)))
            self._pause(slowly(0.2))

    def _await_receipts(self):
        """Whoever opted out gets one."""
        end = time.monotonic() + RECEIPT_TIME
        wanted = {line["about"] for line in self.lab.journal("returns") if line["what"] == "optout" and line["event"] == "taken"}
        while time.monotonic() < end and wanted - {line["recipient"] for line in self.lab.journal() if not line["envelope_sender"]}:
            time.sleep(0.1)

    def _tell(self, ends):
        ended = ", ".join("%d %s" % (number, end) for end, number in ends.items() if number and end != "open")
        self.progress("%4.0f s  %d of %d cases have ended%s" % (time.monotonic() - self.start, sum(ends.values()) - ends["open"],
                                                                 sum(ends.values()), ": " + ended if ended else ""))

    # --- what the daemon says

    def _collect(self, name):
        return Campaign(name, self.tocsin("report", name), self.tocsin("queue", "--all", "--campaign", name)["notifications"],
                        self.tocsin("campaign", "show", name, "--cases")["cases_list"])

    def _keep(self, campaigns):
        """claims.json: what the daemon said, beside the journals that say what was."""
        with open(os.path.join(self.directory, "claims.json"), "w", encoding="utf-8") as file:
            file.write(json.dumps([campaign._asdict() for campaign in campaigns]))  # at once: json.dump is ten times slower

    def _records(self, feed):
        words = ["inspect", "feed", "--records"] + (["--profile", self.profile] if self.profile else [])
        run = self.tocsin(*words, os.path.abspath(feed), text=True)
        return [json.loads(line) for line in run.splitlines()]

    def _subjects(self, campaigns):
        """Every case, with the hosts and addresses of its incidents, from the feed's rows."""
        hosts, ips = {}, {}
        for feed in self.feeds:
            for record in self._records(feed):
                name, ip = record.get("source.fqdn") or urlsplit(record.get("source.url", "")).hostname, record.get("source.ip")
                for target in _parents(name) or [ip]:
                    hosts.setdefault(target, set()).update([name] if name else [])
                    ips.setdefault(target, set()).update([ip] if ip else [])
        return [reach.Subject(campaign.name, case["target"], sorted(hosts.get(case["target"], ())), sorted(ips.get(case["target"], ())))
                for campaign in campaigns for case in campaign.cases]


class _News:
    """How many different things the lab's journal knows. A mail that is tried again and again is no news."""

    def __init__(self, file):
        self.file, self.seen, self.rest = file, set(), ""

    def count(self):
        lines = (self.rest + self.file.read()).split("\n")
        self.rest = lines.pop()
        for line in map(json.loads, lines):
            self.seen.add((line["recipient"], line["outcome"], line["message_id"]))
        return len(self.seen)


def _parents(name):
    """NAME and all names above it."""
    labels = name.split(".") if name else []
    return [".".join(labels[at:]) for at in range(len(labels))]


def line_printer(stream=sys.stderr):
    """A progress function: one line that is written over on a terminal, lines every few seconds elsewhere."""
    last = [0.0, ""]

    def tell(text):
        if stream.isatty():
            stream.write("\r\033[K" + text)
            stream.flush()
        elif text != last[1] and time.monotonic() - last[0] > 3:
            last[0] = time.monotonic()
            stream.write(text + "\n")
            stream.flush()
        last[1] = text
    return tell
