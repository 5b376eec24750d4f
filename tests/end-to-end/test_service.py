#!/usr/bin/python3
"""tocsind under a service manager: what it says to it, the watchdog, reloads, the journal's fields. The manager and the journal are sockets of ours."""
import array
import json
import os
import select
import shutil
import signal
import smtplib
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))

from tocsinlab import settings  # noqa: E402
from tocsinlab.process import Lab, free_port  # noqa: E402
from tocsinlab.slowdown import slowly  # noqa: E402

BUILD = os.path.abspath(os.environ.get("TOCSIN_BUILD", os.path.join(HERE, "..", "..", "build")))
WORLD = {"seed": 1, "domains": {name: {"mx": ["mx1.hoster.example"], "mailboxes": {"abuse": "read"}}
                                for name in ("bakery.example", "church.example", "garden.example")}}
PATIENCE = slowly(60)  # seconds; nothing here is a measurement


def until(true, what):
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise AssertionError("waited in vain for " + what)
        time.sleep(0.05)


class Listener:
    """A datagram socket at PATH, and what came to it. It is read all the time: who sends to it waits while it is full."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.heard = []
        self.ended = False
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self):
        while not self.ended:
            if select.select([self.socket], [], [], 0.1)[0]:
                data, extra, _, _ = self.socket.recvmsg(1 << 20, socket.CMSG_SPACE(64))
                self.heard.append(data or self._passed(extra))

    def close(self):
        self.ended = True
        self.thread.join()
        self.socket.close()

    @staticmethod
    def _passed(extra):
        """A large entry comes as a descriptor."""
        for _, _, data in extra:
            for descriptor in array.array("i", data):
                with os.fdopen(descriptor, "rb") as file:
                    file.seek(0)
                    return file.read()
        return b""


def variables(datagram):
    return dict(line.split("=", 1) for line in datagram.decode().split("\n") if "=" in line)


class Service(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="tocsin-service-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.path = self.below("tocsin.yaml")
        self.made = settings.configuration(self.directory, 1, 1, free_port(), 0)
        self.configure(campaigns={"approve_above": 100000})
        self.manager = Listener(self.below("notify"))
        self.addCleanup(self.manager.close)

    def below(self, name):
        return os.path.join(self.directory, name)

    def configure(self, **sections):
        for section, keys in sections.items():
            self.made.setdefault(section, {}).update(keys)
        settings.write(self.path, self.made)

    def start(self, *before, wait=True, **environment):
        with open(self.below("log"), "w", encoding="utf-8") as log:
            process = subprocess.Popen([*before, os.path.join(BUILD, "tocsind"), "--config", self.path], stdout=subprocess.DEVNULL, stderr=log,
                                       env=dict(os.environ, NOTIFY_SOCKET=self.below("notify"), **environment))
        self.addCleanup(self.end, process)
        if wait:
            self.said("READY")
        return process

    def end(self, process):
        """As its manager does: asked first, so that it gives back what it has."""
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def tocsin(self, *arguments):
        return subprocess.run([os.path.join(BUILD, "tocsin"), "--config", self.path, *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, encoding="utf-8", timeout=slowly(60))

    def status(self):
        return json.loads(self.tocsin("status", "--json").stdout)

    def campaign(self, name):
        return next((one for one in self.status()["campaigns"] if one["name"] == name), {})

    def log(self):
        with open(self.below("log"), encoding="utf-8") as file:
            return file.read()

    def everything(self):
        """What the manager has been told, in order."""
        return [variables(datagram) for datagram in list(self.manager.heard)]

    def said(self, key, times=1):
        until(lambda: sum(key in told for told in self.everything()) >= times, "%s, %d times; the log: %s" % (key, times, self.log()))

    # ---- What the manager is told ----

    def test_ready_when_it_listens_and_stopping_when_it_ends(self):
        process = self.start()
        self.assertEqual(self.tocsin("version").stdout.count("\n"), 2, "ready means that it answers")
        self.tocsin("stop")
        self.said("STATUS", 2)
        self.assertIn("all sending is stopped", self.everything()[-1]["STATUS"])
        process.terminate()
        self.assertEqual(process.wait(), 0)
        self.assertEqual([told for told in self.everything() if "STOPPING" in told][0]["STOPPING"], "1")
        self.assertFalse(any("WATCHDOG" in told for told in self.everything()), "nobody asked for it")

    # ---- The watchdog ----

    def fed(self, more):
        """The watchdog is fed MORE times from now on."""
        self.said("WATCHDOG", sum("WATCHDOG" in told for told in self.everything()) + more)

    def hanging(self, lab):
        """A daemon some of whose calls can be made to hang."""
        library = self.below("hang.so")
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, os.path.join(HERE, "hang.c"), "-ldl"], check=True)
        os.mkdir(self.below("hang"))
        self.configure(dns={"servers": ["127.0.0.1:%d" % lab.dns]}, delivery={"relay": "127.0.0.1:%d" % lab.relay})
        process = self.start(LD_PRELOAD=library, TOCSIN_HANG=self.below("hang"), WATCHDOG_USEC="1000000", ASAN_OPTIONS="verify_asan_link_order=0")
        self.fed(2)
        return process

    def stuck(self, what, words):
        """While calls of WHAT hang the watchdog starves, though the loop answers; after that it is fed again."""
        path = self.below("hang/" + what)
        with open(path, "w", encoding="utf-8"):
            pass
        self.assertEqual(self.tocsin("submit", "--campaign", what, self.list(*["shop-of-%s.example" % what, *WORLD["domains"]])).returncode, 0)
        until(lambda: words + " has not been heard of" in self.log(), words)
        starved = sum("WATCHDOG" in told for told in self.everything())
        self.assertEqual(self.tocsin("version").stdout.count("\n"), 2)
        time.sleep(1)
        self.assertEqual(sum("WATCHDOG" in told for told in self.everything()), starved)
        os.unlink(path)
        until(lambda: "threads: works again" in self.log(), "the thread's return")
        self.fed(2)

    def test_a_hanging_disk_starves_the_watchdog(self):
        with Lab(WORLD, self.below("lab")) as lab:
            process = self.hanging(lab)
            with open(self.below("hang/store"), "w", encoding="utf-8"):
                pass
            order = subprocess.Popen([os.path.join(BUILD, "tocsin"), "--config", self.path, "suppress", "add", "x@y.example"], stdout=subprocess.DEVNULL)
            until(lambda: "the store thread has not been heard of" in self.log(), "the store thread")
            self.assertIn("the store thread has not", self.tocsin("status").stdout)
            starved = sum("WATCHDOG" in told for told in self.everything())
            time.sleep(1)
            self.assertEqual(sum("WATCHDOG" in told for told in self.everything()), starved)
            os.unlink(self.below("hang/store"))
            self.fed(2)
            self.assertEqual(order.wait(), 0)
            process.terminate()
            self.assertEqual(process.wait(), 0)

    def test_a_reader_that_hangs_starves_the_watchdog(self):
        with Lab(WORLD, self.below("lab")) as lab:
            self.hanging(lab)
            self.stuck("reader", "the reader thread")

    def test_a_delivery_thread_that_hangs_starves_the_watchdog(self):
        with Lab(WORLD, self.below("lab")) as lab:
            self.hanging(lab)
            self.stuck("delivery", "a delivery thread")

    def test_a_store_that_fails_is_no_thread_that_hangs(self):
        self.start(WATCHDOG_USEC="%d" % slowly(4000000))  # more than twice the second that SQLite waits for a lock
        self.fed(2)
        locked = sqlite3.connect(self.below("tocsin.db"))
        self.addCleanup(locked.close)
        locked.execute("BEGIN IMMEDIATE")
        self.tocsin("suppress", "add", "x@y.example")
        until(lambda: "locked" in self.tocsin("status").stdout, "the fault")
        self.fed(5)
        self.assertNotIn("has not been heard of", self.log())

    def test_a_relay_that_says_nothing_is_no_thread_that_hangs(self):
        with Lab(WORLD, self.below("lab")) as lab, socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen(64)
            self.configure(dns={"servers": ["127.0.0.1:%d" % lab.dns]}, delivery={"relay": "127.0.0.1:%d" % silent.getsockname()[1]})
            self.start(WATCHDOG_USEC="%d" % slowly(1000000))
            self.assertEqual(self.tocsin("submit", "--campaign", "day", self.list(*WORLD["domains"])).returncode, 0)
            with silent.accept()[0]:
                self.fed(12)
                self.assertNotIn("has not been heard of", self.log())

    # ---- The loop ----

    def test_status_tells_how_late_the_loop_is(self):
        self.start()
        until(lambda: self.status()["loop"]["samples"] > 20, "samples")
        loop = self.status()["loop"]
        self.assertLessEqual(loop["p50_ms"], loop["p99_ms"])
        self.assertLessEqual(loop["p99_ms"], loop["p99_9_ms"])
        self.assertLessEqual(loop["p99_9_ms"], loop["longest_ms"])
        self.assertRegex(self.tocsin("status").stdout, r"loop lag: 50% within \d+\.\d ms, 99% \d+\.\d ms, 99\.9% \d+\.\d ms, at most \d+\.\d ms\n")

    # ---- The journal ----

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("unshare"), "SKIPPED: not root: what goes to the journal has NOT been seen")
    def test_what_happens_has_fields_in_the_journal(self):
        """libsystemd knows one address of the journal: our socket is put there in a mount namespace. Standard error is what the service manager says it is."""
        os.mkdir(self.below("journal"))
        journal = Listener(self.below("journal/socket"))
        self.addCleanup(journal.close)
        enter = ["unshare", "--mount", "--propagation", "private", "sh", "-c",
                 'mkdir -p /run/systemd/journal && mount --bind "$0" /run/systemd/journal && JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2) exec "$@"',
                 self.below("journal")]
        with Lab(WORLD, self.below("lab")) as lab:
            self.configure(dns={"servers": ["127.0.0.1:%d" % lab.dns]}, delivery={"relay": "127.0.0.1:%d" % lab.relay}, log={"level": "debug"})
            self.start(*enter)
            self.assertEqual(self.tocsin("submit", "--campaign", "day", self.list("bakery.example")).returncode, 0)
            until(lambda: self.campaign("day").get("state") == "ended", "the campaign's end")
            with smtplib.LMTP(*self.made["bounces"]["lmtp_listen"].split(":")) as intake:
                intake.sendmail("", lab.journal()[0]["envelope_sender"], "Subject: failure notice\r\n\r\nIt is back.\r\n")
        entries = [variables(one) for one in list(journal.heard)]
        self.assertEqual(self.log(), "", "nothing is said twice")
        self.assertTrue(all(one["SYSLOG_IDENTIFIER"] == "tocsind" and one["PRIORITY"] in "34567" for one in entries))
        by_id = {one["MESSAGE_ID"]: one for one in entries if "MESSAGE_ID" in one}
        self.assertEqual(by_id["9b9d8efc8fd24da1aebd8825eb5ce246"]["PRIORITY"], "5", "ready")
        self.assertEqual(by_id["7f1a0fff1ac34d8eb9762bda129d8c15"]["CAMPAIGN"], "day", "a file is loaded")
        attempt = by_id["9512d016789d424799088d9b065a1e91"]
        self.assertEqual((attempt["CAMPAIGN"], attempt["NOTIFICATION"]), ("day", "T-1"))
        self.assertIn("accepted", attempt["MESSAGE"])
        returned = by_id["d4d8a0fe1858406cbc06f20d9901425c"]
        self.assertEqual((returned["CAMPAIGN"], returned["NOTIFICATION"]), ("day", "T-1"))
        self.assertIn("T-1: delivered", [one["MESSAGE"].replace("notification ", "") for one in entries if one.get("NOTIFICATION") == "T-1"])
        self.assertIn("case 1: delivered", [one["MESSAGE"] for one in entries if one.get("CASE") == "1"])

    # ---- Reload ----

    def test_a_reload_says_when_it_begins_and_when_it_is_over(self):
        process = self.start()
        process.send_signal(signal.SIGHUP)
        self.said("READY", 2)
        told = [one for one in self.everything() if "READY" in one or "RELOADING" in one]
        self.assertEqual([("READY" in one, "RELOADING" in one) for one in told], [(True, False), (False, True), (True, False)])
        self.assertLessEqual(int(told[1]["MONOTONIC_USEC"]), time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000)

    def test_a_hangup_before_the_daemon_is_ready(self):
        """It reads the public suffix list, for as long as we like, when it is told."""
        os.mkfifo(self.below("suffixes"))
        self.configure(paths={"public_suffixes": self.below("suffixes")})
        process = self.start(wait=False)
        with open(self.below("suffixes"), "w", encoding="utf-8") as file:
            process.send_signal(signal.SIGHUP)
            file.write("example\n")
        self.said("READY", 2)
        self.assertIn("reload: the new configuration is in force", self.log())

    def test_a_reload_takes_what_it_can_and_names_what_it_cannot(self):
        with Lab(WORLD, self.below("lab")) as lab:
            self.configure(dns={"servers": ["127.0.0.1:%d" % lab.dns]}, delivery={"relay": "127.0.0.1:%d" % lab.relay})
            self.start()
            self.configure(delivery={"relay": "127.0.0.1:9"}, sender={"name": "Another name"}, campaigns={"approve_above": 1},
                           log={"level": "debug"}, profiles={"shops": {"format": "list"}})
            done = self.tocsin("reload")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("only after a restart: delivery.relay\n", done.stdout)
            until(lambda: "delivery.relay" in self.everything()[-1]["STATUS"], "the status")
            with open(self.below("drop"), "w", encoding="utf-8") as file:
                file.write("bakery.example\n")
            os.rename(self.below("drop"), self.below("spool/incoming/shops/one"))
            until(lambda: lab.journal(), "a mail of a profile that was not there when the daemon started")
            self.assertIn(": notified", self.log(), "log.level")
            mail = json.loads(self.tocsin("queue", "show", "T-1", "--json").stdout)
            self.assertTrue(self.campaign("shops-one"))
            self.assertIn("Another name", json.dumps(mail) + self.tocsin("preview", "T-1", "--json").stdout)
            self.assertEqual(self.tocsin("submit", "--campaign", "two", self.list("church.example", "garden.example")).returncode, 0)
            until(lambda: self.campaign("two").get("held") == 2, "campaigns.approve_above")
            self.assertIn("delivery.relay", self.tocsin("reload").stdout, "it waits still")

    def list(self, *names):
        with open(self.below("list"), "w", encoding="utf-8") as file:
            file.write("\n".join(names) + "\n")
        return self.below("list")

    def test_a_broken_configuration_changes_nothing(self):
        process = self.start()
        self.configure(sender={"name": "Another name"}, log={"level": "debug"})
        self.configure(nonsense={"a": 1})
        done = self.tocsin("reload")
        self.assertEqual(done.returncode, 78, "tocsin reads the same file")
        process.send_signal(signal.SIGHUP)
        until(lambda: "refused" in self.log(), "the refusal")
        self.said("READY", 2)
        self.assertRegex(self.log(), r"reload: refused, all stays as it was: \S+tocsin.yaml:\d+:\d+: nonsense")
        self.assertEqual(process.poll(), None)
        del self.made["nonsense"]
        self.configure(sender={"name": ""})
        done = self.tocsin("reload")
        self.assertEqual((done.returncode, done.stdout), (78, ""))
        self.assertIn("sender.name", done.stderr)
        self.configure(sender={"name": "Good"}, paths={"templates": ["/nonexistent"]})
        self.assertIn("opt-out-receipt", self.tocsin("reload").stderr)

    def test_a_profile_whose_directory_cannot_be_made_is_refused(self):
        self.start()
        with open(self.below("spool/processing/shops"), "w", encoding="utf-8"):
            pass
        self.configure(profiles={"bakeries": {}, "shops": {}})
        done = self.tocsin("reload")
        self.assertEqual(done.returncode, 78, done.stdout)
        self.assertIn("processing/shops", done.stderr)
        os.unlink(self.below("spool/processing/shops"))
        self.assertEqual(self.tocsin("reload").returncode, 0)

    def test_reloads_that_overlap_are_all_answered(self):
        process = self.start()
        asked = [subprocess.Popen([os.path.join(BUILD, "tocsin"), "--config", self.path, "reload"], stdout=subprocess.PIPE) for _ in range(8)]
        process.send_signal(signal.SIGHUP)
        self.assertEqual([one.communicate(timeout=PATIENCE)[0] for one in asked], [b"the new configuration is in force\n"] * 8)

    def test_reloads_under_load(self):
        with Lab(WORLD, self.below("lab")) as lab:
            self.configure(dns={"servers": ["127.0.0.1:%d" % lab.dns]}, delivery={"relay": "127.0.0.1:%d" % lab.relay})
            process = self.start()
            names = ["shop%d.example" % i for i in range(2000)] + list(WORLD["domains"])
            self.assertEqual(self.tocsin("submit", "--campaign", "day", self.list(*names)).returncode, 0)
            for i in range(20):
                self.configure(campaigns={"aggregate_wait": "%dms" % (100 + i)}, profiles={"p%d" % i: {}})
                self.assertEqual(self.tocsin("reload").returncode, 0)
            until(lambda: self.campaign("day").get("state") == "ended", "the campaign's end")
            process.terminate()
            self.assertEqual(process.wait(), 0, self.log())


if __name__ == "__main__":
    unittest.main()
