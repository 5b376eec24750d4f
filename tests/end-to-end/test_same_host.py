#!/usr/bin/python3
"""A feed that names a host once by its name and once by its address: DNS says that they are one, and its people get one mail."""
import json
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))

from tocsinlab.running import Running  # noqa: E402

READ = {"mx": ["mx1.hoster.example"], "mailboxes": {"abuse": "read"}}
WORLD = {"seed": 1, "domains": {
    "bakery.example": {**READ, "a": ["192.0.2.7"]}, "church.example": {**READ, "a": ["192.0.2.8"]},
    "florist.example": {**READ, "a": ["192.0.2.8"]}, "hoster.example": READ}}
FEED = """source.fqdn,source.ip,classification.type,classification.identifier
,192.0.2.7,scanner,open-relay
bakery.example,,scanner,open-relay
,192.0.2.8,scanner,open-relay
church.example,,scanner,open-relay
florist.example,,scanner,open-relay
"""


class SameHost(Running):
    def setUp(self):
        self.start(WORLD, {"mailboxes": ["abuse"], "overrides": [{"network": "192.0.2.0/24", "contacts": ["abuse@hoster.example"]}]},
                   approve_above=1000)

    def explain(self, target):
        return json.loads(self.tocsin("explain", target, "--json"))

    def test_one_mail_for_one_host(self):
        self.tocsin("submit", "--campaign", "one", "-", text=FEED)
        self.until(lambda: any(one["name"] == "one" and one["state"] == "ended" for one in json.loads(self.tocsin("status", "--json"))["campaigns"]))
        mails = [(line["recipient"], line["targets"]) for line in self.lab.journal() if line["outcome"] == "taken"]
        # 192.0.2.8 is the church's or the florist's: nobody can say.
        self.assertEqual(sorted(mails), [("abuse@bakery.example", ["bakery.example"]), ("abuse@church.example", ["church.example"]),
                                         ("abuse@florist.example", ["florist.example"]), ("abuse@hoster.example", ["192.0.2.8"])])
        bakery, address = self.explain("bakery.example"), self.explain("192.0.2.7")
        case = bakery["cases"][0]["id"]
        self.assertEqual([row["why"] for row in bakery["rows"]], ["known already: case %d tells of the same finding" % case, None])
        self.assertEqual((address["cases"][0]["state"], address["cases"][0]["note"]),
                         ("cancelled", "192.0.2.7 and bakery.example are one host by DNS: case %d tells of it" % case))
        self.until(lambda: [line["known_in"] for line in self.results()] == [case, None, None, None, None])

    def results(self):
        for directory, _, files in os.walk(self.below("spool/done")):
            for file in files:
                if file.endswith(".result.jsonl"):
                    with open(os.path.join(directory, file), encoding="utf-8") as opened:
                        return [json.loads(line) for line in opened]
        return []


if __name__ == "__main__":
    unittest.main()
