#!/usr/bin/python3
"""What a submitter says about a feed: by a sidecar in incoming/, or by options of `tocsin submit`."""
import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))

from tocsinlab import settings  # noqa: E402
from tocsinlab.process import free_port  # noqa: E402

BUILD = os.path.abspath(os.environ.get("TOCSIN_BUILD", os.path.join(HERE, "..", "..", "build")))
PATIENCE = 30
ROWS = "Name,Seen\nbakery.example,2026-11-20 10:00:00\nmill.example,2026-11-20 11:00:00\n"
MAPPING = "columns: { Name: source.fqdn, Seen: time.source }\n"


class Submit(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="tocsin-submit-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.path = self.below("tocsin.yaml")
        made = settings.configuration(self.directory, 1, 1, free_port(), 0)
        made["campaigns"]["approve_above"] = 0  # nothing is to be sent
        made["profiles"] = {"scans": {"type": "scanner", "may_set": ["note"]}}
        settings.write(self.path, made)
        self.process = self.start()

    def below(self, name):
        return os.path.join(self.directory, name)

    def start(self):
        with open(self.below("log"), "a", encoding="utf-8") as log:
            process = subprocess.Popen([os.path.join(BUILD, "tocsind"), "--config", self.path], stdout=log, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.until(lambda: os.path.exists(self.below("control.sock")), "the daemon")
        return process

    def until(self, true, what):
        end = time.monotonic() + PATIENCE
        while not true():
            if time.monotonic() > end:
                raise AssertionError("waited in vain for %s: %s" % (what, self.read("log")))
            time.sleep(0.02)

    def read(self, name):
        with open(self.below(name), encoding="utf-8") as file:
            return file.read()

    def there(self, name):
        return os.path.exists(self.below(name))

    def write(self, name, text):
        with open(self.below(name), "w" if isinstance(text, str) else "wb") as file:
            file.write(text)
        return self.below(name)

    def drop(self, name, text, owner=None):
        """Written elsewhere, and moved to incoming/."""
        path = self.write("outside", text)
        if owner is not None:
            os.chown(path, owner, -1)
        os.rename(path, self.below("spool/incoming/" + name))

    def ask(self, text, *values):
        with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % self.below("tocsin.db"), uri=True)) as store:
            return store.execute(text, values).fetchall()

    def tocsin(self, *arguments, text=None):
        run = subprocess.run([os.path.join(BUILD, "tocsin"), *arguments], input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             env=dict(os.environ, TOCSIN_CONFIG=self.path), timeout=60)
        return run.returncode, run.stdout.decode(), run.stderr.decode()

    def campaigns(self):
        """Each campaign's note, and its targets."""
        rows = self.ask("SELECT id, name, json_extract(settings, '$.note') FROM campaign WHERE id > 0 ORDER BY id")
        return {name: (note, [row[0] for row in self.ask('SELECT target FROM "case" WHERE campaign_id = ? ORDER BY target', number)])
                for number, name, note in rows}


