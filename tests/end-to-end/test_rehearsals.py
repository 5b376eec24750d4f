#!/usr/bin/python3
"""Whole campaigns against the lab, each in both of the relay's modes: the report agrees with the journal, and every case ends as it must.

The rehearsals wait more than they work: a few of them run at a time, and each test waits for its own.
"""
import concurrent.futures
import csv
import json
import os
import subprocess
import sys
import tempfile
import unittest
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
LAB = os.path.join(HERE, "..", "lab")
SCENARIOS = os.path.join(LAB, "scenarios")
sys.path.insert(0, LAB)

from tocsinlab import journal, story  # noqa: E402
from tocsinlab.settings import seconds  # noqa: E402
from tocsinlab.slowdown import slowly  # noqa: E402

MODES = ("verify", "accept")
AT_A_TIME = 4
LIMIT = slowly(240)
GATHERED = "campaigns.aggregate_wait=" + seconds(slowly(3))
SEVEN = "contacts.max_contacts=7"  # the six mailboxes of a domain, and its hoster
NETWORK = 'contacts.overrides=[{"network": "198.51.100.0/24", "contacts": ["abuse@hoster.example"]}]'

# Name of the scenario: its feeds, if they are called differently, and its settings.
RUNS = {
    "greylisting": ((), ()),
    "full-mailboxes": ((), ()),
    "late-bounces": ((), ()),
    "relay-down": ((), ()),
    "relay-refuses": ((), ()),
    "relay-unsteady": ((), ()),
    "dns-failures": ((), ("dns.give_up=" + seconds(slowly(3)), "dns.timeout=" + seconds(slowly(0.25)), "dns.tries=2")),
    "two-campaigns": (("two-campaigns-1", "two-campaigns-2"), ()),
    "opt-out": ((), (NETWORK, SEVEN)),
    "refusals": ((), ("campaigns.brake=100",)),  # relay-refuses pulls it
    "hoster": ((), (NETWORK,)),
    "hoster-last": ((), (NETWORK, "contacts.mailboxes=[abuse, postmaster]", GATHERED)),
    "apart-contact": ((), (NETWORK, GATHERED)),
    "apart-type": ((), (NETWORK, GATHERED, "profiles.default.aggregate_by=[type]")),
    "apart-asn": ((), (NETWORK, GATHERED, "profiles.default.aggregate_by=[asn]")),
    "apart-incident": ((), (NETWORK, GATHERED, "profiles.default.aggregate_by=[incident]")),
    "story": ((), None),
}


