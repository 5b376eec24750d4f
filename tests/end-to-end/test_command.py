#!/usr/bin/python3
"""The tool as a person types it: exit codes, words and JSON, without a daemon, beside a running one, and after it."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))

from tocsinlab import settings  # noqa: E402
from tocsinlab.process import Lab, free_port  # noqa: E402
from tocsinlab.slowdown import slowly  # noqa: E402

BUILD = os.environ.get("TOCSIN_BUILD", os.path.join(HERE, "..", "..", "build"))
USAGE, DATA, UNAVAILABLE, CONFIG = 64, 65, 69, 78
WORLD = {"seed": 1, "domains": {
    "bakery.example": {"mx": ["mx1.hoster.example"], "mailboxes": {"security": "read"}},
    "church.example": {"mx": ["mx1.hoster.example"], "mailboxes": {"abuse": "read"}}}}


class Command(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="tocsin-command-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.path = os.path.join(self.directory, "tocsin.yaml")

    def configure(self, dns=1, relay=1, profile=None, **campaigns):
        made = settings.configuration(self.directory, dns, relay, free_port(), 0)
        made["campaigns"].update(campaigns)
        if profile:
            made["profiles"] = {"default": profile}
        settings.write(self.path, made)

    def tocsin(self, *arguments, config=None, text=None):
        """(exit code, standard output, standard error)."""
        run = subprocess.run([os.path.join(BUILD, "tocsin"), *arguments], input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             encoding="utf-8", env=dict(os.environ, TOCSIN_CONFIG=config or self.path), timeout=slowly(60))
        return run.returncode, run.stdout, run.stderr

    def daemon(self):
        """Started as the tool is: the configuration is named by the environment."""
        process = subprocess.Popen([os.path.join(BUILD, "tocsind")], stdout=subprocess.DEVNULL,
                                   stderr=open(os.path.join(self.directory, "log"), "w"), env=dict(os.environ, TOCSIN_CONFIG=self.path))
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        self.until(lambda: self.tocsin("version")[1].count("\n") == 2)
        return process

    def until(self, true):
        end = time.monotonic() + slowly(30)
        while not true():
            self.assertLess(time.monotonic(), end, "it took too long")
            time.sleep(0.05)

    def state(self, campaign):
        found = json.loads(self.tocsin("status", "--json")[1])["campaigns"]
        return next((one for one in found if one["name"] == campaign), {})

    def test_every_help_needs_nothing(self):
        listed = self.tocsin("--help", config="/nonexistent")[1]
        commands = re.findall(r"^  ([a-z]+)  +\S", listed, re.M)
        self.assertGreater(len(commands), 15)
        for command in commands:
            with self.subTest(command):
                code, out, err = self.tocsin(command, "--help", config="/nonexistent")
                self.assertEqual((code, err), (0, ""))
                self.assertTrue(out.startswith("usage: tocsin " + command), out)

    def test_words_for_what_was_meant(self):
        self.assertEqual(self.tocsin("help")[:2], self.tocsin("--help")[:2])
        self.assertIn("`tocsin campaign approve`", self.tocsin("approve", "x")[2])
        self.assertEqual(self.tocsin("--set"), (USAGE, "", "tocsin: --set wants a value\n"))
        self.assertIn("wants a FILE", self.tocsin("inspect", "bounce")[2])

    def test_usage(self):
        """What can be seen to be wrong before anything is asked."""
        self.configure()
        for words, why in ((("queue", "list", "--state", "bad"), "there is no such state"), (("check", "--json"), "--json goes with --send"),
                           (("render", "one"), "render: TEMPLATE and DATA.json are wanted")):
            with self.subTest(words):
                code, out, err = self.tocsin(*words)
                self.assertEqual((code, out), (USAGE, ""), err)
                self.assertRegex(err, "^tocsin: .*" + why)

    def test_without_a_daemon(self):
        self.configure()
        for arguments in (["status"], ["report", "x"], ["queue"], ["stop"], ["campaign", "approve", "x"], ["submit", "/etc/hostname"]):
            with self.subTest(" ".join(arguments)):
                code, out, err = self.tocsin(*arguments)
                self.assertEqual((code, out), (UNAVAILABLE, ""), err)
        self.assertIn("has tocsind run?", err)
        self.assertEqual(self.tocsin("status", config="/nonexistent")[0], CONFIG)

    def test_a_preview_waits_for_the_profile_s_time(self):
        later = time.strftime("%H:%M", time.gmtime(time.time() + 12 * 3600))
        with Lab(WORLD, os.path.join(self.directory, "lab")) as lab:
            self.configure(lab.dns, lab.relay, approve_above=0, profile={"send": "daily", "send_at": later})
            self.daemon()
            self.assertEqual(self.tocsin("submit", "--campaign", "day", "-", text="bakery.example\n")[0], 0)
            self.until(lambda: self.state("day").get("held") == 1)
            self.assertIn("  takes about 12 hours, by the profile's send\n", self.tocsin("preview", "day")[1])

    def test_a_campaign_by_hand(self):
        with Lab(WORLD, os.path.join(self.directory, "lab")) as lab:
            self.configure(lab.dns, lab.relay, approve_above=1)
            process = self.daemon()
            code, _, err = self.tocsin("submit", "--profile", "none", "-", text="bakery.example\n")
            self.assertEqual(code, DATA)
            self.assertIn("'none'", err)
            self.assertEqual(self.tocsin("submit", "--campaign", "day", "-", text="bakery.example\nchurch.example\n")[0], 0)
            self.until(lambda: self.state("day").get("held") == 2)
            code, out, _ = self.tocsin("preview", "day", "--limit", "1")
            self.assertIn("2 mails would go out; nothing has been sent", out)
            self.assertEqual(lab.journal(), [])
            self.assertEqual(self.tocsin("campaign", "pause", "day")[1], "day is paused\n")
            self.assertEqual(self.tocsin("campaign", "pause", "day")[0], DATA)
            self.assertEqual(self.tocsin("campaign", "resume", "day")[1], "day is no longer paused\n")
            self.assertEqual(self.tocsin("campaign", "approve", "day")[1], "day is approved: 2 mails may go out\n")
            self.until(lambda: self.state("day")["state"] == "ended")
            self.assertEqual(self.tocsin("report", "day", "--csv", "--json")[0], USAGE)
            log = self.tocsin("log", "--target", "bakery.example")[1]
            self.assertRegex(log, r"abuse@bakery\.example: bounced  rcpt: 550 5\.1\.1 \S")
            self.assertNotRegex(log + self.tocsin("log", "--audit")[1], r" \n")
            self.assertRegex(self.tocsin("queue", "show", "T-1")[1], r"\bend  250  2\.0\.0  |\brcpt  \S+  550  5\.1\.1  ")
            table = self.tocsin("queue", "--all")[1].splitlines()
            self.assertEqual({line.index("@") - len(line[:line.index("@")].split()[-1]) for line in table[1:]},
                             {table[0].index("recipient")}, "words stand at the left of their column")
            self.tocsin("submit", "--campaign", "night", "-", text="fqdn\nx..y\n")
            failed = "night (failed 2)"
            self.until(lambda: self.state(failed))
            self.assertEqual(self.state(failed)["state"], "failed")
            self.assertEqual(self.tocsin("submit", "--campaign", "a\nb", "-", text="fqdn\n")[0], DATA)
            self.assertEqual(os.stat(os.path.join(self.directory, "tocsin.db")).st_mode & 0o007, 0)
            self.assertIn("none of its rows (1) could be read", self.tocsin("campaign", "show", failed)[1])
            table, more = self.tocsin("status")[1], self.tocsin("campaign", "list", "--all")[1]
            self.assertNotIn(failed + "  ", table)
            self.assertIn("1 that failed", table)
            self.assertIn(failed + "  ", more)
            self.assertRegex(table, r"refused in the last day.*\n  \S+  standard-input: none of its rows \(1\) could be read")
            process.send_signal(signal.SIGHUP)
            self.until(lambda: "the new configuration is in force" in open(os.path.join(self.directory, "log")).read())
            process.terminate()
            self.assertEqual(process.wait(), 0)
            self.assertIn("told after all: 100.0% of 2 cases", self.tocsin("report", "day")[1])
            code, _, err = self.tocsin("report", "night")
            self.assertEqual(code, DATA, err)

    def test_a_partly_bad_file_waits_for_a_person(self):
        """Too many of its rows cannot be read: nothing goes out about the others before somebody has looked at them."""
        rows = "domain,ip\nbakery.example,\nnobody,\nchurch.example,\nx..y,\nbakery.example,300.1.2.3\n"
        with Lab(WORLD, os.path.join(self.directory, "lab")) as lab:
            self.configure(lab.dns, lab.relay, approve_above=100)
            self.daemon()
            self.assertEqual(self.tocsin("submit", "--campaign", "day", "-", text=rows)[0], 0)
            self.until(lambda: self.state("day").get("held") == 2)
            for where in (self.tocsin("status")[1], self.tocsin("campaign", "show", "day")[1]):
                self.assertIn("waits for approval: `tocsin campaign approve day`", where)
                self.assertIn("3 of the 5 rows of standard-input could not be read", where)
            rejected = [name for name in os.listdir(os.path.join(self.directory, "spool", "done")) if name.endswith(".rejected")]
            self.assertEqual(len(rejected), 1)
            with open(os.path.join(self.directory, "spool", "done", rejected[0]), encoding="utf-8") as file:
                self.assertEqual([line.split("\t")[0] for line in file], ["3", "5", "6"])
            preview = self.tocsin("preview", "day")[1]
            self.assertIn("2 mails would go out", preview)
            self.assertRegex(preview, r"2 mails to \d contacts?")
            self.assertEqual(lab.journal(), [])
            self.assertEqual(self.tocsin("campaign", "approve", "day")[1], "day is approved: 2 mails may go out\n")
            self.until(lambda: self.state("day")["state"] == "ended")
            self.assertNotIn("could not be read", self.tocsin("campaign", "show", "day")[1])
            # One slip in a short list is no reason to wait.
            self.assertEqual(self.tocsin("submit", "--campaign", "night", "-", text="domain\nwww.mill.example\nx..y\n")[0], 0)
            self.until(lambda: self.state("night").get("cases") == 1)
            self.assertEqual(self.state("night")["waiting_for_approval"], 0)

    def test_a_mistake_in_the_file_keeps_nobody_from_the_daemon(self):
        self.configure()
        process = self.daemon()
        with open(self.path, encoding="utf-8") as file:
            good = json.load(file)
        settings.write(self.path, dict(good, nonsense={"a": 1}, profiles={"x": {"format": "none"}}))
        for arguments in (["status"], ["stop"], ["campaign", "list"], ["queue"], ["log"], ["submit", "-"], ["start"]):
            with self.subTest(" ".join(arguments)):
                code, _, err = self.tocsin(*arguments, text="bakery.example\n")
                self.assertEqual(code, 0, err)
                self.assertRegex(err, r"tocsin\.yaml:\d+:\d+: nonsense: ")
                self.assertIn("going on with the daemon at %s" % good["paths"]["control_socket"], err)
        code, out, err = self.tocsin("reload")
        self.assertEqual((code, out), (CONFIG, ""))
        self.assertEqual(err.count(": nonsense: "), 1, err)
        process.terminate()
        self.assertEqual(process.wait(), 0)
        self.assertEqual(self.tocsin("status")[0], 0, "the store's path is right")
        settings.write(self.path, dict(good, paths=dict(good["paths"], store="here")))
        code, out, err = self.tocsin("status")
        self.assertEqual((code, out), (CONFIG, ""))
        self.assertIn("no daemon answers", err)

    def test_where_the_socket_is_not_known(self):
        self.configure()
        self.daemon()
        socket = "paths.control_socket=" + os.path.join(self.directory, "control.sock")
        for broken in ("sender: [\n", "paths: {control_socket: here}\n", "paths: 3\n"):
            with self.subTest(broken), open(self.path, "w", encoding="utf-8") as file:
                file.write(broken)
                file.flush()
                code, out, err = self.tocsin("stop")
                self.assertEqual((code, out), (CONFIG, ""))
                self.assertIn("--set paths.control_socket=", err)
        with open(self.path, "w", encoding="utf-8") as file:
            file.write("sender: [\n")
        self.assertEqual(self.tocsin("--set", socket, "stop")[:2], (0, "all sending is stopped\n"))

    def test_stop_without_a_daemon_holds_for_the_next(self):
        self.configure()
        process = self.daemon()
        self.assertEqual(self.tocsin("status")[1].count("NO DAEMON"), 0)
        self.assertIs(json.loads(self.tocsin("status", "--json")[1])["daemon"], True)
        process.kill()
        process.wait()
        code, out, _ = self.tocsin("stop", "--why", "the relay moves")
        self.assertEqual(code, 0)
        self.assertIn("no daemon runs; recorded in the store", out)
        self.assertTrue(os.path.getsize(os.path.join(self.directory, "tocsin.db-wal")), "the next one has to look for damage")
        self.assertTrue(self.tocsin("status")[1].startswith("NO DAEMON RUNS"))
        status = json.loads(self.tocsin("status", "--json")[1])
        self.assertEqual((status["daemon"], status["stopped"]), (False, True))
        process = self.daemon()
        self.assertIs(json.loads(self.tocsin("status", "--json")[1])["stopped"], True)
        self.assertIn("the relay moves", self.tocsin("log", "--audit")[1])
        process.terminate()
        process.wait()
        self.assertIs(json.loads(self.tocsin("start", "--json")[1])["daemon"], False)
        self.assertFalse(os.path.exists(os.path.join(self.directory, "tocsin.db-wal")), "all is in the store")
        self.daemon()
        self.assertIs(json.loads(self.tocsin("status", "--json")[1])["stopped"], False)

    def test_a_rehearsal_and_what_waits(self):
        with Lab(WORLD, os.path.join(self.directory, "lab")) as lab:
            self.configure(lab.dns, lab.relay, aggregate_wait="1h", approve_above=10)
            self.daemon()
            out = self.tocsin("submit", "--campaign", "try", "--redirect-to", "me@test.example", "-", text="bakery.example\n")[1]
            self.assertIn("campaign try:", out)
            self.until(lambda: self.state("try").get("state") == "ended")
            self.assertRegex(self.tocsin("status")[1], r"(?m)^ *try +ended \(rehearsal\) ")
            self.assertIn("campaign default-standard-input ", self.tocsin("submit", "-", text="bakery.example\nchurch.example\n")[1])
            self.until(lambda: self.state("default-standard-input").get("gathering") == 2)
            words = "2 cases wait for others with the same contact, to go out in one mail: the first mail goes out from "
            for command in (["status"], ["preview", "default-standard-input"], ["campaign", "show", "default-standard-input"]):
                self.assertIn(words + "20", self.tocsin(*command)[1])
            self.assertRegex(self.tocsin("campaign", "show", "--cases", "default-standard-input")[1], r"example: waiting, .*until 20")
            self.assertEqual(self.tocsin("suppress", "add", "bakery.example")[0], 0)
            self.assertIn("abuse@bakery.example: suppressed by bakery.example (by a person): passed over", self.tocsin("contacts", "bakery.example")[1])
            self.tocsin("submit", "--campaign", "again", "-", text="bakery.example\nchurch.example\n")
            self.until(lambda: "the same bytes came before" in self.tocsin("status")[1])

    def test_figures_have_no_more_digits_than_they_know(self):
        with Lab(WORLD, os.path.join(self.directory, "lab")) as lab:
            self.configure(lab.dns, lab.relay)
            self.assertNotRegex(self.tocsin("--json", "contacts", "bakery.example")[1], r"\d\.\d{5}")
            code, out, err = self.tocsin("contacts", "localhost")
            self.assertEqual((code, out), (DATA, ""))
            self.assertEqual(err.count("localhost"), 1, err)


if __name__ == "__main__":
    unittest.main()
