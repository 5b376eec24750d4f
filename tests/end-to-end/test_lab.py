#!/usr/bin/python3
"""The lab is what it says: spoken to by smtplib, by raw DNS, and by a small LMTP intake of our own. No daemon."""
import base64
import email
import hashlib
import io
import os
import random
import smtplib
import socket
import socketserver
import struct
import sys
import tempfile
import threading
import time
import unittest
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from tocsinlab import bounces, mailbox, message, scenario, zone  # noqa: E402
from tocsinlab.process import Lab, free_port  # noqa: E402

SENDER = "bounce+abcdefghij234567@tocsin.example"
MAIL = (b"Message-ID: <m%d@tocsin.example>\r\nFrom: a@tocsin.example\r\nSubject: T-1 hello\r\nMIME-Version: 1.0\r\n"
        b"List-Unsubscribe: <mailto:optout+tok@tocsin.example?subject=unsubscribe>\r\n"
        b'Content-Type: multipart/mixed; boundary="b1"\r\n\r\n--b1\r\nContent-Type: text/plain\r\n\r\n.hello\r\n..\r\n--b1\r\n'
        b'Content-Type: text/csv; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
        b'time,target,note\r\n1,bakery.example,"two\r\nlines"\r\n2,church=2Eexample,x\r\n3,bakery.example,\r\n--b1--\r\n')
WORLD = {
    "seed": 1,
    "domains": {
        "bakery.example": {
            "mx": ["mx1.hoster.example"], "a": ["192.0.2.7"], "soa": "hostmaster@hoster.example",
            "mailboxes": {"info": "read", "abuse": "reject", "full": "full", "policy": "policy", "later": "defer", "grey": "greylist",
                          "gone": "bounce:postfix@100ms x2", "forged": "bounce:exim forged", "away": "autoreply", "stop": "optout",
                          "hole": "blackhole"},
            "records": ["www CNAME bakery.example.", "bakery.example. 60 AAAA 2001:db8::7", "_x.deep TXT \"a b\" c",
                        "mail A 192.0.2.9", "big TXT %s" % " ".join("x" * 200 for _ in range(5))]},
        "web.example": {"a": ["192.0.2.8"], "otherwise": "accept"},
        "nomail.example": {"mx": None, "a": ["192.0.2.8"]},
        "parked.example": {},
    },
}


class Question:
    """A DNS question and its answer, read by a parser that shares nothing with the lab's."""

    def __init__(self, port, name, kind, tcp=False, edns=False):
        wire = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
        packet = struct.pack("!HHHHHH", 4711, 0x100, 1, 0, 0, 1 if edns else 0) + wire + struct.pack("!HH", kind, 1)
        packet += b"\0" + struct.pack("!HHIH", 41, 4096, 0, 0) if edns else b""
        self.packet = self._tcp(port, packet) if tcp else self._udp(port, packet)
        self.id, flags, _, answers, authorities, _ = struct.unpack_from("!HHHHHH", self.packet)
        self.code, self.truncated = flags & 15, bool(flags & 0x200)
        at = 12 + len(wire) + 4
        self.answers, self.authorities = [], []
        for rows, count in ((self.answers, answers), (self.authorities, authorities)):
            for _ in range(count):
                owner, at = self._name(at)
                found, _, ttl, length = struct.unpack_from("!HHIH", self.packet, at)
                rows.append((owner, found, ttl, self.packet[at + 10:at + 10 + length], at + 10))
                at += 10 + length

    @staticmethod
    def _udp(port, packet):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(1)
            sock.sendto(packet, ("127.0.0.1", port))
            return sock.recv(4096)

    @staticmethod
    def _tcp(port, packet):
        with socket.create_connection(("127.0.0.1", port), 5) as sock:
            sock.sendall(struct.pack("!H", len(packet)) + packet)
            file = sock.makefile("rb")
            return file.read(struct.unpack("!H", file.read(2))[0])

    def _name(self, at):
        labels, end = [], None
        while self.packet[at]:
            if self.packet[at] >= 192:
                end = end or at + 2
                at = struct.unpack_from("!H", self.packet, at)[0] & 0x3FFF
                continue
            labels.append(self.packet[at + 1:at + 1 + self.packet[at]].decode())
            at += 1 + self.packet[at]
        return ".".join(labels), end or at + 1

    def mx(self):
        return [(struct.unpack("!H", data[:2])[0], self._name(at + 2)[0]) for _, kind, _, data, at in self.answers if kind == 15]

    def data(self, kind):
        return [data for _, found, _, data, _ in self.answers if found == kind]


