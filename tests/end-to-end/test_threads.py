#!/usr/bin/python3
"""Store, hand-over and delivery under ThreadSanitizer: unit tests, and a whole campaign with as many sessions as by default.

The programs are built here (`make SAN=thread`). libesmtp, libuv, SQLite and GMime are Debian's, and not instrumented: of them only the calls of
libc are seen. A report fails the test; nothing is suppressed (tests/tsan_close.c says what stands in for it).
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "lab"))

from tocsinlab import story  # noqa: E402

BUILD = os.path.join(ROOT, "build", "thread")
BUILD_LIMIT = 900  # seconds
LIMIT = 300
# The rooms that threads pass through. Parsing and rendering have none.
UNITS = ["handover", "queue", "delivery", "lmtp", "spool", "resolver", "control"]
SESSIONS = 16
TARGETS = 300


def run(*command, limit=LIMIT, **environment):
    return subprocess.run(command, cwd=ROOT, timeout=limit, env=dict(os.environ, **environment), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace")


def compiler(*words):
    done = run("gcc", *words)
    if done.returncode:
        raise RuntimeError("gcc %s:\n%s" % (" ".join(words), done.stdout[-3000:]))


@unittest.skipIf(os.environ.get("TOCSIN_BUILD", "").endswith("address"), "builds its own programs: once is enough")
class Threads(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="tocsin-threads-")
        cls.preload = os.path.join(cls.scratch.name, "tsan_close.so")
        compiler("-O1", "-shared", "-fPIC", "-o", cls.preload, "tests/tsan_close.c", "-ldl")
        done = run("make", "-s", "-j2", "SAN=thread", "MUTANT=", "CRASH=", "tests", limit=BUILD_LIMIT, MAKEFLAGS="")
        if done.returncode:
            raise RuntimeError("make SAN=thread tests:\n" + done.stdout[-3000:])

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def watched(self, *command, **environment):
        """COMMAND's output; a race ends whatever it happens in."""
        done = run(*command, TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1", LD_PRELOAD=self.preload, **environment)
        self.assertNotIn("ThreadSanitizer", done.stdout)
        self.assertEqual(done.returncode, 0, done.stdout[-5000:])
        return done.stdout

    def test_units(self):
        print(self.watched("/usr/bin/python3", "tests/run", "--build", BUILD, "unit", *UNITS).splitlines()[-1], flush=True)

    def test_campaign(self):
        paths = [os.path.join(self.scratch.name, name) for name in ("scenario.json", "story.csv", "settings")]
        scenario, feed, settings = story.make(seed=3, count=TARGETS)
        for path, text in zip(paths, (json.dumps(scenario), feed, "\n".join(settings))):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        keep = os.path.join(self.scratch.name, "kept")
        try:
            self.watched("tests/lab/rehearse", "--scenario", paths[0], "--feed", paths[1], "--set", "@" + paths[2],
                         "--set", "delivery.sessions=%d" % SESSIONS, "--keep", keep, TOCSIN_BUILD=BUILD)
        finally:
            with open(os.path.join(keep, "tocsind.log"), encoding="utf-8", errors="replace") as log:
                text = log.read()
            self.assertNotIn("ThreadSanitizer", text)

    def test_a_race_is_noticed(self):
        """A hand-over that is wrong on purpose."""
        program = os.path.join(self.scratch.name, "unlocked")
        sources = ["tests/unit/test_handover.c"] + ["daemon/base/%s.c" % name for name in ("inbox", "outbox", "pulse", "mem")]
        compiler("-std=gnu11", "-g", "-O1", "-fsanitize=thread", "-D_GNU_SOURCE", "-DTOCSIN_MUTANT_no_lock", "-I.", "-o", program, *sources,
                 "-lcmocka", "-luv", "-ljansson", "-lcares", "-pthread")
        self.assertIn("data race", run(program, LD_PRELOAD=self.preload).stdout)


if __name__ == "__main__":
    unittest.main()
