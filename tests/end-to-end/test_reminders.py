#!/usr/bin/python3
"""The same feed day after day: told once, then known, then reminded of, then known for good. A day is a few seconds here: waiting times are configuration."""
import json
import os
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))

from tocsinlab import settings  # noqa: E402
from tocsinlab.running import Running  # noqa: E402
from tocsinlab.slowdown import slowly  # noqa: E402

WINDOW = slowly(8)  # seconds: dedup_window
WORLD = {"seed": 1, "domains": {
    "bakery.example": {"mx": ["mx1.hoster.example"], "mailboxes": {"abuse": "read"}},
    "church.example": {"mx": ["mx1.hoster.example"], "mailboxes": {"postmaster": "read"}},
    "florist.example": {"mx": ["mx1.hoster.example"], "mailboxes": {"abuse": "read"}}}}
HEADER = "time.source,source.fqdn,classification.type,classification.identifier\n"


class Reminders(Running):
    def setUp(self):
        self.start(WORLD, {"mailboxes": ["abuse", "postmaster"]}, approve_above=1000, dedup_window=settings.seconds(WINDOW), max_reminders=1)
        self.told = 0

    def mails(self):
        return [line for line in self.lab.journal() if line["outcome"] == "taken"]

    def day(self, name, *domains):
        """A file with DOMAINS comes; when its campaign is over: its result lines by domain, and the mails since the last one by recipient."""
        rows = "".join("2026-08-10T14:10:59Z,%s,scanner,open-relay\n" % domain for domain in domains)
        self.tocsin("submit", "--campaign", name, "-", text=HEADER + rows)
        self.until(lambda: any(one["name"] == name and one["state"] == "ended" for one in json.loads(self.tocsin("status", "--json"))["campaigns"]))
        lines = {}
        self.until(lambda: self.results(name, lines))
        self.told, mails = len(self.mails()), self.mails()[self.told:]
        self.assertEqual(len(mails), len({mail["recipient"] for mail in mails}))
        return lines, {mail["recipient"]: mail for mail in mails}

    def results(self, name, lines):
        """Put the final NAME.result.jsonl into LINES."""
        for directory, _, files in os.walk(self.below("spool/done")):
            for file in files:
                if file.endswith(".result.jsonl"):
                    with open(os.path.join(directory, file), encoding="utf-8") as opened:
                        found = [json.loads(line) for line in opened]
                    if found and self.is_of(found, name):
                        lines.update({line["incident"]["source.fqdn"]: line for line in found})
                        return all(line["state"] in (None, "delivered") for line in found)
        return False

    def is_of(self, lines, name):
        campaign = json.loads(self.tocsin("campaign", "show", name, "--cases", "--json"))
        cases = {case["id"] for case in campaign["cases_list"]}
        return cases == {line["case"] for line in lines} - {None} and len(lines) == campaign["feed_files"][0]["rows"]

    def test_the_same_feed_for_days(self):
        _, first = self.day("monday", "bakery.example", "church.example")
        self.assertEqual({address: mail["references"] for address, mail in first.items()}, {"abuse@bakery.example": [], "postmaster@church.example": []})

        # The day after, one more: the others are known already, wherever the campaign.
        lines, mails = self.day("tuesday", "bakery.example", "church.example", "florist.example")
        self.assertEqual(set(mails), {"abuse@florist.example"})
        self.assertRegex(lines["bakery.example"]["why"], r"^known already: case \d+ tells of the same finding$")
        self.assertIsNone(lines["florist.example"]["why"])

        time.sleep(WINDOW)
        lines, mails = self.day("next-week", "bakery.example", "church.example")
        self.assertEqual({address: mail["references"] for address, mail in mails.items()},
                         {address: [mail["message_id"]] for address, mail in first.items()})
        self.assertEqual([lines[domain]["reminder"] for domain in ("bakery.example", "church.example")], [1, 1])

        # max_reminders is 1.
        time.sleep(WINDOW)
        lines, mails = self.day("last", "bakery.example", "church.example")
        self.assertEqual(mails, {})
        self.assertIn("as many reminders as there may be", lines["church.example"]["why"])
        self.explain(lines["church.example"])

    def explain(self, line):
        """`tocsin explain` says what the result file says, and the rest."""
        told = json.loads(self.tocsin("explain", "www.Church.example", "--json"))
        self.assertEqual(told["target"], "church.example")
        self.assertEqual([(finding["count"], finding["host"], finding["case"]) for finding in told["findings"]], [(4, "church.example", line["known_in"])])
        self.assertEqual([(case["campaign"], case["state"], case["reminder"]) for case in told["cases"]], [("monday", "delivered", None), ("next-week", "delivered", 1)])
        first = told["cases"][0]
        self.assertEqual([rung["state"] for rung in first["rungs"]], ["bounced", "sent"])
        self.assertEqual([mail["state"] for mail in first["notifications"]], ["bounced", "delivered"])
        self.assertIn("User unknown", " ".join(attempt["text"] for attempt in first["notifications"][0]["history"]))
        self.assertEqual([(row["campaign"], bool(row["known_in"]), row["reminder"]) for row in told["rows"]],
                         [("monday", False, None), ("tuesday", True, None), ("next-week", False, 1), ("last", True, None)])
        self.assertEqual({name: told["rows"][-1][name] for name in ("line", "case", "known_in", "why", "incident")},
                         {name: line[name] for name in ("line", "case", "known_in", "why", "incident")})
        text = self.tocsin("explain", "church.example")
        for words in ("seen 4 times", "reminder 1 of what case", "accepted", "known already", "postmaster@church.example"):
            self.assertIn(words, text)
        self.assertIn("No row of a loaded file names it", self.tocsin("explain", "192.0.2.99"))


if __name__ == "__main__":
    unittest.main()
