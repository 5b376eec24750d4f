#!/usr/bin/python3
"""tocsin contacts against the lab: the ladder that each source leads to."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from tocsinlab.process import Lab  # noqa: E402

BUILD = os.environ.get("TOCSIN_BUILD", "build")
HOSTER = ["mx1.hoster.example"]
WORLD = {
    "seed": 1,
    "domains": {
        "bakery.example": {"mx": HOSTER, "a": ["192.0.2.7"], "soa": "host.master@bakery.example"},
        "church.example": {"mx": None, "a": ["192.0.2.8"], "soa": "dns@hoster.example"},
        "parked.example": {"mx": None, "a": ["198.51.100.9"]},
        "hoster.example": {"mx": HOSTER, "soa": "hostmaster@hoster.example"},
        "db.example": {"records": ["church.example TXT cert@hoster.example security@hoster.example",
                                   "9.100.51.198 TXT abuse@hoster.example"]},
    },
}


class Contacts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.lab = Lab(WORLD, os.path.join(cls.scratch.name, "lab"))
        cls.addClassCleanup(cls.lab.close)

    def run_contacts(self, *arguments, settings=()):
        rows = ["contacts.mailboxes=[abuse]", "dns.servers=[\"127.0.0.1:%d\"]" % self.lab.dns, *settings]
        command = [os.path.join(BUILD, "tocsin"), "--config", os.path.join(self.scratch.name, "tocsin.yaml")]
        with open(command[-1], "w", encoding="utf-8"):
            pass
        for row in rows:
            command += ["--set", row]
        return subprocess.run([*command, "--json", "contacts", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, encoding="utf-8", timeout=60)

    def ladder(self, target, settings=()):
        """([(address, party, kinds)], what was ruled out)."""
        run = self.run_contacts(target, settings=settings)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        found = json.loads(run.stdout)
        return [(rung["address"], rung["party"], rung["kinds"]) for rung in found["contacts"]], found["ruled_out"]

    def test_soa(self):
        self.assertEqual(self.ladder("bakery.example")[0], [("abuse@bakery.example", "owner", ["rfc2142-abuse"]),
                                                            ("host.master@bakery.example", "owner", ["soa"])])
        rungs, notes = self.ladder("church.example")
        self.assertEqual(rungs, [("dns@hoster.example", "hoster", ["soa"])])
        self.assertTrue(any("null MX" in note for note in notes), notes)
        self.assertEqual(self.ladder("church.example", ["contacts.order=[rfc2142-abuse]"])[0], [])

    def test_databases(self):
        zones = ["contacts.database_domain=db.example", "contacts.database_ip=db.example"]
        self.assertEqual(self.ladder("church.example", zones)[0],
                         [("cert@hoster.example", "owner", ["contactdb-domain"]), ("security@hoster.example", "owner", ["contactdb-domain"]),
                          ("dns@hoster.example", "hoster", ["soa"])])
        self.assertEqual(self.ladder("parked.example", zones)[0], [("abuse@hoster.example", "hoster", ["contactdb-ip"])])
        self.assertEqual(self.ladder("198.51.100.9", zones)[0], [("abuse@hoster.example", "hoster", ["contactdb-ip"])])


if __name__ == "__main__":
    unittest.main()
