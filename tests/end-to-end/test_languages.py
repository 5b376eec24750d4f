#!/usr/bin/python3
"""A campaign in several languages: everybody gets the mail in his own, and what the relay took is what he can read."""
import email
import email.policy
import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
LAB = os.path.join(HERE, "..", "lab")
sys.path.insert(0, LAB)

from tocsinlab import journal  # noqa: E402
from tocsinlab.slowdown import slowly  # noqa: E402

LIMIT = slowly(120)
DOMAINS = ("backstube.de", "boulangerie.fr", "panaderia.es", "bakery.com", "piekarnia.pl", "laden.com", "xn--bcker-gra.at")
OVERRIDES = [{"domain": "laden.com", "contacts": ["abuse@laden.com"], "language": "de"}]
# The language, the subject, and words of the text.
WANTED = {
    "backstube.de": ("de", "Sicherheitshinweis zu backstube.de", "Guten Tag,", "eine Prüfung, ob ein Mailserver"),
    "boulangerie.fr": ("fr", "Avis de sécurité concernant boulangerie.fr", "Bonjour,", "recherche de relais ouverts"),
    "panaderia.es": ("es", "Aviso de seguridad sobre panaderia.es", "Hola:", "búsqueda de relés abiertos"),
    "bakery.com": ("en", "A bot probed your mail server: bakery.com", "Hello,", "open relay probe"),
    "piekarnia.pl": ("en", "A bot probed your mail server: piekarnia.pl", "Hello,", "open relay probe"),
    "laden.com": ("de", "Sicherheitshinweis zu laden.com", "Guten Tag,", "Suche nach offenen"),
    "xn--bcker-gra.at": ("de", "Sicherheitshinweis zu bäcker.at (xn--bcker-gra.at)", "Guten Tag,", "bäcker.at (xn--bcker-gra.at)"),
}


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class Languages(unittest.TestCase):
    def rehearse(self, *settings):
        """Each domain's mail, as its server got it."""
        scratch = tempfile.TemporaryDirectory(prefix="tocsin-")
        self.addCleanup(scratch.cleanup)
        run, scenario, feed = (os.path.join(scratch.name, name) for name in ("run", "scenario.json", "feed.csv"))
        os.makedirs(os.path.join(run, "mails"))
        write(scenario, json.dumps({"seed": 1, "domains": {domain: {"mx": ["mx1." + domain], "mailboxes": {"abuse": "read"}} for domain in DOMAINS}}))
        write(feed, "time.source,source.ip,source.fqdn,classification.type,classification.identifier\n" + "".join(
            "2026-08-10T14:00:00+00:00,198.51.100.1,%s,exploit,open-relay-probe\n" % domain for domain in DOMAINS))
        command = [os.path.join(LAB, "rehearse"), "--json", "--keep", run, "--limit", str(LIMIT - slowly(20)), "--scenario", scenario, "--feed", feed,
                   "--set", "contacts.overrides=" + json.dumps(OVERRIDES)]
        for setting in settings:
            command += ["--set", setting]
        ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", timeout=LIMIT, stdin=subprocess.DEVNULL)
        self.assertEqual(ended.returncode, 0, ended.stderr + ended.stdout)
        self.assertTrue(json.loads(ended.stdout)["agrees"])
        mails = {}
        for line in journal.read(os.path.join(run, "journal.jsonl")):
            if line["outcome"] == "taken" and line["envelope_sender"]:
                with open(os.path.join(run, "mails", line["sha256"] + ".eml"), "rb") as file:
                    content = file.read()
                self.assertLess(max(content), 128, "not 7-bit clean")
                mails[line["recipient"].partition("@")[2]] = email.message_from_bytes(content, policy=email.policy.default)
        self.assertEqual(sorted(mails), sorted(DOMAINS))
        return mails

    def text_of(self, mail):
        part = mail.get_body(("plain",))
        self.assertEqual((part.get_content_type(), part.get_content_charset()), ("text/plain", "utf-8"))
        text = part.get_content().replace("\r\n", "\n")
        self.assertEqual([line for line in text.splitlines() if len(line) > 76 and " " in line.strip()], [])
        return text

    def opt_out_of(self, mail):
        return mail["List-Unsubscribe"].partition("<mailto:")[2].partition("?")[0]

    def test_each_in_his_own(self):
        for domain, mail in self.rehearse().items():
            with self.subTest(domain):
                language, subject, *words = WANTED[domain]
                text = self.text_of(mail)
                self.assertEqual(mail["Content-Language"], language)
                self.assertEqual(mail["Subject"].partition("] ")[2], subject)
                for word in words:
                    self.assertIn(" ".join(word.split()), " ".join(text.split()))
                self.assertRegex(self.opt_out_of(mail), r"^optout\+[a-z2-7-]+@")
                self.assertIn("\n%s " % {"de": "Schreiben Sie an", "fr": "Écrivez à", "es": "Escriba a", "en": "Write to"}[language] + self.opt_out_of(mail) + "\n",
                              text)

    def test_and_in_english_below(self):
        mails = self.rehearse("profiles.default.bilingual=true", "profiles.default.language=fr")
        for domain, mail in mails.items():
            with self.subTest(domain):
                language = "fr" if domain in ("bakery.com", "piekarnia.pl") else WANTED[domain][0]
                text = self.text_of(mail)
                self.assertEqual(mail["Content-Language"], language + ", en")
                first, line, second = text.partition("\n" + 72 * "-" + "\n")
                self.assertTrue(line)
                self.assertIn("[English below]", first)
                self.assertIn("Hello,", second)
                self.assertNotIn("Hello,", first)
                self.assertIn(self.opt_out_of(mail), first)
                self.assertIn(self.opt_out_of(mail), second)


if __name__ == "__main__":
    unittest.main()
