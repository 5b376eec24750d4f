"""A test case beside a daemon of its own, in a lab of its own."""
import os
import shutil
import subprocess
import tempfile
import time
import unittest

from . import settings
from .process import Lab, free_port
from .slowdown import slowly

BUILD = os.path.abspath(os.environ.get("TOCSIN_BUILD", os.path.join(settings.ROOT, "build")))
PATIENCE = slowly(60)  # seconds; nothing here is a measurement


class Running(unittest.TestCase):
    """`start` in setUp; all of it ends with the test."""

    def start(self, world, contacts, **campaigns):
        """The lab of WORLD and a daemon in it, whose bounce window is a second, with these contacts and campaigns sections."""
        self.directory = tempfile.mkdtemp(prefix="tocsin-%s-" % type(self).__name__.lower())
        self.addCleanup(shutil.rmtree, self.directory)
        self.lab = Lab(world, self.below("lab"))
        self.addCleanup(self.lab.close)
        made = settings.configuration(self.directory, self.lab.dns, self.lab.relay, free_port(), 0)
        made["contacts"] = contacts
        made["bounces"]["window"] = "1s"
        made["campaigns"].update(aggregate_wait="0s", **campaigns)
        settings.write(self.below("tocsin.yaml"), made)
        with open(self.below("log"), "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([os.path.join(BUILD, "tocsind"), "--config", self.below("tocsin.yaml")], stderr=log)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.terminate)
        self.until(lambda: os.path.exists(self.below("control.sock")))

    def below(self, name):
        return os.path.join(self.directory, name)

    def until(self, true):
        end = time.monotonic() + PATIENCE
        while not true():
            self.assertLess(time.monotonic(), end, "it took too long")
            time.sleep(0.05)

    def tocsin(self, *arguments, text=None):
        run = subprocess.run([os.path.join(BUILD, "tocsin"), "--config", self.below("tocsin.yaml"), *arguments], input=text,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", timeout=slowly(60))
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout
