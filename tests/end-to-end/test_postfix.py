#!/usr/bin/python3
"""A campaign through a real Postfix, which is stopped and started again in its midst.

    tocsind --SMTP--> Postfix --SMTP--> the lab's relay, which refuses at RCPT what a mailbox would refuse
       ^--------------LMTP---'          (its journal is what the report is held against)

So every bounce is one that Postfix wrote, and came by its own LMTP client. Needs Postfix's programs and root; without them it is skipped.
"""
import json
import os
import shutil
import sys
import tempfile
import time
import unittest
from collections import Counter, defaultdict

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from tocsinlab.postfix import NoPostfix, Postfix  # noqa: E402
from tocsinlab.rehearsal import Rehearsal, RehearsalError  # noqa: E402

EACH = 6          # domains of each kind, in each of two feeds
KEEPS = "5s"      # that Postfix tries to bring a mail out
DOWN = 2.0        # seconds that it is down
LIMIT = 60        # seconds for anything
HOSTED = "hosted%d.example"  # Postfix knows who lives there: it refuses others itself
NAME = "all"
SETTINGS = [
    "contacts.mailboxes=[abuse, postmaster]", "contacts.order=[rfc2142-abuse, rfc2142-postmaster]", "campaigns.approve_above=100000",
    "bounces.window=20s", "delivery.sessions=4", "delivery.retry_for=5m", "log.level=debug",
]
# A kind of domain: what its mailboxes do, and how its case ends.
KINDS = {
    "reads": ({"abuse": "read"}, "delivered"),
    "unknown": ({"abuse": "reject", "postmaster": "read"}, "delivered"),
    "full": ({"abuse": "full", "postmaster": "read"}, "delivered"),
    "nobody": ({"abuse": "reject", "postmaster": "reject"}, "exhausted"),
    "greylists": ({"abuse": "greylist@2s"}, "delivered"),
    "late": ({"abuse": "defer", "postmaster": "read"}, "delivered"),
}
HEADER = "time.source,source.fqdn,source.port,classification.type,classification.identifier\n"


def half_of_world(half):
    """{domain: kind} and {domain: its facts} of one feed."""
    kinds, domains = {HOSTED % half: "hosted"}, {HOSTED % half: {"mx": ["mx.provider0.example"], "mailboxes": {"postmaster": "read"}}}
    for kind, (mailboxes, _) in KINDS.items():
        for number in range(EACH):
            name = "%s%d-%d.example" % (kind, half, number)
            kinds[name] = kind
            domains[name] = {"mx": ["mx.provider%d.example" % number], "mailboxes": mailboxes}
    return kinds, domains