def make_hoster(directory, name):
    """300 domains of one hoster, which nobody looks after but he: they take no mail (hoster), or have no mailboxes (hoster-last)."""
    domains = {"site%03d.example" % number: {"mx": ["mx1.hoster.example"] if name == "hoster-last" else None} for number in range(300)}
    world = {"seed": 1, "domains": dict(domains, **{"hoster.example": {"mx": ["mx1.hoster.example"], "mailboxes": {"abuse": "read"}}})}
    with open(os.path.join(directory, name + ".json"), "w", encoding="utf-8") as file:
        json.dump(world, file)
    with open(os.path.join(directory, name + ".csv"), "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["time.source", "source.ip", "source.fqdn", "classification.type", "classification.identifier"])
        rows.writerows(["2026-08-10T14:00:00+00:00", "198.51.100.%d" % (number % 250 + 1), domain, "exploit", "open-relay-probe"]
                       for number, domain in enumerate(domains))


def make_apart(directory, name):
    """12 domains of one hoster, each in two incidents: three types and two networks."""
    domains = {"site%02d.example" % number: {"mx": None} for number in range(12)}
    world = {"seed": 1, "domains": dict(domains, **{"hoster.example": {"mx": ["mx1.hoster.example"], "mailboxes": {"abuse": "read"}}})}
    with open(os.path.join(directory, name + ".json"), "w", encoding="utf-8") as file:
        json.dump(world, file)
    with open(os.path.join(directory, name + ".csv"), "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["time.source", "source.ip", "source.asn", "source.fqdn", "source.port", "classification.type"])
        rows.writerows(["2026-08-10T14:00:00+00:00", "198.51.100.%d" % (number + 1), 64500 + number % 2, domain, port, kind]
                       for number, domain in enumerate(domains)
                       for port, kind in ((25, ("spam", "scanner", "exploit")[number % 3]), (80, ("spam", "scanner", "exploit")[number // 4])))


def make_story(directory, name):
    """The demo, smaller."""
    scenario, feed, settings = story.make(seed=2, count=150)
    for path, text in ((name + ".json", json.dumps(scenario)), (name + ".csv", feed), ("settings", "\n".join(settings))):
        with open(os.path.join(directory, path), "w", encoding="utf-8") as file:
            file.write(text)


MADE = {"hoster": make_hoster, "hoster-last": make_hoster, "story": make_story,
        "apart-contact": make_apart, "apart-type": make_apart, "apart-asn": make_apart, "apart-incident": make_apart}


class Outcome:
    """What one rehearsal printed, and the journals that it left."""

    def __init__(self, directory, mode, run):
        self.mode = mode
        self.code, self.errors = run.returncode, run.stderr
        self.result = json.loads(run.stdout) if run.stdout else {}
        self.ends = self.result.get("ends", {})
        self.journal, self.returns, self.faults = (journal.read(os.path.join(directory, name + ".jsonl")) for name in ("journal", "returns", "faults"))
        self.claims = journal.read_whole(os.path.join(directory, "claims.json"))
        self.log = os.path.join(directory, "tocsind.log")

    def mails_to(self, recipient):
        """Warnings that RECIPIENT's server took."""
        return [line for line in self.journal if line["recipient"] == recipient and line["outcome"] == "taken" and line["envelope_sender"]]

    def why(self):
        """For the message of a failed test."""
        tail = ""
        if os.path.exists(self.log):
            with open(self.log, encoding="utf-8", errors="replace") as file:
                tail = "".join(file.readlines()[-20:])
        return self.mode + ": " + json.dumps({key: self.result.get(key) for key in ("ends", "missed", "disagreements")}, indent=1) + self.errors + tail


def rehearse(scratch, name, mode):
    """Run one rehearsal to its end."""
    feeds, settings = RUNS[name]
    directory = os.path.join(scratch, name + "-" + mode)
    os.makedirs(directory)
    source = SCENARIOS
    if name in MADE:
        source = directory
        MADE[name](directory, name)
    settings = ("@" + os.path.join(directory, "settings"),) if settings is None else settings
    command = [os.path.join(LAB, "rehearse"), "--json", "--relay", mode, "--keep", os.path.join(directory, "run"), "--limit", str(LIMIT - slowly(60)),
               "--scenario", os.path.join(source, name + ".json")]
    for feed in feeds or (name,):
        command += ["--feed", os.path.join(source, feed + ".csv")]
    for setting in settings:
        command += ["--set", setting]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", timeout=LIMIT, stdin=subprocess.DEVNULL)
    return Outcome(os.path.join(directory, "run"), mode, run)


class Rehearsals(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="tocsin-")
        cls.pool = concurrent.futures.ThreadPoolExecutor(AT_A_TIME)
        cls.runs = {}
        if not [word for word in sys.argv[1:] if word != "-v"]:  # all of them are wanted
            for name in sorted(RUNS):
                for mode in MODES:
                    cls.start(name, mode)

    @classmethod
    def start(cls, name, mode):
        """The rehearsal's future."""
        if (name, mode) not in cls.runs:
            cls.runs[name, mode] = cls.pool.submit(rehearse, cls.scratch.name, name, mode)
        return cls.runs[name, mode]

    @classmethod
    def tearDownClass(cls):
        cls.pool.shutdown(cancel_futures=True)
        cls.scratch.cleanup()

    def each(self, name):
        """(mode, outcome) of NAME's rehearsals; what holds for all of them has been checked."""
        for run in [(mode, self.start(name, mode)) for mode in MODES]:
            mode, outcome = run[0], run[1].result()
            self.assertEqual((outcome.code, outcome.result.get("agrees")), (0, True), outcome.why())
            self.assertEqual(outcome.result["missed"], [], outcome.why())
            self.check_same_mail(outcome)
            yield mode, outcome

    def check_same_mail(self, outcome):
        """A mail that comes again is the same mail; and no mail ever went to us."""
        bytes_of = {}
        for line in outcome.journal:
            if line["outcome"] == "taken":
                self.assertEqual(bytes_of.setdefault((line["recipient"], line["message_id"]), line["sha256"]), line["sha256"])
            self.assertFalse(line["recipient"].endswith("@tocsin.example"), line)

    def reached_all(self, outcome, ends):
        self.assertEqual(outcome.ends, ends, outcome.why())
        self.assertEqual(outcome.result["reached"], outcome.result["reachable"], outcome.why())

    def test_greylisting(self):
        for mode, outcome in self.each("greylisting"):
            self.reached_all(outcome, {"delivered": 5})
            self.assertEqual(outcome.result["reached"], 5)
            waits = Counter(line["recipient"] for line in outcome.journal if line["event"] == "defer")
            self.assertEqual(bool(waits), mode == "verify")

    def test_full_mailboxes(self):
        for mode, outcome in self.each("full-mailboxes"):
            self.reached_all(outcome, {"delivered": 4, "exhausted": 1})
            self.assertEqual(outcome.result["reached"], 4)

    def test_late_double_and_forged_bounces(self):
        for mode, outcome in self.each("late-bounces"):
            # The forged one counts as delivered: nothing that verifies ever came back.
            self.assertEqual(outcome.ends, {"delivered": 8, "exhausted": 1}, outcome.why())
            self.assertEqual((outcome.result["reached"], outcome.result["reachable"]), (7, 8))
            self.assertEqual(len(outcome.mails_to("postmaster@theatre.example")), 0)
            double = [line for line in outcome.returns if line["event"] == "taken" and line["about"] == "abuse@museum.example"]
            self.assertEqual(len(double), 2)
            self.assertEqual(len(outcome.mails_to("postmaster@museum.example")), 1)
            forged = [line for line in outcome.returns if line["forged"] and line["event"] != "scheduled"]
            self.assertTrue(forged)

    def test_a_relay_that_is_down_and_comes_back(self):
        for mode, outcome in self.each("relay-down"):
            self.assertIn("down", [fault["do"] for fault in outcome.faults])
            self.reached_all(outcome, {"delivered": 24})

    def test_a_relay_that_refuses_us(self):
        for mode, outcome in self.each("relay-refuses"):
            self.assertEqual(outcome.ends.get("delivered", 0) + outcome.ends.get("exhausted", 0), 0, outcome.why())
            self.assertEqual((outcome.journal, outcome.returns, outcome.result["reached"]), ([], [], 0))
            refusals = len(outcome.faults)
            self.assertTrue(5 <= refusals <= 5 + 8, "the brake is at 5, 8 sessions may be open: %d refusals" % refusals)
            self.assertEqual(outcome.result["bounced_by_kind"], {})
            states = {rung["state"] for campaign in outcome.claims for case in campaign["cases"] for rung in case["rungs"]}
            self.assertFalse(states & {"bounced", "given-up", "skipped"}, "no case may move")

    def test_a_relay_whose_sessions_break(self):
        for mode, outcome in self.each("relay-unsteady"):
            self.reached_all(outcome, {"delivered": 24})
            stored = sum(1 for fault in outcome.faults if fault["when"] == "stored")
            taken = [(line["recipient"], line["message_id"]) for line in outcome.journal if line["outcome"] == "taken"]
            self.assertEqual(stored, 3)
            # A bounce may come back before the second try, and then there is none.
            self.assertIn(len(taken) - len(set(taken)), [stored] if mode == "verify" else range(stored + 1))

    def test_dns_failures(self):
        for mode, outcome in self.each("dns-failures"):
            self.assertEqual(outcome.ends, {"delivered": 27, "exhausted": 3}, outcome.why())
            self.assertEqual(outcome.result["reached"], 27)
            asked = {line["recipient"].partition("@")[2] for line in outcome.journal}
            self.assertFalse(asked & {"nullmx.example", "parked.example", "missing.example"})

    def test_two_campaigns_at_once(self):
        for mode, outcome in self.each("two-campaigns"):
            self.reached_all(outcome, {"delivered": 24})
            self.assertEqual(len(outcome.result["report"]["campaigns"]), 2)

    def test_opt_out(self):
        for mode, outcome in self.each("opt-out"):
            self.assertEqual(outcome.ends, {"opted-out": 2, "delivered": 2}, outcome.why())
            self.assertEqual([line["targets"] for line in outcome.mails_to("abuse@hoster.example")], [["school.example"]])
            for silent in ("security@bakery.example", "postmaster@bakery.example", "info@church.example"):
                self.assertEqual(outcome.mails_to(silent), [])
            receipts = Counter(line["recipient"] for line in outcome.journal if line["outcome"] == "taken" and not line["envelope_sender"])
            self.assertEqual(receipts, {"abuse@bakery.example": 1, "postmaster@church.example": 1})

    def test_what_mailboxes_can_say(self):
        for mode, outcome in self.each("refusals"):
            ends = dict(outcome.ends)
            held = ends.pop("notified", 0) + ends.pop("waiting", 0)
            self.assertEqual((held, ends), (1, {"delivered": 5, "exhausted": 1}), outcome.why())
            self.assertEqual(outcome.mails_to("security@bakery.example"), [])
            self.assertEqual(len(outcome.mails_to("security@church.example")), 1)
            self.assertEqual(outcome.result["reached"], 2)

    def test_a_hoster_with_300_domains_gets_one_mail(self):
        for mode, outcome in self.each("hoster"):
            self.reached_all(outcome, {"delivered": 300})
            mails = outcome.mails_to("abuse@hoster.example")
            self.assertEqual([len(mail["targets"]) for mail in mails], [300])
            self.assertEqual(len(outcome.journal), 1)

    def test_a_hoster_who_is_asked_last(self):
        for mode, outcome in self.each("hoster-last"):
            self.reached_all(outcome, {"delivered": 300})
            mails = outcome.mails_to("abuse@hoster.example")
            self.assertEqual(sum(len(mail["targets"]) for mail in mails), 300)
            self.assertLessEqual(len(mails), 6, "cases that fail together should regroup together")

    def test_what_is_told_apart_in_the_mails_to_one_hoster(self):
        for name, mails in (("apart-contact", 1), ("apart-type", 3), ("apart-asn", 2), ("apart-incident", 24)):
            for mode, outcome in self.each(name):
                with self.subTest(name=name, mode=mode):
                    self.assertEqual(set(outcome.ends), {"delivered"}, outcome.why())
                    self.assertEqual(outcome.result["reached"], outcome.result["reachable"], outcome.why())
                    taken = outcome.mails_to("abuse@hoster.example")
                    self.assertEqual(len({line["message_id"] for line in taken}), mails)
                    self.assertEqual((len(taken), len(outcome.journal)), (mails, mails))
                    self.assertEqual(len({target for line in taken for target in line["targets"]}), 12)
                    if name == "apart-incident":
                        self.assertEqual({len(line["targets"]) for line in taken}, {1})

    def test_the_story(self):
        for mode, outcome in self.each("story"):
            self.assertGreater(outcome.result["bounced_by_kind"]["rfc2142-abuse"], 0.5 * outcome.result["mails_by_kind"]["rfc2142-abuse"])
            self.assertGreater(outcome.result["reached"], 0.85 * outcome.result["cases"])
            self.assertNotIn("new", outcome.ends)
            self.assertEqual(set(outcome.ends) - {"delivered", "exhausted", "opted-out", "answered"}, set(), outcome.why())


if __name__ == "__main__":
    unittest.main()