class Dns(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.lab = Lab(WORLD, cls.scratch.name)

    @classmethod
    def tearDownClass(cls):
        cls.lab.close()
        cls.scratch.cleanup()

    def ask(self, name, kind, **options):
        return Question(self.lab.dns, name, kind, **options)

    def test_mx_and_the_address_of_its_host(self):
        self.assertEqual(self.ask("bakery.example", 15).mx(), [(10, "mx1.hoster.example")])
        address = self.ask("mx1.hoster.example", 1).data(1)
        self.assertEqual(len(address), 1)
        self.assertEqual(address[0][0], 127)

    def test_addresses_and_ttl(self):
        self.assertEqual(self.ask("Bakery.EXAMPLE", 1).data(1), [bytes([192, 0, 2, 7])])
        six = self.ask("bakery.example", 28)
        self.assertEqual((six.data(28), six.answers[0][2]), ([socket.inet_pton(socket.AF_INET6, "2001:db8::7")], 60))

    def test_null_mx(self):
        self.assertEqual(self.ask("nomail.example", 15).mx(), [(0, "")])

    def test_alias_is_followed(self):
        found = self.ask("www.bakery.example", 1)
        self.assertEqual([row[1] for row in found.answers], [5, 1])
        self.assertEqual(found.answers[1][0], "bakery.example")

    def test_no_such_name(self):
        for name in ("missing.example", "x.bakery.example", "hoster.test"):
            found = self.ask(name, 15)
            self.assertEqual((found.code, found.answers), (3, []), name)
            self.assertEqual(found.authorities[0][1], 6)

    def test_no_such_record(self):
        for name, kind in (("parked.example", 15), ("parked.example", 1), ("hoster.example", 1), ("deep.bakery.example", 16), ("example", 1)):
            found = self.ask(name, kind)
            self.assertEqual((found.code, found.answers), (0, []), name)
        self.assertEqual(self.ask("mail.bakery.example", 15).authorities[0][0], "bakery.example")

    def test_soa_and_txt(self):
        self.assertIn(b"\x0ahostmaster\x06hoster\x07example\0", self.ask("bakery.example", 6).data(6)[0])
        self.assertEqual(self.ask("_x.deep.bakery.example", 16).data(16), [b"\x03a b\x01c"])

    def test_large_answer(self):
        self.assertTrue(self.ask("big.bakery.example", 16).truncated)
        for options in ({"edns": True}, {"tcp": True}):
            found = self.ask("big.bakery.example", 16, **options)
            self.assertEqual((found.truncated, len(found.data(16)[0])), (False, 1005))

    def test_nonsense_does_not_stop_it(self):
        dice = random.Random(1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for length in range(0, 200):
                sock.sendto(bytes(dice.randrange(256) for _ in range(length)), ("127.0.0.1", self.lab.dns))
        self.assertEqual(self.ask("bakery.example", 1).id, 4711)


class Intake(socketserver.ThreadingTCPServer):
    """A daemon's intake of bounces: takes everything, after refusing the first REFUSALS for now."""

    daemon_threads = allow_reuse_address = True

    def __init__(self, port, refusals=0):
        self.refusals, self.taken = refusals, []
        super().__init__(("127.0.0.1", port), _LmtpHandler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


class _LmtpHandler(socketserver.StreamRequestHandler):
    def handle(self):
        say = lambda text: self.wfile.write(text.encode() + b"\r\n")
        say("220 intake LMTP")
        for line in self.rfile:
            verb = line.split()[0].upper()
            if verb == b"LHLO":
                say("250-intake\r\n250 PIPELINING")
            elif verb == b"MAIL":
                sender = line.decode().split("<")[1].split(">")[0]
                say("250 ok")
            elif verb == b"RCPT":
                recipient = line.decode().split("<")[1].split(">")[0]
                say("250 ok")
            elif verb == b"DATA":
                say("354 go on")
                body = b"".join(iter(self.rfile.readline, b".\r\n"))
                if self.server.refusals > 0:
                    self.server.refusals -= 1
                    say("451 later")
                else:
                    self.server.taken.append((sender, recipient, (b"\r\n" + body).replace(b"\r\n..", b"\r\n.")[2:]))
                    say("250 taken")
            else:
                say("250 ok")


class Relay(unittest.TestCase):
    mode = "verify"

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.counter = 0

    def start(self, mode="verify", faults=(), intake=None):
        port = free_port() if intake is None else intake.server_address[1]
        lab = Lab(dict(WORLD, faults=list(faults)), self.scratch.name, mode=mode, bounce_lmtp="127.0.0.1:%d" % port)
        self.addCleanup(lab.close)
        return lab

    def intake(self, port=0, refusals=0):
        intake = Intake(port, refusals)
        self.addCleanup(intake.server_close)
        self.addCleanup(intake.shutdown)
        return intake

    def client(self, lab):
        client = smtplib.SMTP("127.0.0.1", lab.relay, timeout=5)
        self.addCleanup(client.close)
        client.ehlo()
        return client

    def send(self, client, recipient, sender=SENDER):
        """(code of the reply that decided, its text)."""
        self.counter += 1
        client.mail(sender)
        reply = client.rcpt(recipient)
        if reply[0] == 250:
            reply = client.data(MAIL % self.counter)
        else:
            client.rset()
        return reply[0], reply[1].decode()

    def until(self, question, seconds=5):
        end = time.monotonic() + seconds
        while not question() and time.monotonic() < end:
            time.sleep(0.02)
        self.assertTrue(question())

    def test_verify_answers_as_the_mailbox_would(self):
        lab = self.start()
        client = self.client(lab)
        for local, code, status in (("info", 250, "2.0.0"), ("abuse", 550, "5.1.1"), ("other", 550, "5.1.1"), ("full", 552, "5.2.2"),
                                    ("policy", 554, "5.7.1"), ("later", 451, "4.2.0"), ("INFO", 250, "2.0.0")):
            reply = self.send(client, local + "@bakery.example")
            self.assertEqual(reply[0], code, local)
            self.assertTrue(reply[1].startswith(status), reply)
        for name in ("missing.example", "nomail.example", "parked.example"):
            self.assertEqual(self.send(client, "info@" + name)[0], 550)
        self.assertEqual(self.send(client, "info@mail.bakery.example")[0], 550)
        self.assertEqual(self.send(client, "any@web.example")[0], 250)
        events = [line["event"] for line in lab.journal()]
        self.assertEqual(events, ["read", "reject", "reject", "full", "policy", "defer", "read"] + ["unknown-domain"] * 3 + ["reject", "accept"])

    def test_journal_says_what_the_mail_was_about(self):
        lab = self.start()
        client = self.client(lab)
        self.send(client, "info@bakery.example")
        self.send(client, "abuse@bakery.example")
        taken, refused = lab.journal()
        for field in ("time", "event", "recipient", "message_id", "envelope_sender", "targets"):
            self.assertIn(field, taken)
        self.assertEqual((taken["message_id"], taken["envelope_sender"]), ("<m1@tocsin.example>", SENDER))
        self.assertEqual(taken["targets"], ["bakery.example", "church.example"])
        self.assertEqual(taken["ticket"], "T-1")
        self.assertEqual(taken["sha256"], hashlib.sha256(MAIL % 1).hexdigest())
        self.assertEqual((refused["message_id"], refused["targets"], refused["outcome"]), (None, [], "refused"))

    def test_greylisting_goes_by_pair(self):
        lab = self.start()
        client = self.client(lab)
        codes = [self.send(client, "grey@bakery.example", sender)[0] for sender in (SENDER, "other@tocsin.example", SENDER)]
        self.assertEqual(codes, [450, 450, 250])
        self.assertEqual([line["event"] for line in lab.journal()], ["defer", "defer", "greylist"])

    def test_pipelined_batch_and_split_input(self):
        lab = self.start()
        text = (b"EHLO x\r\n" + b"".join(b"MAIL FROM:<%s>\r\nRCPT TO:<info@bakery.example>\r\nDATA\r\n" % SENDER.encode() + MAIL % number
                                         + b".\r\n" for number in range(3)) + b"QUIT\r\n").replace(b"\r\n..hello", b"\r\n.hello")
        for size in (1, len(text)):
            with socket.create_connection(("127.0.0.1", lab.relay), 5) as sock:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for at in range(0, len(text), size):
                    sock.sendall(text[at:at + size])
                answer = b"".join(iter(lambda: sock.recv(65536), b""))
            self.assertEqual((answer.count(b"\r\n354 "), answer.count(b"queued as")), (3, 3), answer)
        self.assertEqual(len(lab.journal()), 6)

    def test_nonsense_in_a_session(self):
        lab = self.start()
        client = self.client(lab)
        for command, code in (("RCPT TO:<a@b.example>", 503), ("DATA", 503), ("MAIL FROM:a", 501), ("FROB", 500), ("MAIL FROM:<>", 250),
                              ("MAIL FROM:<>", 503), ("RCPT TO:<nobody>", 501), ("RSET", 250), ("NOOP", 250)):
            self.assertEqual(client.docmd(command)[0], code, command)
        self.assertEqual(client.docmd("X" * 9000)[0], 500)

    def test_nothing_answers_the_null_sender(self):
        lab = self.start("accept")
        client = self.client(lab)
        for local in ("stop", "away", "gone", "abuse"):
            self.assertEqual(self.send(client, local + "@bakery.example", "")[0], 250)
        time.sleep(0.1)
        self.assertEqual(lab.journal("returns"), [])

    def test_accept_returns_failures_later(self):
        intake = self.intake()
        lab = self.start("accept", intake=intake)
        client = self.client(lab)
        status = {"abuse@bakery.example": "5.1.1", "full@bakery.example": "5.2.2", "policy@bakery.example": "5.7.1", "info@missing.example": "5.1.2"}
        for recipient in [*status, "info@bakery.example", "hole@bakery.example", "grey@bakery.example"]:
            self.assertEqual(self.send(client, recipient)[0], 250)
        self.until(lambda: len(intake.taken) == len(status))
        for sender, recipient, content in intake.taken:
            self.assertEqual((sender, recipient), ("", SENDER))
            report = email.message_from_bytes(content)
            self.assertEqual(report.get_content_type(), "multipart/report")
            group = report.get_payload()[1].get_payload()[1]
            failed = group["Final-Recipient"].partition(";")[2].strip()
            self.assertEqual((group["Action"], group["Status"]), ("failed", status[failed]))
        self.assertEqual([line["event"] for line in lab.journal()],
                         ["reject", "full", "policy", "unknown-domain", "read", "blackhole", "greylist"])

    def test_accept_tells_of_a_delay_before_it_gives_up(self):
        intake = self.intake()
        client = self.client(self.start("accept", intake=intake))
        self.send(client, "later@bakery.example")
        self.until(lambda: len(intake.taken) == 2)
        groups = [email.message_from_bytes(content).get_payload()[1].get_payload()[1] for _, _, content in intake.taken]
        self.assertEqual([group["Action"] for group in groups], ["delayed", "failed"])
        self.assertTrue(all(group["Status"].startswith("4.") for group in groups))

    def test_bounces_double_and_forged(self):
        for mode in ("verify", "accept"):
            intake = self.intake()
            with self.subTest(mode), Lab(WORLD, os.path.join(self.scratch.name, mode), mode, "127.0.0.1:%d" % intake.server_address[1]) as lab:
                client = self.client(lab)
                self.send(client, "gone@bakery.example")
                self.send(client, "forged@bakery.example")
                self.until(lambda: len(intake.taken) == 3)
                self.assertEqual(sorted(recipient == SENDER for _, recipient, _ in intake.taken), [False, True, True])
                forged = [row for row in intake.taken if row[1] != SENDER][0]
                self.assertRegex(forged[1], r"^bounce\+[a-z2-7]{16}@tocsin\.example$")
                self.assertNotIn(b"abcdefghij234567", forged[2])
                self.assertNotIn(b"m2@tocsin.example", forged[2])
                self.until(lambda: lab.pending() == 0)

    def test_a_machine_and_a_person_write_back(self):
        intake = self.intake()
        client = self.client(self.start(intake=intake))
        self.send(client, "away@bakery.example")
        self.send(client, "stop@bakery.example")
        self.until(lambda: len(intake.taken) == 2)
        mails = {recipient: (sender, email.message_from_bytes(content)) for sender, recipient, content in intake.taken}
        sender, away = mails[SENDER]
        self.assertEqual((sender, away["Auto-Submitted"], away["In-Reply-To"]), ("", "auto-replied", "<m1@tocsin.example>"))
        sender, stop = mails["optout+tok@tocsin.example"]
        self.assertEqual((sender, stop["Subject"]), ("stop@bakery.example", "unsubscribe"))

    def test_returns_are_tried_again(self):
        port = free_port()
        closed = socket.socket()
        closed.bind(("127.0.0.1", port))
        intake_address = type("Address", (), {"server_address": ("127.0.0.1", port)})
        lab = self.start("accept", intake=intake_address)
        self.send(self.client(lab), "abuse@bakery.example")
        time.sleep(0.7)
        self.assertEqual(lab.pending(), 1)
        closed.close()
        intake = self.intake(port, refusals=2)
        self.until(lambda: len(intake.taken) == 1)
        self.until(lambda: lab.pending() == 0)

    # --- faults

    def test_refused_at_mail(self):
        lab = self.start(faults=[{"at": "relay", "do": "reply", "when": "mail", "reply": "530 5.7.0 Authentication required", "after": 1, "times": 2}])
        client = self.client(lab)
        codes = []
        for _ in range(4):
            codes.append(client.mail(SENDER)[0])
            client.rset()
        self.assertEqual(codes, [250, 530, 530, 250])
        self.assertEqual(lab.journal(), [])
        self.assertEqual([line["when"] for line in lab.journal("faults")], ["mail", "mail"])

    def test_dropped_after_the_dot_is_not_stored(self):
        lab = self.start(faults=[{"at": "relay", "do": "drop", "when": "after-data-dot", "times": 1}])
        with self.assertRaises((smtplib.SMTPServerDisconnected, ConnectionError)):
            self.send(self.client(lab), "info@bakery.example")
        self.assertEqual(lab.journal(), [])
        self.assertEqual(self.send(self.client(lab), "info@bakery.example")[0], 250)

    def test_dropped_once_stored(self):
        lab = self.start(faults=[{"at": "relay", "do": "drop", "when": "stored", "times": 1}])
        with self.assertRaises((smtplib.SMTPServerDisconnected, ConnectionError)):
            self.send(self.client(lab), "info@bakery.example")
        self.assertEqual(len(lab.journal()), 1)

    def test_closed_after_the_reply(self):
        lab = self.start(faults=[{"at": "relay", "do": "close", "when": "after-250", "times": 1}])
        client = self.client(lab)
        self.assertEqual(self.send(client, "info@bakery.example")[0], 250)
        with self.assertRaises(smtplib.SMTPServerDisconnected):
            client.mail(SENDER)

    def test_refused_deferred_and_delayed(self):
        lab = self.start(faults=[{"at": "relay", "do": "refuse", "when": "rcpt", "times": 1}, {"at": "relay", "do": "defer", "when": "data", "times": 1},
                                 {"at": "relay", "do": "delay", "when": "mail", "by": "300ms", "after": 2, "times": 1},
                                 {"at": "relay", "do": "defer", "when": "connect", "after": 1}])
        client = self.client(lab)
        self.assertEqual(self.send(client, "info@bakery.example")[0], 554)
        with self.assertRaises(smtplib.SMTPDataError):
            self.send(client, "info@bakery.example")
        client.rset()
        start = time.monotonic()
        self.assertEqual(self.send(client, "info@bakery.example")[0], 250)
        self.assertGreater(time.monotonic() - start, 0.29)
        with self.assertRaises(smtplib.SMTPConnectError):
            smtplib.SMTP("127.0.0.1", lab.relay, timeout=5)

    def test_down_and_back(self):
        lab = self.start(faults=[{"at": "relay", "do": "down", "after": 1, "for": "500ms"}])
        client = self.client(lab)
        self.send(client, "info@bakery.example")
        with self.assertRaises(smtplib.SMTPServerDisconnected):
            client.noop()
            time.sleep(0.1)
            client.noop()
        with self.assertRaises(ConnectionRefusedError):
            smtplib.SMTP("127.0.0.1", lab.relay, timeout=5)
        time.sleep(0.7)
        self.assertEqual(self.send(self.client(lab), "info@bakery.example")[0], 250)

    def test_dns_faults(self):
        lab = self.start(faults=[{"at": "dns:bakery.example", "do": "servfail", "times": 1}, {"at": "dns:web.example", "do": "timeout", "times": 1},
                                 {"at": "dns:nomail.example", "do": "delay", "by": "300ms"}])
        self.assertEqual(Question(lab.dns, "mail.bakery.example", 1).code, 2)
        self.assertEqual(Question(lab.dns, "bakery.example", 1).code, 0)
        with self.assertRaises(socket.timeout):
            Question(lab.dns, "web.example", 1)
        self.assertEqual(len(Question(lab.dns, "web.example", 1).answers), 1)
        start = time.monotonic()
        Question(lab.dns, "nomail.example", 15)
        self.assertGreater(time.monotonic() - start, 0.29)

    def test_chance_is_the_same_each_time(self):
        rows = []
        for run in range(2):
            fault = {"at": "dns", "do": "servfail", "probability": 0.5}
            with Lab(dict(WORLD, faults=[fault]), os.path.join(self.scratch.name, str(run))) as lab:
                rows.append([Question(lab.dns, "bakery.example", kind).code for kind in (1, 15, 28, 1, 1, 1, 15, 15, 6, 6, 6, 6)])
        self.assertEqual(rows[0], rows[1])
        self.assertEqual(set(rows[0]), {0, 2})


class Bounces(unittest.TestCase):
    original = bounces.Original(SENDER, "abuse@bakery.example", MAIL % 9)
    refusal = mailbox.Refusal(550, "5.1.1", "User unknown")

    def test_reports_are_reports(self):
        for make in ("postfix", "sendmail", "exchange", "gmail"):
            with self.subTest(make):
                report = email.message_from_bytes(bounces.failure(make, self.original, self.refusal))
                self.assertEqual((report.get_content_type(), report.get_param("report-type")), ("multipart/report", "delivery-status"))
                self.assertEqual([part.get_content_type() for part in report.get_payload()],
                                 ["text/plain", "message/delivery-status", "message/rfc822"])
                first, group = report.get_payload()[1].get_payload()
                self.assertIn("dns", first["Reporting-MTA"])
                self.assertEqual((group["Action"], group["Status"]), ("failed", "5.1.1"))
                self.assertIn("abuse@bakery.example", group["Final-Recipient"])
                self.assertEqual(report.get_payload()[2].get_payload()[0]["Message-ID"], "<m9@tocsin.example>")

    def test_text_makes(self):
        exim = email.message_from_bytes(bounces.failure("exim", self.original, self.refusal))
        self.assertEqual((exim["X-Failed-Recipients"], exim.get_content_type()), ("abuse@bakery.example", "text/plain"))
        qmail = bounces.failure("qmail", self.original, self.refusal)
        self.assertIn(b"\r\n<abuse@bakery.example>:\r\n", qmail)

    def test_every_make_is_clean(self):
        for make in mailbox.MAKES:
            content = bounces.failure(make, self.original, self.refusal)
            self.assertNotIn(b"\n", content.replace(b"\r\n", b""), make)
            self.assertLess(max(len(line) for line in content.split(b"\r\n")), 998, make)
        self.assertEqual(set(bounces.MAKES), set(mailbox.MAKES))


class Scenarios(unittest.TestCase):
    def test_words(self):
        box = mailbox.Mailbox("bounce:exim@2s x2 forged")
        self.assertEqual((box.word, box.make, box.delay, box.times, box.forged, box.event), ("bounce", "exim", 2.0, 2, True, "bounce:exim"))
        self.assertEqual(mailbox.Mailbox("bounce:qmail:x2").times, 2)
        self.assertEqual(mailbox.Mailbox("bounce:gmail@150ms+forged").delay, 0.15)
        for wrong in ("", "raed", "bounce:hotmail", "bounce:exim@soon", "unknown-domain x2", 7, "read exim"):
            with self.assertRaises(ValueError, msg=wrong):
                mailbox.Mailbox(wrong)

    def test_mistakes_are_named(self):
        for given, word in (({"domain": {}}, "domain"), ({"domains": {"a.example": {"mail": {}}}}, "mail"), ({"relay": "open"}, "open"),
                            ({"domains": {"a.example": {"mailboxes": {"x": "raed"}}}}, "raed"), ({"faults": [{"at": "relay", "do": "explode"}]}, "explode"),
                            ({"domains": {"a.example": {"records": ["x BOGUS y"]}}}, "BOGUS"), ({"domains": {"a.example": {"a": ["192.0.2"]}}}, "192.0.2"),
                            ({"faults": [{"at": "relay", "do": "drop", "when": "never"}]}, "never")):
            with self.assertRaises(scenario.ScenarioError) as caught:
                scenario.Scenario(given)
            self.assertIn(word, str(caught.exception))

    def test_keys_of_later_servers_are_taken(self):
        scenario.Scenario({"domains": {"a.example": {"rdap": {}, "whois": "x", "securitytxt": "y", "web": {}}}, "networks": {}, "asns": {},
                           "faults": [{"at": "rdap:x.example", "do": "delay", "by": "5s"}, {"at": "dns:a.example", "do": "rebind", "to": "127.0.0.1"}]})

    def test_who_takes_mail(self):
        world = scenario.Scenario(WORLD)
        for name, takes in (("bakery.example", True), ("web.example", True), ("www.bakery.example", True), ("nomail.example", False),
                            ("parked.example", False), ("missing.example", False), ("hoster.example", False)):
            self.assertEqual(world.zone.takes_mail(name), takes, name)

    def test_wire_names(self):
        self.assertEqual(zone.wire_name("a.Example."), b"\x01a\x07example\0")
        for wrong in ("a..b", "x" * 64, ".".join(["x" * 60] * 5)):
            with self.assertRaises(ValueError):
                zone.wire_name(wrong)


class Messages(unittest.TestCase):
    def test_targets(self):
        self.assertEqual(message.targets(MAIL % 1), ["bakery.example", "church.example"])
        self.assertEqual(message.targets(b"Subject: x\r\n\r\ntext/csv\r\n"), [])

    def test_targets_in_base64_below(self):
        inner = b"Content-Type: text/csv\r\nContent-Transfer-Encoding: base64\r\n\r\nc291cmNlLHRhcmdldA0KMSwnPXguZXhhbXBsZQ0K\r\n"
        mail = (b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: multipart/mixed;\r\n boundary=\"i\"\r\n\r\n--i\r\n\r\nno header"
                b"\r\n--i\r\n" + inner + b"\r\n--i--\r\n--o--\r\n")
        self.assertEqual(message.targets(mail), ["=x.example"])

    def test_targets_in_an_archive(self):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("incidents.csv", "target,source.ip\r\nbakery.example,192.0.2.7\r\nchurch.example,\r\n")
            archive.writestr("readme.txt", "target\r\nnobody.example\r\n")
        mail = (b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n%s"
                b"\r\n--o--\r\n")
        self.assertEqual(message.targets(mail % base64.encodebytes(packed.getvalue())), ["bakery.example", "church.example"])
        self.assertEqual(message.targets(mail % base64.encodebytes(b"no archive")), [])

    def test_fields(self):
        header = b"Subject: a\r\n b\r\nList-Unsubscribe: <https://x.example/>,\r\n <mailto:o+t@x.example?subject=unsubscribe>\r\n"
        self.assertEqual(message.field(header, "subject"), "a b")
        self.assertEqual(message.opt_out_address(header), "o+t@x.example")
        self.assertIsNone(message.opt_out_address(b"Subject: x\r\n"))
        self.assertIsNone(message.message_id(b"Subject: x\r\n"))
        for subject, ticket in ((b"[T-17] x", "T-17"), (b"x T-1a", None), (b"=?utf-8?Q?=5BT-18=5D_b=C3=A4r?=", "T-18"), (b"", None)):
            self.assertEqual(message.ticket(b"Subject: " + subject + b"\r\n"), ticket)


if __name__ == "__main__":
    unittest.main()