class Campaign(Rehearsal):
    """One, in DIRECTORY, through a Postfix in DIRECTORY/postfix. Raises NoPostfix."""

    def __init__(self, directory):
        (first, domains), (second, more) = half_of_world(1), half_of_world(2)
        self.halves = {1: first, 2: second}
        self.kinds, self.postfix = {**first, **second}, None
        path = os.path.join(directory, "scenario.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"seed": 1, "relay": "verify", "domains": {**domains, **more}}, file)
        super().__init__(directory, path, [], settings=SETTINGS, limit=LIMIT)
        self.start_lab()
        hosted = [HOSTED % half for half in self.halves]
        try:
            self.postfix = Postfix(os.path.join(directory, "postfix"), self.lab.relay, self._lmtp_port(), "tocsin.example", hosted,
                                   ["postmaster@" + name for name in hosted], KEEPS)
        except NoPostfix:
            self.close()
            raise
        self.settings.append("delivery.relay=127.0.0.1:%d" % self.postfix.port)

    def _lmtp_port(self):
        with open(self.config, encoding="utf-8") as file:
            return int(json.load(file)["bounces"]["lmtp_listen"].rpartition(":")[2])

    def submit(self, half):
        path = os.path.join(self.directory, "half-%d.csv" % half)
        with open(path, "w", encoding="utf-8") as file:
            file.write(HEADER + "".join("2026-08-10T14:10:59+00:00,%s,25,scanner,probe\n" % name for name in self.halves[half]))
        self.tocsin("submit", "--campaign", NAME, path)

    def until(self, what, happened):
        end = time.monotonic() + self.limit
        while not happened():
            self.check_alive()
            if time.monotonic() > end:
                raise RehearsalError("%s: not in %d s:\n%s" % (what, self.limit, self.log_tail()))
            time.sleep(0.1)

    def notifications(self):
        return self.tocsin("queue", "--all", "--campaign", NAME)["notifications"]

    def waits_for_relay(self):
        return any(row["attempts"] and not row["accepted"] and not row["bounced"] for row in self.notifications())

    def run_to_the_end(self):
        self.postfix.start()
        self.start_daemon()
        self.wait_for_daemon()
        self.submit(1)
        # Something was brought out, something is put off and lies in Postfix's queue: now it goes.
        self.until("first mails", lambda: {"taken", "refused", "deferred"} <= {line["outcome"] for line in self.lab.journal()})
        self.postfix.stop()
        self.submit(2)
        self.until("mail that finds no relay", self.waits_for_relay)
        time.sleep(DOWN)
        self.postfix.start()
        self.until("the end", self._over)
        return self._collect(NAME)

    def _over(self):
        rows = self._status()
        return sum(row["cases"] for row in rows) == len(self.kinds) and not any(row["ends"]["open"] for row in rows)

    def events(self):
        return self.tocsin("log", "--campaign", NAME, "--limit", "100000")["events"]

    def close(self):
        super().close()
        if self.postfix:
            self.postfix.stop()


class Truth:
    """What the lab's relay, which is Postfix's next hop, saw of each recipient."""

    def __init__(self, journal):
        self.outcomes, self.mails = defaultdict(set), defaultdict(set)
        for line in journal:
            self.outcomes[line["recipient"]].add(line["outcome"])
            if line["outcome"] == "taken":
                self.mails[line["recipient"]].add(line["message_id"])

    def fate(self, recipient):
        """(accepted, bounced) as the report must have it."""
        outcomes = self.outcomes.get(recipient)
        if not outcomes:
            return False, "session"  # Postfix never offered it: it refused it itself
        return True, None if "taken" in outcomes else "later"


class ThroughPostfix(unittest.TestCase):
    missing = None  # why there is no Postfix

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix="tocsin-pf-")
        os.chmod(cls.directory, 0o755)  # Postfix's own user has to get through
        try:
            campaign = Campaign(cls.directory)
        except NoPostfix as error:
            shutil.rmtree(cls.directory, ignore_errors=True)
            cls.missing = str(error)
            return
        if "TOCSIN_KEEP" not in os.environ:
            cls.addClassCleanup(shutil.rmtree, cls.directory, ignore_errors=True)
        cls.addClassCleanup(campaign.close)
        cls.kinds, cls.second, cls.outcome = campaign.kinds, campaign.halves[2], campaign.run_to_the_end()
        cls.truth, cls.events = Truth(campaign.lab.journal()), campaign.events()
        campaign.stop_daemon()
        print("%d mails, %s" % (len(cls.outcome.notifications), dict(Counter(event["what"] for event in cls.events))), flush=True)

    def setUp(self):
        if self.missing:
            self.skipTest("NO POSTFIX took part, neither as relay nor as source of bounces: %s" % self.missing)

    def events_of(self, mailbox, kind):
        """{recipient: what was noted about the mail to it, in order}, of MAILBOX in the domains of a KIND."""
        found = {mailbox + "@" + name: [] for name in self.kinds if self.kinds[name] == kind}
        for event in self.events:
            if event["recipient"] in found:
                found[event["recipient"]].append(event["what"])
        return found.items()

    def test_the_report_agrees_with_the_next_hop(self):
        rows = {row["recipient"]: (row["accepted"], row["bounced"]) for row in self.outcome.notifications}
        self.assertEqual(rows, {recipient: self.truth.fate(recipient) for recipient in rows})
        self.assertEqual(len(rows), len(self.outcome.notifications))  # one mail each
        self.assertEqual(set(self.truth.outcomes) - set(rows), set())
        self.assertEqual([ids for ids in self.truth.mails.values() if len(ids) > 1], [])

    def test_the_figures_are_those_of_the_mails(self):
        fates = Counter(self.truth.fate(row["recipient"])[1] for row in self.outcome.notifications)
        total = lambda figure: sum(kind[figure] for kind in self.outcome.figures["kinds"])
        self.assertEqual((total("bounced_session"), total("bounced_later")), (fates["session"], fates["later"]))
        self.assertEqual(total("accepted"), fates[None] + fates["later"])
        self.assertGreater(min(fates.values()), 0)

    def test_every_case_ends_as_it_must(self):
        ends = {name: KINDS[kind][1] if kind in KINDS else "delivered" for name, kind in self.kinds.items()}
        self.assertEqual({case["target"]: case["state"] for case in self.outcome.cases}, ends)

    def test_what_postfix_says_is_understood(self):
        wanted = {"unknown": "user_unknown", "nobody": "user_unknown", "full": "mailbox_full", "hosted": "user_unknown"}
        reasons = {row["recipient"]: row["reason"] for row in self.outcome.notifications}
        for name, kind in self.kinds.items():
            if kind in wanted:
                self.assertEqual(reasons["abuse@" + name], wanted[kind], name)

    def test_a_delay_is_only_noted(self):
        for recipient, events in self.events_of("abuse", "greylists"):
            self.assertIn(recipient, self.truth.mails)
            if recipient.partition("@")[2] in self.second:  # those of the first may have waited while Postfix was down
                self.assertIn("delayed", events, recipient)
        for recipient, events in self.events_of("abuse", "late"):
            self.assertIn("delayed", events, recipient)
            self.assertIn("soft", events[events.index("delayed"):], recipient)  # and only then it went on
        for _, events in self.events_of("postmaster", "late"):
            self.assertIn("accepted", events)

    def test_mail_waits_while_postfix_is_down(self):
        """The second feed found nobody; all of its mail went out nevertheless."""
        self.assertIn("deferred", {event["what"] for event in self.events})
        self.assertEqual([row for row in self.outcome.notifications if row["state"] in ("queued", "held", "given-up")], [])


if __name__ == "__main__":
    unittest.main()
