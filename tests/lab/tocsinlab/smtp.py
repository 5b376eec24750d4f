"""The relay's side of an SMTP session (RFC 5321, with PIPELINING, SIZE, 8BITMIME, ENHANCEDSTATUSCODES). What it answers is the relay's
to say."""
import asyncio
import itertools
import re

MAX_LINE = 4096
MAX_MESSAGE = 10 << 20
MAX_RECIPIENTS = 100
EXTENSIONS = ("PIPELINING", "SIZE %d" % MAX_MESSAGE, "ENHANCEDSTATUSCODES", "8BITMIME")

_PATH = re.compile(rb"(?i)^(?:FROM|TO):[ \t]*<([^<>\r\n]*)>(?:[ \t].*)?$")
_numbers = itertools.count(1)


def is_positive(reply):
    return reply[0] == "2" or reply[0] == "3"


class Session(asyncio.Protocol):
    """One connection. Replies to a pipelined batch go out in one write, after everything that they promise has been done."""

    def __init__(self, relay):
        self.relay = relay
        self.id = next(_numbers)
        self.transport = None
        self.input = bytearray()
        self.replies = []
        self.in_data = self.waiting = self.greeted = False
        self.searched = 0
        self.reset()

    def reset(self):
        self.sender, self.recipients = None, []

    # --- the connection

    def connection_made(self, transport):
        self.transport = transport
        self.relay.sessions.add(self)
        self._step("connect", lambda: self._step("banner", self._banner))
        self._flush()

    def connection_lost(self, exc):
        self.relay.sessions.discard(self)

    def data_received(self, data):
        self.input += data
        self._run()

    def close(self):
        """Say goodbye and close."""
        self._flush()
        self.transport.close()

    def abort(self):
        self.replies.clear()
        self.transport.abort()

    def _banner(self):
        self._reply("220 relay.lab.example ESMTP")

    def _reply(self, text):
        self.replies.append(text.encode("utf-8", "replace") + b"\r\n")

    def _flush(self):
        if self.replies and not self.transport.is_closing():
            self.transport.write(b"".join(self.replies))
        self.replies.clear()

    def _run(self):
        while not self.waiting and not self.transport.is_closing():
            if not (self._take_data() if self.in_data else self._take_line()):
                break
        self._flush()

    # --- faults

    def _step(self, when, go_on, key=""):
        """Meet the fault of this moment, if there is one, else GO_ON. A refusal is answered in GO_ON's stead."""
        fault = self.relay.fault(self, when, key)
        if fault is None:
            go_on()
        elif fault.do == "drop":
            self.abort()
        elif fault.do == "close":
            self.close()
        elif fault.do == "delay":
            self._wait(fault.by, go_on)
        else:
            self._reply(fault.reply)
            if fault.reply.startswith("421") or when in ("connect", "banner"):
                self.close()

    def _wait(self, seconds, go_on):
        def resume():
            self.waiting = False
            if not self.transport.is_closing():
                go_on()
                self._run()
        self.waiting = True
        asyncio.get_running_loop().call_later(seconds, resume)

    # --- commands

    def _take_line(self):
        at = self.input.find(b"\n")
        if at < 0:
            if len(self.input) > MAX_LINE:
                self._reply("500 5.5.6 Line too long")
                self.close()
            return False
        line = bytes(self.input[:at]).rstrip(b"\r")
        del self.input[:at + 1]
        verb, _, rest = line.partition(b" ")
        handler = COMMANDS.get(verb.upper())
        if handler is None or len(line) > MAX_LINE:
            self._reply("500 5.5.2 Command not known")
        else:
            handler(self, rest)
        return True

    def _ehlo(self, rest):
        self._step("ehlo", lambda: self._hello(["relay.lab.example", *EXTENSIONS]))

    def _helo(self, rest):
        self._step("ehlo", lambda: self._hello(["relay.lab.example"]))

    def _hello(self, lines):
        self.greeted = True
        self.reset()
        for line in lines[:-1]:
            self._reply("250-" + line)
        self._reply("250 " + lines[-1])

    def _mail(self, rest):
        found = _PATH.match(rest)
        if not found or not self.greeted:
            self._reply("501 5.5.4 Write MAIL FROM:<address>" if self.greeted else "503 5.5.1 Say EHLO first")
        elif self.sender is not None:
            self._reply("503 5.5.1 Sender already given")
        else:
            self._step("mail", lambda: self._mail_from(found.group(1).decode("utf-8", "replace")))

    def _mail_from(self, sender):
        self.sender = sender
        self._reply("250 2.1.0 Ok")

    def _rcpt(self, rest):
        found = _PATH.match(rest)
        if self.sender is None:
            self._reply("503 5.5.1 Say MAIL first")
        elif not found or b"@" not in found.group(1):
            self._reply("501 5.1.3 Write RCPT TO:<address>")
        elif len(self.recipients) >= MAX_RECIPIENTS:
            self._reply("452 4.5.3 Too many recipients")
        else:
            recipient = found.group(1).decode("utf-8", "replace")
            self._step("rcpt", lambda: self._rcpt_to(recipient), recipient)

    def _rcpt_to(self, recipient):
        reply = self.relay.recipient(self, recipient)
        if is_positive(reply):
            self.recipients.append(recipient)
        self._reply(reply)

    def _data(self, rest):
        if not self.recipients:
            self._reply("503 5.5.1 Say MAIL first" if self.sender is None else "554 5.5.1 No valid recipients")
        else:
            self._step("data", self._start_data, self.recipients[0])

    def _start_data(self):
        self.in_data, self.searched = True, 0
        self._reply("354 End data with <CR><LF>.<CR><LF>")

    def _rset(self, rest):
        self.reset()
        self._reply("250 2.0.0 Ok")

    def _noop(self, rest):
        self._reply("250 2.0.0 Ok")

    def _quit(self, rest):
        self._reply("221 2.0.0 Bye")
        self.close()

    # --- the message

    def _take_data(self):
        if self.input.startswith(b".\r\n"):
            end, after = 0, 3
        else:
            end = self.input.find(b"\r\n.\r\n", max(0, self.searched - 4))
            end, after = (end + 2, end + 5) if end >= 0 else (-1, -1)
        if end < 0:
            self.searched = len(self.input)
            if self.searched > 2 * MAX_MESSAGE:
                self.abort()
            return False
        message = bytes(self.input[:end])
        del self.input[:after]
        self.in_data = False
        if b"\r\n." in message or message.startswith(b"."):
            message = (b"\r\n" + message).replace(b"\r\n.", b"\r\n")[2:]
        self._step("after-data-dot", lambda: self._message(message), self.recipients[0])
        if not self.waiting:
            self.reset()
        return True

    def _message(self, message):
        if len(message) > MAX_MESSAGE:
            self._reply("552 5.3.4 Message too big")
        else:
            key = self.recipients[0]
            reply = self.relay.message(self, message)
            self.reset()
            self._step("stored", lambda: self._stored(reply, key), key)

    def _stored(self, reply, key):
        self._reply(reply)
        if self.relay.faults.relay.get("after-250"):
            self._flush()
            self._step("after-250", lambda: None, key)


COMMANDS = {
    b"EHLO": Session._ehlo, b"HELO": Session._helo, b"MAIL": Session._mail, b"RCPT": Session._rcpt, b"DATA": Session._data,
    b"RSET": Session._rset, b"NOOP": Session._noop, b"QUIT": Session._quit, b"VRFY": lambda self, rest: self._reply("252 2.5.0 Try it"),
}
