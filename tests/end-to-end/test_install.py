#!/usr/bin/python3
"""`make install`, and what systemd's own tools say of the files it puts there."""
import os
import re
import shutil
import stat
import subprocess
import tempfile
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BUILD = os.path.relpath(os.environ.get("TOCSIN_BUILD", os.path.join(ROOT, "build")), ROOT)
UNIT = "usr/lib/systemd/system/tocsind.service"
EXPOSURE = 12  # tenths


def run(*command):
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, encoding="utf-8", timeout=300)


def needs(program):
    return unittest.skipUnless(shutil.which(program), "SKIPPED: %s is not there: what systemd makes of our files has NOT been seen" % program)


class Install(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="tocsin-install-")
        self.addCleanup(shutil.rmtree, self.root)
        self.install()

    def install(self, prefix="/usr"):
        # BUILD is said outright: the programs under test are there, whatever flavour they are.
        made = run("make", "-o", "all", "install", "BUILD=" + BUILD, "PREFIX=" + prefix, "DESTDIR=" + self.root)
        self.assertEqual(made.returncode, 0, made.stdout)

    def path(self, *names):
        return os.path.join(self.root, *names)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def test_everything_has_its_place(self):
        self.assertEqual(subprocess.run([self.path("usr/bin/tocsin"), "version", "--json"], stdout=subprocess.PIPE, timeout=20).returncode, 0)
        for name in ("usr/sbin/tocsind", "usr/share/tocsin/templates/notification.en.txt", "usr/share/tocsin/templates/notification.en.html", "usr/share/tocsin/rdap/dns.json", "usr/share/tocsin/templates/opt-out-receipt.en.txt",
                     "etc/tocsin/tocsin.yaml", "usr/share/doc/tocsin/docs/first-campaign.md", UNIT, "usr/lib/sysusers.d/tocsin.conf", "usr/lib/tmpfiles.d/tocsin.conf"):
            with self.subTest(name):
                self.assertTrue(os.stat(self.path(name)).st_mode & stat.S_IROTH)

    def test_a_configuration_that_is_there_stays(self):
        with open(self.path("etc/tocsin/tocsin.yaml"), "w", encoding="utf-8") as file:
            file.write("# mine\n")
        self.install()
        self.assertEqual(self.read("etc/tocsin/tocsin.yaml"), "# mine\n")

    def test_another_prefix_is_named_throughout(self):
        self.install("/opt/tocsin")
        unit = self.read("opt/tocsin/lib/systemd/system/tocsind.service")
        self.assertIn("\nExecStart=/opt/tocsin/sbin/tocsind\n", unit)
        self.assertNotIn("=/usr/local", unit)
        for prefix in ("opt/tocsin", "usr", "usr/local"):
            self.install("/" + prefix)
            self.assertIn(" [/etc/tocsin/templates, /%s/share/tocsin/templates]" % prefix, self.read(prefix + "/share/doc/tocsin/tocsin.yaml"))

    def test_templates_are_found_where_either_prefix_puts_them(self):
        said = subprocess.run([os.path.join(ROOT, BUILD, "tocsin"), "check", "--defaults"], stdout=subprocess.PIPE, encoding="utf-8", timeout=20)
        for prefix in ("/usr/local", "/usr"):
            self.assertIn(prefix + "/share/tocsin/templates", said.stdout)

    def test_uninstall_leaves_what_is_the_administrators(self):
        self.assertEqual(run("make", "uninstall", "PREFIX=/usr", "DESTDIR=" + self.root).returncode, 0)
        left = [name for _, _, names in os.walk(self.root) for name in names]
        self.assertEqual(left, ["tocsin.yaml"])

    def test_every_kind_of_event_is_explained(self):
        with open(os.path.join(ROOT, "daemon/base/log.c"), encoding="utf-8") as file:
            known = re.findall(r'= "([0-9a-f]{32})"', file.read())
        self.assertEqual(sorted(re.findall(r"^-- (\w+)$", self.read("usr/lib/systemd/catalog/tocsin.catalog"), re.M)), sorted(known))

    @needs("journalctl")
    def test_the_catalog_compiles(self):
        made = run("journalctl", "--update-catalog", "--root=" + self.root)
        self.assertEqual((made.returncode, made.stdout), (0, ""))

    @needs("systemd-analyze")
    def test_the_unit_exposes_little(self):
        said = run("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=%d" % EXPOSURE, self.path(UNIT))
        self.assertEqual(said.returncode, 0, said.stdout)

    @needs("systemd-analyze")
    def test_the_unit_says_nothing_that_systemd_does_not_know(self):
        self.install(os.path.join(self.root, "usr"))  # verify looks for the programs
        unit = self.path(self.root[1:], UNIT)
        said = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", unit)
        ours = [line for line in said.stdout.splitlines() if "tocsind.service" in line and "is not executable" not in line]
        self.assertEqual(ours, [])

    @needs("systemd-sysusers")
    @needs("systemd-tmpfiles")
    @unittest.skipUnless(os.geteuid() == 0, "SKIPPED: not root: what systemd-sysusers and systemd-tmpfiles make has NOT been seen")
    def test_users_and_directories(self):
        made = run("systemd-sysusers", "--root=" + self.root)
        self.assertEqual(made.returncode, 0, made.stdout)
        groups = {line.split(":")[0]: line.split(":") for line in self.read("etc/group").splitlines()}
        self.assertEqual(groups["tocsin-submit"][3], "tocsin")
        self.assertIn("tocsin-admin", groups)
        made = run("systemd-tmpfiles", "--root=" + self.root, "--create")
        self.assertEqual(made.returncode, 0, made.stdout)
        incoming = os.stat(self.path("var/spool/tocsin/incoming"))
        self.assertEqual(stat.S_IMODE(incoming.st_mode), 0o3770)
        self.assertEqual(incoming.st_gid, int(groups["tocsin-submit"][2]))
        for directory, mode in (("var/lib/tocsin", 0o750), ("run/tocsin", 0o755)):
            self.assertEqual(stat.S_IMODE(os.stat(self.path(directory)).st_mode), mode, "`tocsin check` wants it before the first start")


if __name__ == "__main__":
    unittest.main()
