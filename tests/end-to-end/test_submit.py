#!/usr/bin/python3
"""What a submitter says about a feed, by a sidecar in incoming/ or by options of `tocsin submit`; and feeds that come by mail."""
import base64
import contextlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))

from tocsinlab import settings  # noqa: E402
from tocsinlab.process import free_port  # noqa: E402
from tocsinlab.slowdown import slowly  # noqa: E402

BUILD = os.path.abspath(os.environ.get("TOCSIN_BUILD", os.path.join(HERE, "..", "..", "build")))
PATIENCE = slowly(30)
ROWS = "Name,Seen\nbakery.example,2026-11-20 10:00:00\nmill.example,2026-11-20 11:00:00\n"
MAPPING = "columns: { Name: source.fqdn, Seen: time.source }\n"


class Submit(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="tocsin-submit-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.path = self.below("tocsin.yaml")
        made = settings.configuration(self.directory, 1, 1, free_port(), 0)
        made["campaigns"]["approve_above"] = 0  # nothing is to be sent
        made["profiles"] = {"scans": {"type": "scanner", "may_set": ["note"]}, "closed": {"group": "daemon"}, "open": {"group": "nogroup"}}
        settings.write(self.path, made)
        self.process = self.start()

    def below(self, name):
        return os.path.join(self.directory, name)

    def start(self):
        with open(self.below("log"), "a", encoding="utf-8") as log:
            process = subprocess.Popen([os.path.join(BUILD, "tocsind"), "--config", self.path], stdout=log, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        self.until(lambda: self.there("control.sock") and self.there("spool/incoming/scans"), "the daemon")
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
                             env=dict(os.environ, TOCSIN_CONFIG=self.path), timeout=slowly(60))
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

    @unittest.skipIf(os.getuid(), "only root can give a file away")
    def test_a_profile_is_for_its_group(self):
        why = "profile closed is for members of group daemon, and nobody is none: submit it with another profile, or ask an administrator\n"
        self.drop("closed/a.csv", "domain\na.example\n", owner=65534)
        self.until(lambda: self.there("spool/failed/a.csv"), "the refusal")
        self.assertEqual(self.read("spool/failed/a.csv.error"), why)
        # Nor by the back door.
        self.drop("b.csv.meta.yaml", "profile: closed\n", owner=65534)
        self.drop("b.csv", "domain\nb.example\n", owner=65534)
        self.until(lambda: self.there("spool/failed/b.csv"), "the refusal")
        self.assertEqual(self.read("spool/failed/b.csv.error"), why)
        self.assertEqual(self.ask("SELECT count(*) FROM feed_file"), [(0,)])
        # A member may (nogroup is nobody's own), and so may an administrator.
        self.drop("open/c.csv", "domain\nc.example\n", owner=65534)
        self.until(lambda: self.there("spool/done/c.csv"), "the member's feed")
        self.drop("closed/d.csv", "domain\nd.example\n", owner=0)
        self.until(lambda: self.there("spool/done/d.csv"), "the administrator's feed")

    def test_a_later_file_names_other_words(self):
        for name, language in (("a", "de"), ("b", "fr"), ("c", "de")):
            self.drop(name + ".csv.meta.yaml", "campaign: shared\nlanguage: %s\n" % language)
            self.drop(name + ".csv", "domain\n%s.example\n" % name)
            self.until(lambda: self.there("spool/done/%s.csv" % name) or self.there("spool/failed/%s.csv" % name), "the end of " + name)
        self.assertEqual(self.read("spool/failed/b.csv.error"),
                         "campaign shared is written in de, and this file names fr: choose another name\n")
        self.assertEqual(self.campaigns(), {"shared": (None, ["a.example", "c.example"])})

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

    def test_waiting_says_what_became_of_each(self):
        files = [self.write("a.csv", "domain\na.example\nb.example\nlocalhost\n" + "c.example\n" * 9), self.write("b.csv", "colour\nred\n"),
                 self.below("nobody.csv"), self.write("d.txt", "d.example\n")]
        code, out, errors = self.tocsin("submit", "--wait", *files)
        self.assertEqual(code, 66)  # the first failure
        self.assertEqual(out.splitlines(), [
            files[0] + ": loaded as campaign default-a: 12 rows, 3 targets to tell about, 1 rejected (why: done/a.csv.rejected); waits for"
            " approval: tocsin preview 'default-a', then tocsin campaign approve 'default-a'",
            files[3] + ": loaded as campaign default-d: 1 row, 1 target to tell about; waits for approval: tocsin preview 'default-d', then tocsin"
            " campaign approve 'default-d'"])
        self.assertEqual(errors.splitlines()[0], "tocsin: %s: No such file or directory" % files[2])
        self.assertRegex(errors.splitlines()[1], r"^tocsin: .*b\.csv: refused, nothing of it was kept: line 1: no column .* \(failed/b\.csv\.error\)$")
        code, out, errors = self.tocsin("submit", "--wait", "--json", files[0])
        self.assertEqual((code, errors), (65, ""))
        answer = json.loads(out)
        self.assertEqual((answer["state"], answer["file"], answer["name"]), ("refused", files[0], "a.csv"))
        self.assertIn("the same bytes came before as a.csv, in campaign default-a", answer["why"])

    def test_they_are_refused_before_anything_is_stored(self):
        path = self.write("list.csv", ROWS)
        self.assertEqual(self.tocsin("submit", "--template", "no-such", "--language", "German", path),
                         (65, "", 'tocsin: language: "German" is not valid; allowed: a language tag (de, pt-br)\n'
                          "template: there is no no-such.LANGUAGE.txt in paths.templates; allowed: auto, or the NAME of one that is there\n"))
        self.assertEqual(self.tocsin("submit", "--map", "x", path), (64, "", "tocsin: submit: --map x: it is COLUMN=FIELD\n"))
        self.assertEqual(self.tocsin("submit", "--profile", "nobody", path)[0], 65)
        code, _, errors = self.tocsin("submit", self.write("x.meta.yaml", "note: x\n"))
        self.assertEqual((code, errors), (65, "tocsin: it is a sidecar: what is submitted is the feed that it belongs to\n"))
        self.assertEqual(sorted(os.listdir(self.below("spool/incoming"))), ["closed", "default", "open", "scans"])


def mail(*parts, kind="multipart/mixed"):
    head = "From: reports@shadowserver.example\nTo: abuse@cert.example\nMessage-ID: <one.1@shadowserver.example>\nMIME-Version: 1.0\n"
    body = "".join("--x\n%s\n" % part for part in parts)
    return ("%sContent-Type: %s; boundary=x\n\n%s--x--\n" % (head, kind, body)).encode()


def zipped(name, *files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as made:
        for path, text in files:
            made.writestr(path, text)
    return ("Content-Type: application/zip; name=%s\nContent-Transfer-Encoding: base64\n\n%s" % (name, base64.encodebytes(data.getvalue()).decode()))


class Mail(Submit):
    PROSE = "Content-Type: text/plain\n\nThe report is attached.\n"

    def test_a_zipped_report_from_standard_input(self):
        report = '"timestamp","ip","port","hostname"\n"2026-11-20 10:00:00","192.0.2.7",25,"mail.bakery.example"\n'
        sent = mail(self.PROSE, zipped("2026-11-20-scan_smtp-test.csv.zip", ("2026-11-20-scan_smtp-test.csv", report), ("b.txt", "mill.example\n")))
        code, out, errors = self.tocsin("submit", "--wait", "-", text=sent)
        self.assertEqual((code, errors), (0, ""))
        self.assertEqual([line.split(", ")[0] for line in out.splitlines()],
                         ["standard input: 2026-11-20-scan_smtp-test.csv: loaded as campaign default-2026-11-20-scan_smtp-test: 1 row",
                          "standard input: b.txt: loaded as campaign default-b: 1 row"])
        self.assertEqual([targets for _, targets in self.campaigns().values()], [["192.0.2.7"], ["mill.example"]])
        self.assertTrue(self.there("spool/done/2026-11-20-scan_smtp-test.csv"))

    def test_a_feedback_report(self):
        sent = mail(self.PROSE, "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\nUser-Agent: x\n"
                    "Source-IP: 192.0.2.9\nReported-Domain: bakery.example\n", "Content-Type: message/rfc822\n\nSubject: spam\n\nx\n",
                    kind="multipart/report; report-type=feedback-report")
        path = self.write("complaint.eml", sent)
        code, out, errors = self.tocsin("submit", "--wait", "--note", "Somebody complained.", path)
        self.assertEqual((code, errors), (0, ""))
        self.assertTrue(out.startswith(path + ": complaint.arf.jsonl: loaded as campaign default-complaint: 1 row, 1 target"), out)
        self.assertEqual(self.campaigns(), {"default-complaint": ("Somebody complained.", ["bakery.example"])})

    def test_a_mail_that_holds_none(self):
        path = self.write("prose.eml", mail(self.PROSE))
        code, out, errors = self.tocsin("submit", path)
        self.assertEqual((code, out), (65, ""))
        self.assertRegex(errors, r"prose\.eml: there is no feed in it: .* its parts: text/plain\. .*; nothing of it was submitted\n$")

    def test_one_that_is_dropped_is_told_how_to_come(self):
        self.drop("x.eml", mail(self.PROSE))
        self.until(lambda: self.there("spool/failed/x.eml"), "the refusal")
        self.assertIn("it is a mail: `tocsin submit FILE` takes the feeds out of it", self.read("spool/failed/x.eml.error"))


if __name__ == "__main__":
    unittest.main()
