#!/usr/bin/python3
"""`tocsin check` and tocsind agree on what is fit to run: each mistake in what the configuration names is said by both, by its key, with 78."""
import os
import shutil
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

BUILD = os.environ.get("TOCSIN_BUILD", os.path.join(HERE, "..", "..", "build"))
CONFIG = 78
NOBODY = 65534
HINT = "`tocsin check` says what is wrong with the configuration"


class Fit(unittest.TestCase):
    """Rights are none to root: he lets nobody run it."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="tocsin-fit-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.user = {}
        for program in ("tocsin", "tocsind"):
            shutil.copy(os.path.join(BUILD, program), self.below(program))
        if os.geteuid() == 0:
            self.user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            os.chmod(self.directory, 0o755)
            os.chown(self.directory, NOBODY, NOBODY)
        self.path = self.below("tocsin.yaml")

    def below(self, *names):
        return os.path.join(self.directory, *names)

    def configure(self, **sections):
        made = settings.configuration(self.directory, 1, 1, free_port(), 0)
        for section, keys in sections.items():
            made.setdefault(section, {}).update(keys)
        settings.write(self.path, made)
        os.chmod(self.path, 0o644)

    def run_program(self, *words):
        return subprocess.run([self.below(words[0]), "--config", self.path, *words[1:]], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              encoding="utf-8", timeout=slowly(60), cwd="/", **self.user)

    def start(self):
        with open(self.below("log"), "w", encoding="utf-8") as log:
            process = subprocess.Popen([self.below("tocsind"), "--config", self.path], stderr=log, cwd="/", **self.user)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        end = time.monotonic() + slowly(30)
        while self.run_program("tocsin", "version").stdout.count("\n") != 2:
            self.assertLess(time.monotonic(), end, self.log())
            self.assertIsNone(process.poll(), self.log())
            time.sleep(0.05)
        return process

    def log(self):
        with open(self.below("log"), encoding="utf-8") as file:
            return file.read()

    def refused(self, words, **sections):
        with self.subTest(words):
            self.configure(**sections)
            for program in (["tocsin", "check"], ["tocsind"]):
                run = self.run_program(*program)
                self.assertEqual((run.returncode, run.stdout), (CONFIG, ""), run.stderr)
                self.assertIn(words, run.stderr)
            self.assertIn(HINT, run.stderr)

    def test_each_mistake_is_said_by_both(self):
        os.mkdir(self.below("templates"))
        with open(self.below("templates", "broken.txt"), "w", encoding="utf-8") as file:
            file.write("---\nsubject: x\n---\n{{#open}}\n")
        own = [self.below("templates"), os.path.join(settings.ROOT, "templates")]
        absent = "No such file or directory"
        self.refused("bounces.lmtp_socket: %s: %s" % (self.below("none"), absent), bounces={"lmtp_socket": self.below("none", "lmtp.sock")})
        self.refused("bounces.lmtp_socket: /: Permission denied", bounces={"lmtp_socket": "/tocsin-lmtp.sock"})
        self.refused("bounces.lmtp_socket: %s: something" % self.path, bounces={"lmtp_socket": self.path})
        self.refused("paths.control_socket: /: Permission denied", paths={"control_socket": "/tocsin-control.sock"})
        self.refused("paths.control_socket: %s: something" % self.path, paths={"control_socket": self.path})
        self.refused("paths.spool: /: Permission denied", paths={"spool": "/tocsin-spool"})
        self.refused("paths.store: /: Permission denied", paths={"store": "/tocsin.db"})
        self.refused("paths.store: %s: not a regular file" % own[0], paths={"store": own[0]})
        self.refused("paths.token_keys: %s: %s" % (self.below("none"), absent), paths={"token_keys": self.below("none", "keys")})
        self.refused("paths.public_suffixes: %s: %s" % (self.below("none"), absent), paths={"public_suffixes": self.below("none")})
        self.refused("delivery.tls_ca: %s: %s" % (self.below("none"), absent), delivery={"tls_ca": self.below("none")})
        self.refused("delivery.auth_password: %s: %s" % (self.below("none"), absent),
                     delivery={"auth_user": "sender", "auth_password": self.below("none")})
        self.refused("profiles.x.template: ", profiles={"x": {"template": "none"}})
        self.refused("paths.templates: ", profiles={"x": {"template": "broken"}}, paths={"templates": own})
        self.refused("paths.templates: ", paths={"templates": own[:1]})
        os.mkdir(self.below("spool"))
        os.mkdir(self.below("spool", "incoming"), 0o500)
        self.refused("paths.spool: %s: Permission denied" % self.below("spool", "incoming"))
        self.assertFalse(os.path.exists(self.below("tocsin.db")), "nothing is made before all has been looked at")

    def test_a_credential_that_only_the_service_sees(self):
        """Before the first start it is nowhere but in /etc/credstore/. A daemon cannot run without it; a person who looks has nothing to mend."""
        place = "/run/credentials/tocsind.service/"
        self.configure(paths={"token_keys": "credential:no-keys"}, delivery={"auth_user": "sender", "auth_password": "credential:no-password"})
        checked, started = self.run_program("tocsin", "check"), self.run_program("tocsind")
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))
        for key, name in (("paths.token_keys", "no-keys"), ("delivery.auth_password", "no-password")):
            self.assertIn("note: %s: %s: not to be seen from here" % (key, place + name), checked.stdout)
            self.assertIn("/etc/credstore/%s\n" % name, checked.stdout)
            self.assertIn("%s: %s%s: " % (key, place, name), started.stderr)
        self.assertEqual(started.returncode, CONFIG)

    @unittest.skipUnless(os.geteuid() == 0, "SKIPPED: not root: that check names whose rights it saw has NOT been seen")
    def test_whose_rights_were_looked_at(self):
        self.configure(paths={"store": "/tocsin.db"})
        self.assertIn("1 thing to mend; rights were looked at as those of nobody: as the service's user look with `sudo -u tocsin tocsin check`\n",
                      self.run_program("tocsin", "check").stderr)

    def test_a_port_that_is_taken_may_be_free_later(self):
        self.configure()
        self.start()
        config = settings.configuration(self.directory, 1, 1, free_port(), 0)
        with open(self.path, encoding="utf-8") as file:
            taken = settings.json.load(file)["bounces"]["lmtp_listen"]
        config["bounces"]["lmtp_listen"] = taken
        config["paths"].update({name: self.below(name) for name in ("spool2", "store", "control_socket")}, spool=self.below("spool2"))
        del config["paths"]["spool2"]
        settings.write(self.path, config)
        run = self.run_program("tocsind")
        self.assertEqual(run.returncode, 73, run.stderr)
        self.assertIn("bounces.lmtp_listen: %s: " % taken, run.stderr)

    def test_a_group_that_is_not_there(self):
        self.configure(access={"admin_group": "nosuchgroup"})
        run = self.run_program("tocsin", "check")
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertIn("note: access.admin_group: there is no group `nosuchgroup`", run.stdout)
        self.start()
        self.assertIn("access.admin_group: there is no group `nosuchgroup`", self.log())

    def test_a_reload_refuses_a_template_that_is_not_there(self):
        self.configure()
        process = self.start()
        self.configure(profiles={"x": {"template": "none"}, "y": {"template": "neither"}})
        run = self.run_program("tocsin", "reload")
        self.assertEqual((run.returncode, run.stdout), (CONFIG, ""))
        self.assertIn("profiles.x.template: ", run.stderr)
        self.assertIn("profiles.y.template: ", run.stderr)
        self.assertIn("reload: refused, all stays as it was: profiles.y.template: ", self.log())
        self.assertFalse(os.path.exists(self.below("spool", "incoming", "x")), "nothing of it is taken")
        self.assertIsNone(process.poll())


if __name__ == "__main__":
    unittest.main()
