#!/usr/bin/python3
"""Rows of any bytes, through the whole pipeline: each mail still has one recipient, the headers that it should have and no others, and attachments that hold what the
rows said. Read back by Python's email package. The seed is printed; TOCSIN_SEED=N runs the same again."""
import base64
import csv
import email
import email.policy
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from html.parser import HTMLParser

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))

from tocsinlab import settings  # noqa: E402
from tocsinlab.process import Lab, free_port  # noqa: E402

BUILD = os.environ.get("TOCSIN_BUILD", os.path.join(HERE, "..", "..", "build"))
SEED = int(os.environ.get("TOCSIN_SEED") or random.SystemRandom().randrange(1 << 32))
DOMAINS = 40
CELL_MAX = 32000
HEADERS = ["Date", "From", "Reply-To", "To", "Subject", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "Content-Language", "MIME-Version",
           "List-Unsubscribe", "Feedback-ID", "Content-Type"]
LINKS = r"mailto:people@tocsin\.example|mailto:optout\+[a-z2-7]+@tocsin\.example|https://tocsin\.example/"
PIECES = ["\r\n", "\n.\r\n", "\r\n\r\n", "\nFrom x", "\r\nBcc: evil@x.example", "\u202e", "\u2066", "\u200b", "\u2028", "\u0085", "\ufeff", "\x01", "\x1b[31m", "\x7f",
          "=?utf-8?q?x?=", "=?utf-8?b?", "?=", "\"", "'", ",", ";", ";=", "\\", "=1+1", "@SUM(A1)", "+", "-", "\uff1d", "\t", " ", "--=_", "--=_alternative_", "=0D=0A", "{{opt_out}}",
          "{{{", "<script>alert(1)</script>", "<img src=x onerror=x>", "</td>", "\"><a href=\"https://x.example\">", "&lt;", "]]>", "<!--", "http://x.example/", "%00", "%s%n",
          "\u00e4\u00df", "\U0001f514", "\u05e9\u05dc", "e\u0301", "\uffff", "a", "word ", "w" * 120]


def value_of(chance):
    """Any text; mostly short, sometimes longer than a spreadsheet's cell."""
    length = 9000 if chance.random() < 0.01 else 400 if chance.random() < 0.05 else chance.randrange(9)
    pieces = [chance.choice(PIECES) if chance.random() < 0.7 else chr(chance.choice((chance.randrange(1, 0x80), chance.randrange(0x80, 0x800), chance.randrange(0xe000, 0x110000))))
              for _ in range(length)]
    return "".join(pieces)


def bytes_of(chance):
    """Of a CSV file: some values are in no encoding at all."""
    value = value_of(chance).encode().replace(b"\xef\xbb\xbf", b"")
    for _ in range(chance.randrange(3)):
        at = chance.randrange(len(value) + 1)
        value = value[:at] + bytes([chance.randrange(0x80, 0x100)]) + value[at:]
    return value


def kept(value):
    """What the feed's reader leaves of a value: no blanks around it, and nothing where it says "nothing"."""
    value = value.strip(" \t\n\v\f\r")
    return "" if value in ("-", "?", "\\N") or value.lower() in ("n/a", "null", "none") else value


def bare(cell):
    """Apostrophes are put before what a spreadsheet would reckon with: those there do not count."""
    return re.sub(r"(^|;)'+", r"\1", cell)