class Sidecar(Submit):
    def test_it_is_taken_with_its_feed(self):
        self.drop("list.csv.meta.yaml", "campaign: two names\nnote: We told the police.\nhold: true\n" + MAPPING)
        time.sleep(0.3)
        self.assertTrue(self.there("spool/incoming/list.csv.meta.yaml"))
        self.drop("list.csv", ROWS)
        self.until(lambda: self.there("spool/done/list.csv.meta.yaml"), "the feed's end")
        self.assertTrue(self.there("spool/done/list.csv"))
        self.assertFalse(self.there("spool/incoming/list.csv.meta.yaml"))
        self.assertEqual(self.campaigns(), {"two names": ("We told the police.", ["bakery.example", "mill.example"])})

    def test_a_wrong_one_fails_its_feed_before_anything_is_stored(self):
        self.drop("list.csv.meta.yaml", "campain: x\nlanguage: German\ntemplate: no-such\n" + MAPPING)
        self.drop("list.csv", ROWS)
        self.until(lambda: self.there("spool/failed/list.csv"), "the refusal")
        self.until(lambda: self.there("spool/failed/list.csv.meta.yaml"), "its sidecar")
        self.assertEqual(self.read("spool/failed/list.csv.error").splitlines(), [
            "list.csv.meta.yaml:1:1: campain: no such key; did you mean campaign?",
            'list.csv.meta.yaml:2:11: language: "German" is not valid; allowed: a language tag (de, pt-br)',
            "list.csv.meta.yaml:3:11: template: there is no no-such.LANGUAGE.txt in paths.templates; allowed: auto, or the NAME of one that is there"])
        self.assertEqual(self.ask("SELECT count(*) FROM feed_file"), [(0,)])
        self.assertEqual(self.campaigns(), {})
        self.assertIn("did you mean campaign?; list.csv.meta.yaml:2", self.read("log"))  # one line

    @unittest.skipIf(os.getuid(), "only root can give a file away")
    def test_a_submitter_sets_what_the_profile_lets_him(self):
        self.drop("scans/a.csv.meta.yaml", "note: x\n" + MAPPING, owner=65534)
        self.drop("scans/a.csv", ROWS, owner=65534)
        self.until(lambda: self.there("spool/failed/a.csv"), "the refusal")
        self.assertEqual(self.read("spool/failed/a.csv.error"),
                         "a.csv.meta.yaml:2:10: columns: profile scans does not let its submitters set this (may_set); leave it out, or ask an"
                         " administrator\n")
        self.drop("scans/b.csv.meta.yaml", "note: x\n", owner=65534)
        self.drop("scans/b.csv", "domain\nbakery.example\n", owner=65534)
        self.until(lambda: self.there("spool/done/b.csv"), "the feed's end")

    def test_a_note_is_the_campaign_s(self):
        for name, note in (("a", "One."), ("b", "Other."), ("c", "One.")):
            self.drop(name + ".csv.meta.yaml", "campaign: shared\nnote: %s\n" % note)
            self.drop(name + ".csv", "domain\n%s.example\n" % name)
            self.until(lambda: self.there("spool/done/%s.csv" % name) or self.there("spool/failed/%s.csv" % name), "the end of " + name)
        self.assertEqual(self.read("spool/failed/b.csv.error"),
                         "campaign shared has another note, which all of its mails show: choose another name\n")
        self.assertEqual(self.campaigns(), {"shared": ("One.", ["a.example", "c.example"])})


class Options(Submit):
    def test_the_same_by_options(self):
        path = self.write("list.csv", "bakery.example;x\nmill.example;y\n")
        code, _, errors = self.tocsin("submit", "--no-header", "--map", "1=source.fqdn", "--map=2=extra.what", "--note", "Say: \"no\" #1",
                                      "--campaign", "by hand", path)
        self.assertEqual((code, errors), (0, ""))
        self.until(lambda: self.there("spool/done/list.csv"), "the feed's end")
        self.assertEqual(self.campaigns(), {"by hand": ('Say: "no" #1', ["bakery.example", "mill.example"])})

    def test_they_are_refused_before_anything_is_stored(self):
        path = self.write("list.csv", ROWS)
        self.assertEqual(self.tocsin("submit", "--template", "no-such", "--language", "German", path),
                         (65, "", 'tocsin: language: "German" is not valid; allowed: a language tag (de, pt-br)\n'
                          "template: there is no no-such.LANGUAGE.txt in paths.templates; allowed: auto, or the NAME of one that is there\n"))
        self.assertEqual(self.tocsin("submit", "--map", "x", path), (64, "", "tocsin: submit: --map x: it is COLUMN=FIELD\n"))
        self.assertEqual(self.tocsin("submit", "--profile", "nobody", path)[0], 65)
        code, _, errors = self.tocsin("submit", self.write("x.meta.yaml", "note: x\n"))
        self.assertEqual((code, errors), (65, "tocsin: it is a sidecar: what is submitted is the feed that it belongs to\n"))
        self.assertEqual(sorted(os.listdir(self.below("spool/incoming"))), ["default", "scans"])


if __name__ == "__main__":
    unittest.main()
