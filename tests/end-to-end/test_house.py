#!/usr/bin/python3
"""The rules of the house that a program can check: ARCHITECTURE.md's order of rooms, SQL in one of them, help that needs nothing."""
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


def say(*words):
    """What `tocsin WORDS` does where there is no configuration."""
    return subprocess.run([os.path.join(BUILD, "tocsin"), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                          encoding="utf-8", env=dict(os.environ, TOCSIN_CONFIG="/nonexistent/tocsin.yaml"), timeout=20)


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

    def test_every_command_has_help_that_needs_no_configuration(self):
        commands = re.findall(r"^  ([a-z]+) ", say("--help").stdout, re.M)
        self.assertGreaterEqual(set(commands), set("check contacts preview submit status campaign queue report suppress bounce inspect render "
                                                   "stop start log version".split()))
        for words in [(command,) for command in commands] + [("inspect", "bounce"), ("inspect", "feed")]:
            with self.subTest(" ".join(words)):
                run = say(*words, "--help")
                self.assertEqual((run.returncode, run.stderr), (0, ""))
                self.assertTrue(run.stdout.startswith("usage: tocsin " + " ".join(words)), run.stdout)

    def test_no_daemon_and_no_configuration_have_exit_codes_of_their_own(self):
        self.assertEqual(say("status").returncode, os.EX_CONFIG)
        nowhere = ("--config", os.path.join(ROOT, "config", "tocsin.yaml"))
        for place in ("paths.control_socket=/nonexistent/socket", "paths.store=/nonexistent/store"):
            nowhere += ("--set", place)
        for words in (("status",), ("report", "x"), ("stop",)):
            with self.subTest(words[0]):
                self.assertEqual(say(*nowhere, *words).returncode, os.EX_UNAVAILABLE)


if __name__ == "__main__":
    unittest.main()
