#!/usr/bin/python3
"""The rules of the house that a program can check: ARCHITECTURE.md's order of rooms, SQL in one of them, nothing printed below the commands."""
import glob
import os
import re
import subprocess
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BUILD = os.environ.get("TOCSIN_BUILD") or os.path.join(ROOT, "build")
PROGRAMS = ("daemon/tocsin.c", "daemon/tocsind.c")  # they stand above every room
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def sources():
    """Every C file of the programs, by its path from the top."""
    found = [path for room in ("config", "templates", "queue", "daemon") for path in glob.glob(os.path.join(ROOT, room, "**", "*.[ch]"), recursive=True)]
    return sorted(os.path.relpath(path, ROOT) for path in found)


def rooms():
    """Each room's place in the table of ARCHITECTURE.md; rooms of one row have the same."""
    table = read("ARCHITECTURE.md").split("## Where things are")[1].split("##")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {room.rstrip("/"): place for place, row in enumerate(rows) for room in re.findall(r"`([a-z/]+)`", row)}


def upward(path, text, order):
    """What the file at PATH includes from a higher room."""
    place = order[os.path.dirname(path)]
    return [include for include in INCLUDE.findall(text) if order[os.path.dirname(include)] > place]


class House(unittest.TestCase):
    def test_no_room_includes_a_higher_one(self):
        order = rooms()
        for path in sources():
            if path not in PROGRAMS:
                with self.subTest(path):
                    self.assertEqual(upward(path, read(path), order), [])

    def test_the_check_itself(self):
        order = rooms()
        self.assertEqual(upward("queue/x.c", '#include "daemon/base/buf.h"\n#include "daemon/feed/feed.h"\n', order), ["daemon/feed/feed.h"])

    def test_sql_stands_in_one_room(self):
        for path in sources():
            if os.path.dirname(path) != "queue":
                with self.subTest(path):
                    self.assertNotIn("sqlite3", read(path))

    def test_nothing_below_a_program_or_command_prints_or_exits(self):
        speech = re.compile(r"\b(?:printf|puts|putchar|exit|_exit)\(|\bf(?:printf|puts)\([^;]*\bstd(?:out|err)\b")
        for path in sources():
            if path not in PROGRAMS and os.path.dirname(path) != "daemon/command":
                with self.subTest(path):
                    self.assertEqual(speech.findall(read(path)), [])

    def test_what_the_documents_name_is_there(self):
        for document in ("README.md", "ARCHITECTURE.md", "tests/lab/README.md"):
            for name in re.findall(r"\b(?:config|templates|queue|daemon|tests|control|command)/[\w./-]*\w", read(document)):
                with self.subTest(document + ": " + name):
                    self.assertTrue(os.path.exists(os.path.join(ROOT, name)) or os.path.exists(os.path.join(ROOT, "daemon", name)))

    def test_every_kind_of_inspect_has_help_of_its_own(self):
        for kind in ("bounce", "feed", "rdap", "securitytxt", "whois"):
            run = subprocess.run([os.path.join(BUILD, "tocsin"), "inspect", kind, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 stdin=subprocess.DEVNULL, encoding="utf-8", timeout=20)
            self.assertEqual((run.returncode, run.stderr), (0, ""))
            self.assertTrue(run.stdout.startswith("usage: tocsin inspect " + kind), run.stdout)


if __name__ == "__main__":
    unittest.main()
