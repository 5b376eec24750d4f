#!/usr/bin/python3
"""Bounces through a Maildir, written by Python's mailbox module: campaigns end as they do by LMTP, and the same mail twice changes nothing twice."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
LAB = os.path.join(HERE, "..", "lab")
sys.path.insert(0, LAB)

from tocsinlab import rehearsal, settings  # noqa: E402
from tocsinlab.relay import RELAY_KEEPS  # noqa: E402
from tocsinlab.slowdown import slowly  # noqa: E402

LIMIT = slowly(120)
WINDOW = RELAY_KEEPS + settings.MARGIN  # seconds; the lab's, where no mailbox waits
WORLD = {"seed": 1, "relay": "accept", "domains": {
    "tocsin.example": {"mx": ["mx.tocsin.example"], "otherwise": "intake"},
    "bakery.example": {"mx": ["mx1.hoster.example"], "mailboxes": {"abuse": "bounce:exim", "security": "bounce:qmail", "postmaster": "read"}},
    "barber.example": {"mx": ["mx1.hoster.example"], "mailboxes": {"abuse": "read"}},
    "church.example": {"mx": ["mx1.hoster.example"], "mailboxes": {"abuse": "optout"}}}}


class Maildir(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="tocsin-maildir-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.maildir = os.path.join(self.directory, "maildir")

    def files(self, name):
        return os.listdir(os.path.join(self.maildir, name))

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def begin(self, settings=()):
        """A campaign that has ended, with its daemon still running."""
        run = rehearsal.Rehearsal(self.directory, self.write("world.json", json.dumps(WORLD)),
                                  [self.write("feed.csv", "source.fqdn\nbakery.example\nchurch.example\n")],
                                  campaign="day", settings=settings, limit=LIMIT, intake="maildir")
        self.addCleanup(run.close)
        return run, run.run()

    def until(self, run, true):
        end = time.monotonic() + slowly(30)
        while not true():
            self.assertLess(time.monotonic(), end, run.log_tail())
            time.sleep(0.05)

    def test_rehearsals_agree(self):
        """Whole campaigns whose every bounce and opt-out comes by the Maildir, in the relay's mode that makes most of them."""
        for name in ("late-bounces", "opt-out", "refusals"):
            with self.subTest(name):
                kept = os.path.join(self.directory, name)
                scenario = os.path.join(LAB, "scenarios", name)
                done = subprocess.run([os.path.join(LAB, "rehearse"), "--json", "--relay", "accept", "--intake", "maildir", "--keep", kept,
                                       "--scenario", scenario + ".json", "--feed", scenario + ".csv"], timeout=LIMIT,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
                result = json.loads(done.stdout)
                self.assertEqual((done.returncode, result["disagreements"], result["missed"]), (0, [], []), done.stderr)
                self.assertEqual(os.listdir(os.path.join(kept, "maildir", "new")), [])
                read = os.listdir(os.path.join(kept, "maildir", "cur"))
                self.assertGreater(len(read), 3)
                self.assertEqual([file for file in read if not file.endswith(":2,S")], [])

    def test_the_same_mail_twice(self):
        """What a crash between the commit and the move leaves: the mail is in new/ still."""
        run, evidence = self.begin()
        self.assertEqual(sorted(case["state"] for case in evidence.campaigns[0].cases), ["delivered", "opted-out"])
        before = [run.tocsin("report", "day"), run.tocsin("status")["suppressions"]]
        taken = self.files("cur")
        self.assertGreater(len(taken), 2)
        for name in taken:
            os.rename(os.path.join(self.maildir, "cur", name), os.path.join(self.maildir, "new", name.partition(":")[0]))
        self.until(run, lambda: not self.files("new") and sorted(self.files("cur")) == sorted(taken))
        self.assertEqual([run.tocsin("report", "day"), run.tocsin("status")["suppressions"]], before)
        self.assertEqual([row for row in run.lab.journal() if row["outcome"] == "taken" and not row["envelope_sender"]][1:], [], "one receipt")
        run.stop_daemon()

    def test_a_proof_comes_by_the_maildir(self):
        run, _ = self.begin(["campaigns.bounce_proof=0"])
        facts = run.tocsin("check", "--send")
        self.assertEqual([proof["way"] for proof in facts["proofs"]], ["the Maildir"])
        run.stop_daemon()

    def test_no_window_ends_while_it_is_gone(self):
        """Silence says nothing then; when it is back, windows are put off by as long."""
        run, _ = self.begin()
        cur, gone = os.path.join(self.maildir, "cur"), os.path.join(self.maildir, "gone")
        os.rename(cur, gone)
        self.until(run, lambda: run.tocsin("status")["standstill"])
        status = run.tocsin("status")
        self.assertIn("cur: No such file", status["standstill"]["why"])
        self.assertEqual([fault["what"] for fault in status["faults"]], ["Maildir"])
        self.assertIn("no bounce window has ended since", run.tocsin("status", text=True))
        run.tocsin("submit", "--campaign", "night", self.write("night.csv", "source.fqdn\nbarber.example\n"))
        night = lambda: dict({"held": 0, "accepted": 0}, **{row["name"]: row for row in run.tocsin("status")["campaigns"]}.get("night", {}))
        self.until(run, lambda: night()["held"])
        run.tocsin("campaign", "approve", "night")
        self.until(run, lambda: night()["accepted"])
        accepted = time.monotonic()
        time.sleep(WINDOW + 1)
        self.assertEqual(night()["ends"]["open"], 1)
        os.rename(gone, cur)
        self.until(run, lambda: night()["ends"]["delivered"])
        self.assertGreater(time.monotonic() - accepted, 2 * WINDOW)
        self.assertIsNone(run.tocsin("status")["standstill"])
        run.stop_daemon()

    def test_check_looks_at_it(self):
        run, _ = self.begin()
        run.stop_daemon()
        os.rename(os.path.join(self.maildir, "cur"), os.path.join(self.maildir, "gone"))
        with self.assertRaisesRegex(rehearsal.RehearsalError, "exit 78.*bounces.maildir: .*/cur: No such file"):
            run.tocsin("check", text=True)


if __name__ == "__main__":
    unittest.main()
