#!/usr/bin/python3
"""A feed file that somebody changes after it was taken: it fails as a whole, and the whole file may come again."""
import contextlib
import os
import shutil
import signal
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
from tocsinlab.slowdown import slowly  # noqa: E402

BUILD = os.path.abspath(os.environ.get("TOCSIN_BUILD", os.path.join(HERE, "..", "..", "build")))
PATIENCE = slowly(60)  # seconds; nothing here is a measurement
ROWS = 300000  # so many that there is time to stop the daemon among them
TEXT = "".join("x%d.example\n" % (number % 3000) for number in range(ROWS)) + "last.example\n"
LOADING, LOADED, FAILED = 1, 2, 3


class Changed(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="tocsin-changed-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.path = self.below("tocsin.yaml")
        made = settings.configuration(self.directory, 1, 1, free_port(), 0)
        made["campaigns"]["approve_above"] = 0  # nothing is to be sent
        settings.write(self.path, made)

    def below(self, name):
        return os.path.join(self.directory, name)

    def start(self):
        with open(self.below("log"), "a", encoding="utf-8") as log:
            process = subprocess.Popen([os.path.join(BUILD, "tocsind"), "--config", self.path], stdout=log, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def log(self):
        with open(self.below("log"), encoding="utf-8") as file:
            return file.read()

    def ask(self, text, *values):
        try:
            with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % self.below("tocsin.db"), uri=True)) as store:
                return store.execute(text, values).fetchall()
        except sqlite3.OperationalError:
            return []  # not there yet

    def until(self, true, what):
        end = time.monotonic() + PATIENCE
        while not true():
            if time.monotonic() > end:
                raise AssertionError("waited in vain for %s: %s" % (what, self.log()))
            time.sleep(0.01)

    def drop(self, name):
        """The open file, which has been moved into incoming/ as it should be."""
        file = open(self.below(name), "w+", encoding="ascii")
        self.addCleanup(file.close)
        file.write(TEXT)
        file.flush()
        os.rename(self.below(name), self.below("spool/incoming/" + name))
        return file

    def stop_amid(self, process, name):
        """The daemon stands still between two rows of the file."""
        self.until(lambda: self.ask("SELECT 1 FROM feed_file WHERE name = ? AND loaded_to > 0", name), "the first rows")
        process.send_signal(signal.SIGSTOP)
        state, rows = self.ask("SELECT state, loaded_to FROM feed_file WHERE name = ?", name)[0]
        self.assertEqual(state, LOADING)
        self.assertLess(rows, ROWS - 50000, "the file must be long enough that its end has not been read yet")

    def judge(self, name):
        self.until(lambda: os.path.exists(self.below("spool/failed/%s.error" % name)) or os.path.exists(self.below("spool/done/" + name)),
                   "the file's end")
        with open(self.below("spool/failed/%s.error" % name), encoding="utf-8") as file:
            self.assertRegex(file.read(), r"it was changed while it was read: %d bytes when it was taken, \d+" % len(TEXT))
        self.assertEqual(self.ask("SELECT state FROM feed_file WHERE name = ?", name), [(FAILED,)])
        self.assertEqual([self.ask("SELECT count(*) FROM " + table)[0][0] for table in ("incident", '"case"', "finding")], [0, 0, 0])
        self.drop("again")
        self.until(lambda: self.ask("SELECT state FROM feed_file WHERE name = 'again'") == [(LOADED,)], "the whole file")
        self.assertEqual(self.ask("SELECT count(*) FROM incident"), [(ROWS + 1,)])
        self.assertEqual(self.ask("SELECT count(*) FROM \"case\" WHERE target = 'last.example'"), [(1,)])

    def begin(self):
        process = self.start()
        self.until(lambda: os.path.exists(self.below("spool/incoming")) and os.path.exists(self.below("control.sock")), "the daemon")
        return process

    def test_truncated_while_it_is_loaded(self):
        process = self.begin()
        file = self.drop("list")
        self.stop_amid(process, "list")
        file.truncate(1000)
        process.send_signal(signal.SIGCONT)
        self.judge("list")

    def test_other_bytes_of_the_same_length_while_no_daemon_runs(self):
        process = self.begin()
        file = self.drop("list")
        self.stop_amid(process, "list")
        process.kill()
        process.wait()
        file.seek(20)
        file.write("y")
        file.flush()
        self.begin()
        self.judge("list")


if __name__ == "__main__":
    unittest.main()
