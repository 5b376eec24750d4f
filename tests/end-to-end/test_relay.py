#!/usr/bin/python3
"""TLS and a login at the relay, from the configuration to the mail: `tocsin check --relay` says how it would go, the daemon does it."""
import base64
import os
import shutil
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))

from tocsinlab import settings  # noqa: E402
from tocsinlab.process import Lab, free_port  # noqa: E402
from tocsinlab.slowdown import slowly  # noqa: E402

BUILD = os.environ.get("TOCSIN_BUILD", os.path.join(HERE, "..", "..", "build"))
TEMPFAIL, CONFIG = 75, 78
USER, PASSWORD = "sender", "open sesame"
WORLD = {"seed": 1, "domains": {"bakery.example": {"mx": ["mx1.hoster.example"], "mailboxes": {"abuse": "read"}}}}


class Connection(socketserver.StreamRequestHandler):
    """A relay that takes nothing without TLS and a login."""

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def upgrade(self):
        self.say("220 2.0.0 go")
        self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)

    def handle(self):
        secure = known = False
        self.say("220 relay ESMTP")
        try:
            while True:
                line = self.rfile.readline().decode().strip()
                verb = line.split(" ")[0].upper()
                if verb == "EHLO":
                    self.say("250-relay\r\n250 " + ("AUTH PLAIN" if secure else self.server.offer))
                elif verb == "STARTTLS" and self.server.refusal:
                    self.say(self.server.refusal)
                elif verb == "STARTTLS":
                    self.upgrade()
                    secure = True
                elif verb == "AUTH":
                    known = base64.b64decode(line.split(" ")[2]).decode() == "\0%s\0%s" % (USER, PASSWORD)
                    self.say("235 2.7.0 welcome" if known else "535 5.7.8 no such login")
                elif verb == "MAIL" and not (secure and known):
                    self.say("530 5.7.0 not like that")
                elif verb == "DATA":
                    self.say("354 go")
                    while self.rfile.readline() not in (b".\r\n", b""):
                        pass
                    self.server.mails += 1
                    self.say("250 2.0.0 queued")
                elif verb in ("QUIT", ""):
                    return self.say("221 2.0.0 bye")
                else:
                    self.say("250 2.0.0 ok")
        except OSError:
            pass
        finally:
            self.connection.close()


class Server(socketserver.ThreadingTCPServer):
    daemon_threads, mails, offer, refusal = True, 0, "STARTTLS", ""


class Relay(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="tocsin-relay-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.path, self.log = self.below("tocsin.yaml"), self.below("log")
        self.certificate()
        self.server = Server(("127.0.0.1", 0), Connection)
        self.server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.context.load_cert_chain(self.below("certificate.pem"), self.below("key.pem"))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def below(self, name):
        return os.path.join(self.directory, name)

    def certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=relay.test", "-addext", "subjectAltName=DNS:relay.test", "-keyout", self.below("key.pem"),
                        "-out", self.below("certificate.pem")], check=True, stderr=subprocess.DEVNULL)

    def configure(self, dns=1, password=PASSWORD, **delivery):
        """With the password as a systemd credential."""
        made = settings.configuration(self.directory, dns, self.server.server_address[1], free_port(), 0)
        made["delivery"].update({"tls": "required", "tls_ca": self.below("certificate.pem"), "tls_name": "relay.test", "auth_user": USER,
                                 "auth_password": "credential:relay"}, **delivery)
        made["campaigns"]["approve_above"] = 10
        settings.write(self.path, made)
        with open(os.open(self.below("relay"), os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write(password + "\n")

    def environment(self):
        return dict(os.environ, TOCSIN_CONFIG=self.path, CREDENTIALS_DIRECTORY=self.directory)

    def tocsin(self, *arguments, text=None):
        """(exit code, standard output, standard error)."""
        run = subprocess.run([os.path.join(BUILD, "tocsin"), *arguments], input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             encoding="utf-8", env=self.environment(), timeout=slowly(60))
        self.assertNotIn("sesame", run.stdout + run.stderr)
        return run.returncode, run.stdout, run.stderr

    def test_what_check_finds(self):
        self.configure()
        code, out, err = self.tocsin("check", "--relay")
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"TLSv1\.2 with \S+; certificate of DNS:relay\.test .*, verified\n")
        self.assertIn("accepts our login as sender\nit takes mail from bounce@tocsin.example\n", out)
        for expected, words, changed in (
                (CONFIG, "certificate is for DNS:relay.test, not for 127.0.0.1", {"tls_name": ""}),
                (CONFIG, "name a file with it in delivery.tls_ca", {"tls_ca": ""}),
                (CONFIG, "to our login: 535 no such login", {"password": "sesame"}),
                (CONFIG, "MAIL: 530 not like that", {"auth_user": "", "auth_password": ""}),
                (CONFIG, "offers none of AUTH", {"tls": "never"}),
                (CONFIG, "delivery.tls_ca: /nonexistent: ", {"tls_ca": "/nonexistent"}),
                (TEMPFAIL, "Connection refused", {"relay": "127.0.0.1:%d" % free_port()})):
            with self.subTest(words):
                self.configure(**changed)
                code, _, err = self.tocsin("check", "--relay")
                self.assertIn(words, err)
                self.assertEqual(code, expected)
        self.assertEqual(self.server.mails, 0)

    def test_tls_that_is_not_there(self):
        self.configure()
        self.server.refusal = "454 4.7.0 not now"
        code, _, err = self.tocsin("check", "--relay")
        self.assertEqual(code, TEMPFAIL, err)
        self.assertIn("not now", err)
        self.server.offer = "8BITMIME"
        code, _, err = self.tocsin("check", "--relay")
        self.assertEqual(code, CONFIG)
        self.assertIn("offers no TLS, and delivery.tls is `required`", err)

    def test_a_password_that_others_may_read(self):
        self.configure()
        os.chmod(self.below("relay"), 0o644)
        code, _, err = self.tocsin("check", "--relay")
        self.assertEqual(code, CONFIG)
        self.assertIn("delivery.auth_password: %s: others may use it" % self.below("relay"), err)

    def test_the_daemon_sends(self):
        with Lab(WORLD, self.below("lab")) as lab:
            self.configure(lab.dns)
            with open(self.log, "w") as log:
                process = subprocess.Popen([os.path.join(BUILD, "tocsind")], stdout=subprocess.DEVNULL, stderr=log, env=self.environment())
            self.addCleanup(process.wait)
            self.addCleanup(process.terminate)
            end = time.monotonic() + slowly(30)
            while self.tocsin("version")[1].count("\n") != 2:
                self.assertLess(time.monotonic(), end, "no daemon")
                time.sleep(0.05)
            self.assertEqual(self.tocsin("submit", "--campaign", "day", "-", text="bakery.example\n")[0], 0)
            while not self.server.mails:
                self.assertLess(time.monotonic(), end, "no mail")
                time.sleep(0.05)
            with open(self.log, encoding="utf-8") as file:
                said = file.read()
            self.assertIn("certificate of DNS:relay.test", said)
            self.assertNotIn("sesame", said)


if __name__ == "__main__":
    unittest.main()
