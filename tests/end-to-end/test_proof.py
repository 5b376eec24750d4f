#!/usr/bin/python3
"""The bounce path, proved: `tocsin check --send` sees a mail go round, and nothing is approved that nobody could hear back from."""
import json
import os
import shutil
import smtplib
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))

from tocsinlab import settings  # noqa: E402
from tocsinlab.process import Lab, free_port  # noqa: E402
from tocsinlab.slowdown import slowly  # noqa: E402

BUILD = os.environ.get("TOCSIN_BUILD", os.path.join(HERE, "..", "..", "build"))
USAGE, DATA, UNAVAILABLE, TEMPFAIL, NOT_ALLOWED, CONFIG = 64, 65, 69, 75, 77, 78


def world(bounce_mailbox="intake", **more):
    """A scenario in which mail to our own domain meets BOUNCE_MAILBOX."""
    return dict({"seed": 1, "relay": "accept", "domains": {
        "tocsin.example": {"mx": ["mx.tocsin.example"], "otherwise": bounce_mailbox},
        "bakery.example": {"mx": ["mx1.hoster.example"], "mailboxes": {"abuse": "read", "nobody": "bounce:exim", "slow": "defer"}}}}, **more)


def bounce_of(recipient):
    return ("From: MAILER-DAEMON@mx.example\nSubject: Undelivered\nMIME-Version: 1.0\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nIt failed.\n--b\n"
            "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; %s\n"
            "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n\n--b--\n" % recipient)