def cell_of(value):
    """What stands in a cell for it, bare: controls as blanks, and cut."""
    if len(value.encode()) > CELL_MAX:
        value = value.encode()[:CELL_MAX].decode("utf-8", "ignore") + "\u2026"
    return bare(re.sub(r"[\x00-\x1f\x7f]", " ", value))


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.names, self.links, self.comments = [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.names.append((tag, tuple(name for name, _ in attrs)))
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_comment(self, data):
        self.comments.append(data)


class HostileRows(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="tocsin-hostile-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.path = os.path.join(self.directory, "tocsin.yaml")
        self.chance = random.Random(SEED)

    def tocsin(self, *arguments):
        run = subprocess.run([os.path.join(BUILD, "tocsin"), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
                             env=dict(os.environ, TOCSIN_CONFIG=self.path), timeout=60)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout

    def until(self, true):
        end = time.monotonic() + 60
        while not true():
            self.assertLess(time.monotonic(), end, "it took too long")
            time.sleep(0.1)

    def jsonl(self):
        """A file of which it is known what its reader leaves of it: {domain: [{field: value}]}."""
        path, fed = os.path.join(self.directory, "rows.jsonl"), {}
        with open(path, "w", encoding="ascii") as file:
            for number in range(DOMAINS):
                domain = "j%02d.example" % number
                for port in range(1, 1 + self.chance.choice((1, 1, 1, 2, 5))):
                    row = {"extra.%s" % name: value_of(self.chance) for name in ("a", "b", "c")}
                    row["event_description.text"] = value_of(self.chance)
                    fed.setdefault(domain, []).append({name: kept(value) for name, value in row.items() if kept(value)})
                    row["extra.n" + value_of(self.chance)[:60]] = value_of(self.chance)  # the reader may call it otherwise
                    json.dump(dict(row, **{"source.fqdn": domain, "source.port": port}), file)
                    file.write("\n")
        return path, fed

    def csv(self):
        path = os.path.join(self.directory, "rows.csv")
        with open(path, "wb") as file:
            file.write(b"source.fqdn,extra.a,event_description.text,\"extra.\xc3\xbc\"\n")
            for number in range(DOMAINS):
                cells = [b'"%s"' % bytes_of(self.chance).replace(b'"', b'""') for _ in range(3)]
                file.write(b",".join([b"c%02d.example" % number, *cells]) + b"\n")
        return path

    def records(self, path):
        """What the reader makes of a file: {domain: [{field: value}]}."""
        found = {}
        for line in self.tocsin("inspect", "feed", "--records", path).rstrip("\n").split("\n"):
            record = json.loads(line)
            self.assertNotIn("rejected", record)
            del record["line"]
            found.setdefault(record["source.fqdn"], []).append(record)
        return found

    def previewed(self, path, campaign):
        """The campaign's mails, by recipient."""
        self.tocsin("submit", "--campaign", campaign, path)
        state = lambda: next((one for one in json.loads(self.tocsin("status", "--json"))["campaigns"] if one["name"] == campaign), {})
        self.until(lambda: state().get("held") == DOMAINS)
        directory = os.path.join(self.directory, campaign)
        self.tocsin("preview", campaign, "--eml", directory)
        mails = {}
        for name in os.listdir(directory):
            with open(os.path.join(directory, name), "rb") as file:
                content = file.read()
            self.assertRegex(content, rb"\A(?:[\t\x20-\x7e]{0,998}\r\n)+\Z")
            mail = email.message_from_bytes(content, policy=email.policy.default)
            mails[str(mail["To"])] = mail
        self.assertEqual(len(mails), DOMAINS)
        return mails

    def check_headers(self, mail, domain):
        self.assertEqual(mail.keys(), HEADERS)
        self.assertEqual([address.addr_spec for address in mail["To"].addresses], ["abuse@" + domain])
        self.assertEqual([address.addr_spec for address in mail["From"].addresses], ["research@tocsin.example"])
        self.assertRegex(mail["Subject"], r"^\[T-\d+\] Security notice about %s$" % re.escape(domain))
        for part in mail.walk():
            self.assertEqual(part.defects, [])
        parts = [(part.get_content_type(), re.sub(r"\d+", "N", part.get_filename() or "")) for part in mail.walk()]
        self.assertEqual(parts, [("multipart/mixed", ""), ("multipart/alternative", ""), ("text/plain", ""), ("text/html", ""), ("text/csv", "T-N.csv"),
                                 ("application/json", "T-N.xarf.json")])

    def check_texts(self, mail, domain):
        text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
        self.assertIn(domain, text)
        self.assertIn(domain, html)
        for one in (text, html):
            self.assertNotRegex(one.replace("\r\n", "\n"), r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
        self.assertNotRegex(text, r"(?i)http://")
        tags = Tags(html)
        self.assertEqual(tags.comments, [])
        self.assertEqual({name for name, _ in tags.names} - {"html", "head", "meta", "body", "div", "p", "h2", "h3", "table", "tr", "th", "td", "ol", "li", "a", "br"}, set())
        self.assertEqual({names for _, names in tags.names} - {(), ("lang",), ("style",), ("align",), ("href",), ("http-equiv", "content"),
                                                               ("border", "cellpadding", "cellspacing", "style")}, set())
        for link in tags.links:
            self.assertRegex(link, "^(?:%s)$" % LINKS)

    def check_attachments(self, mail, domain, records):
        table, reports = (part.get_content() for part in mail.iter_attachments())
        rows = list(csv.reader(io.StringIO(table, newline=""), strict=True))
        header, rows = rows[0], rows[1:]
        names = {cell_of(name) for record in records for name in record}
        self.assertEqual({bare(name) for name in header}, {"target"} | names)
        got = [{bare(name): bare(cell) for name, cell in zip(header, row) if cell and name != "target"} for row in rows]
        self.assertEqual(got, [{cell_of(name): cell_of(str(value)) for name, value in record.items() if value != ""} for record in records])
        for row in rows:
            self.assertEqual((len(row), row[0]), (len(header), domain))
            for cell in row[1:]:
                self.assertNotRegex(cell, r"^[ \"]*[=+\-@\uff1d\uff0b\uff0d\uff20]")
        reports = json.loads(reports)
        reports = reports if isinstance(reports, list) else [reports]
        self.assertEqual([json.loads(base64.b64decode(report["evidence"][0]["payload"], validate=True)) for report in reports], records)

    def test_mails(self):
        print("TOCSIN_SEED=%d" % SEED, file=sys.stderr)
        domains = ["%s%02d.example" % (kind, number) for kind in "jc" for number in range(DOMAINS)]
        world = {"seed": 1, "domains": {domain: {"mx": ["mx1." + domain], "mailboxes": {"abuse": "read"}} for domain in domains}}
        with Lab(world, os.path.join(self.directory, "lab")) as lab:
            made = settings.configuration(self.directory, lab.dns, lab.relay, free_port(), 0)
            made["campaigns"]["approve_above"] = 1
            made["profiles"] = {"default": {"attachments": ["csv", "xarf"], "zip_above": 0, "html": True}}
            settings.write(self.path, made)
            daemon = subprocess.Popen([os.path.join(BUILD, "tocsind")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                      env=dict(os.environ, TOCSIN_CONFIG=self.path))
            self.addCleanup(daemon.wait)
            self.addCleanup(daemon.terminate)
            self.until(lambda: self.tocsin("version").count("\n") == 2)
            path, fed = self.jsonl()
            for file, campaign in ((path, "j"), (self.csv(), "c")):
                records = self.records(file)
                for recipient, mail in self.previewed(file, campaign).items():
                    domain = recipient.partition("@")[2]
                    with self.subTest(domain, seed=SEED):
                        self.check_headers(mail, domain)
                        self.check_texts(mail, domain)
                        self.check_attachments(mail, domain, records[domain])
                        if campaign == "j":
                            self.assertEqual([{name: record[name] for name in row} for row, record in zip(fed[domain], records[domain])], fed[domain])


if __name__ == "__main__":
    unittest.main()