class Proof(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="tocsin-proof-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.path = os.path.join(self.directory, "tocsin.yaml")
        self.log = os.path.join(self.directory, "log")

    lab = None

    def begin(self, scenario, bounces=None, **campaigns):
        """The lab and the daemon."""
        lmtp = free_port()
        self.lab = lab = Lab(scenario, os.path.join(self.directory, "lab"), bounce_lmtp="127.0.0.1:%d" % lmtp)
        self.addCleanup(lab.close)
        self.lmtp = lmtp
        self.made = made = settings.configuration(self.directory, lab.dns, lab.relay, lmtp, 0)
        made["campaigns"].update(bounce_proof="1h", **campaigns)
        made["bounces"].update(bounces or {})
        settings.write(self.path, made)
        self.start()
        return lab

    def start(self):
        with open(self.log, "w") as log:
            self.process = process = subprocess.Popen([os.path.join(BUILD, "tocsind")], stdout=subprocess.DEVNULL, stderr=log,
                                       env=dict(os.environ, TOCSIN_CONFIG=self.path))
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        self.until(lambda: self.tocsin("version")[1].count("\n") == 2)

    def tocsin(self, *arguments, text=None):
        """(exit code, standard output, standard error)."""
        run = subprocess.run([os.path.join(BUILD, "tocsin"), *arguments], input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             encoding="utf-8", env=dict(os.environ, TOCSIN_CONFIG=self.path), timeout=slowly(60))
        return run.returncode, run.stdout, run.stderr

    def until(self, true):
        end = time.monotonic() + slowly(30)
        while not true():
            self.assertLess(time.monotonic(), end, "it took too long:\n" + self.log_text())
            time.sleep(0.05)

    def log_text(self):
        with open(self.log, encoding="utf-8") as file:
            return file.read()[-3000:]

    def status(self):
        return json.loads(self.tocsin("status", "--json")[1])

    def waiting(self, campaign):
        """Drop a file that waits for approval, until it does."""
        self.assertEqual(self.tocsin("submit", "--hold", "--campaign", campaign, "-", text="bakery.example\n")[0], 0)
        self.until(lambda: any(one["name"] == campaign and one["held"] for one in self.status()["campaigns"]))

    def approve(self, *words):
        return self.tocsin("campaign", "approve", *words)

    def test_the_mail_goes_round(self):
        lab = self.begin(world())
        code, out, err = self.tocsin("check", "--send")
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"the relay took it: .*queued as L1\n.*it came back by LMTP\nbounces come back")
        sent = [line for line in lab.journal() if line["event"] == "intake"]
        self.assertEqual(len(sent), 1)
        self.assertEqual(sent[0]["envelope_sender"], sent[0]["recipient"])
        self.assertRegex(self.tocsin("status")[1], r"bounce path: seen to work \d+ seconds? ago, by LMTP\n")
        self.waiting("day")
        self.assertEqual(self.approve("day")[0], 0)
        self.assertEqual(len([line for line in lab.journal() if line["event"] == "intake"]), 1, "it was young enough")
        status = self.status()
        self.assertEqual((status["forged_bounces"], status["stale_bounces"]), (0, 0))

    def test_a_bounce_is_provoked_and_understood(self):
        self.begin(world())
        code, out, err = self.tocsin("check", "--send", "--provoke", "nobody@bakery.example", "--json")
        self.assertEqual((code, err), (0, ""))
        facts = json.loads(out)
        self.assertTrue(facts["comes_back"])
        self.assertEqual([(one["recipient"], one["class"], one["way"]) for one in facts["proofs"]],
                         [(None, "autoreply", "LMTP"), ("nobody@bakery.example", "hard", "LMTP")])

    def test_a_refusal_in_the_session_needs_no_bounce(self):
        self.begin(world(relay="verify"))
        code, out, err = self.tocsin("check", "--send", "--provoke", "nowhere@bakery.example")
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"refused it at once, so that no bounce will come: .*5\.1\.1")

    def test_what_does_not_come_back_is_no_proof(self):
        self.begin(world("blackhole"))
        self.waiting("day")
        code, out, err = self.tocsin("check", "--send", "--wait", "1")
        self.assertEqual(code, TEMPFAIL)
        self.assertIn("the relay took it", out)
        self.assertIn("did not come back in 1 s", err)
        self.assertIn("never seen to work; a mail of", self.tocsin("status")[1])
        code, _, err = self.approve("day")
        self.assertEqual(code, NOT_ALLOWED)
        self.assertIn("has never been shown", err)
        self.assertIn("tocsin check --send", err)
        self.assertEqual(self.approve("day", "--without-proof", "--why", "a drill")[0], 0)
        self.assertIn("without a proof of the bounce path", self.tocsin("log", "--audit")[1])

    def test_a_late_proof_counts(self):
        self.begin(world("intake@2s"))
        self.assertEqual(self.tocsin("check", "--send", "--wait", "1", "--json")[0], TEMPFAIL)
        self.until(lambda: self.status()["proofs"][0]["returned"])
        self.waiting("day")
        self.assertEqual(self.approve("day")[0], 0)

    def test_a_proof_counts_once(self):
        """What somebody kept of an old one shows nothing about today."""
        self.begin(world("blackhole"))
        self.tocsin("check", "--send", "--wait", "1")
        sender = self.lab.journal()[0]["envelope_sender"]
        mail = "From: a@tocsin.example\nTo: %s\n\nhello\n" % sender
        self.assertEqual(self.tocsin("bounce", "--recipient", sender, "--sender", sender, text=mail)[0], 0)
        first = self.status()["proofs"][0]
        self.assertEqual(first["way"], "tocsin bounce")
        self.assertEqual(self.tocsin("bounce", "--recipient", sender, "--sender", sender, text=mail)[0], 0)
        self.assertEqual(self.status()["proofs"][0]["returned"], first["returned"])
        forged = sender.replace("+", "+aaaa", 1)
        self.assertEqual(self.tocsin("bounce", "--recipient", forged, "--sender", "", text=mail.replace(sender, forged))[0], 0)
        self.assertEqual(self.status()["forged_bounces"], 1)

    def test_the_daemon_sees_to_it(self):
        """Where a campaign waits for nothing else, the daemon sends the mail by itself, and the campaign begins."""
        lab = self.begin(world(), approve_above=100)
        self.assertEqual(self.tocsin("submit", "--campaign", "day", "-", text="bakery.example\n")[0], 0)
        self.until(lambda: any(line["recipient"] == "abuse@bakery.example" for line in lab.journal()))
        self.assertEqual([line["event"] for line in lab.journal()], ["intake", "read"])
        self.assertRegex(self.tocsin("log", "--audit")[1], r"tocsind: prove .*\n.*tocsind: start day  bounces come back")

    def test_a_small_campaign_waits_for_the_proof_too(self):
        lab = self.begin(world("blackhole"), approve_above=100)
        self.assertEqual(self.tocsin("submit", "--campaign", "day", "-", text="bakery.example\n")[0], 0)
        self.until(lambda: any(one["held"] for one in self.status()["campaigns"]) and lab.journal())
        self.assertRegex(self.tocsin("status")[1], r"day +to prove ")
        self.assertEqual(len(lab.journal()), 1)
        sender = lab.journal()[0]["envelope_sender"]
        self.assertEqual(self.tocsin("bounce", "--recipient", sender, text="Subject: it\n\nfound its way\n")[0], 0)
        self.until(lambda: any(line["recipient"] == "abuse@bakery.example" for line in lab.journal()))

    def recipient(self, address):
        """What the intake says to it."""
        with smtplib.LMTP("127.0.0.1", self.lmtp, timeout=slowly(30)) as client:
            client.ehlo_or_helo_if_needed()
            client.mail("")
            return client.rcpt(address)[0]

    def test_what_is_out_comes_back_to_the_mailbox_of_its_day(self):
        """The configuration names others since."""
        lab = self.begin(world(), bounces={"window": "1h"}, approve_above=100)
        self.assertEqual(self.tocsin("submit", "--campaign", "day", "-", text="bakery.example\n")[0], 0)
        mails = lambda: [line for line in lab.journal() if line["recipient"] == "abuse@bakery.example"]
        self.until(mails)
        sender = mails()[0]["envelope_sender"]
        self.made["return_path"].update(bounce="new@tocsin.example", opt_out="silence@tocsin.example")
        settings.write(self.path, self.made)
        self.assertEqual(self.tocsin("reload")[0], 0)
        ours = [sender, "optout@tocsin.example", "new@tocsin.example", "silence@tocsin.example", "other@tocsin.example"]
        self.assertEqual([self.recipient(one) for one in ours], [250, 250, 250, 250, 550])
        self.process.terminate()
        self.assertEqual(self.process.wait(), 0)
        self.start()
        self.assertEqual([self.recipient(one) for one in ours], [250, 250, 250, 250, 550])
        with smtplib.LMTP("127.0.0.1", self.lmtp, timeout=slowly(30)) as client:
            client.sendmail("", sender, bounce_of("abuse@bakery.example"))
            client.sendmail("someone@bakery.example", "optout@tocsin.example", "From: someone@bakery.example\nSubject: no\n\nno more\n")
        self.assertEqual(json.loads(self.tocsin("queue", "show", "T-1", "--json")[1])["state"], "bounced")
        self.assertIn("someone@bakery.example", self.tocsin("suppress", "list")[1])

    def test_the_relay_says_no(self):
        self.begin(world(faults=[{"at": "relay", "do": "reply", "reply": "554 5.7.1 We do not know you", "when": "mail", "times": 1},
                                 {"at": "relay", "do": "reply", "reply": "451 4.3.0 Later", "when": "mail", "times": 1}]))
        code, _, err = self.tocsin("check", "--send")
        self.assertEqual(code, CONFIG)
        self.assertIn("We do not know you", err)
        code, _, err = self.tocsin("check", "--send")
        self.assertEqual(code, TEMPFAIL)
        self.assertIn("Later", err)

    def test_a_socket_that_somebody_tidied_away(self):
        path = os.path.join(self.directory, "lmtp.sock")
        self.begin(world(), bounces={"lmtp_socket": path})
        self.assertIsNone(self.status()["standstill"])
        os.unlink(path)
        self.until(lambda: self.status()["standstill"])
        self.assertIn("the socket has been removed", self.tocsin("status")[1])

    def test_stopped(self):
        self.begin(world())
        self.assertEqual(self.tocsin("stop")[0], 0)
        code, _, err = self.tocsin("check", "--send")
        self.assertEqual(code, TEMPFAIL)
        self.assertIn("tocsin start", err)

    def test_usage(self):
        settings.write(self.path, settings.configuration(self.directory, 1, 1, free_port(), 0))
        for words, expected in ((["--wait", "5"], USAGE), (["--send", "--wait", "0"], USAGE), (["--send"], UNAVAILABLE)):
            with self.subTest(" ".join(words)):
                self.assertEqual(self.tocsin("check", *words)[0], expected)


if __name__ == "__main__":
    unittest.main()
