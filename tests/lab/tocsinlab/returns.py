"""Brings what comes back to the daemon's intake by LMTP (RFC 2033), as a real relay would: what is not taken for now is tried again. Or into a
Maildir, where nobody answers: what lies there counts as taken.

returns.jsonl: `{"time","event","what","about","to","message_id","forged",…}`, event `scheduled`, then `taken` or `refused` (with the
`reply`); `what` is bounce, delay, autoreply or optout; `about` is the recipient of the mail that it answers.
"""
import asyncio
import mailbox

MAILDIR = "maildir:"
WORKERS = 4     # connections at once
AGAIN = 0.25    # seconds before what was not taken is tried again
REPLY_TIME = 60 # seconds to wait for a reply


class NotTaken(Exception):
    """A reply that asks to come again, or a session that went wrong."""


class Returns:
    """Messages on their way back. ADDRESS: `HOST:PORT`, a socket's path, `maildir:PATH`, or None: nothing is brought anywhere."""

    def __init__(self, address, journal):
        self.address = address
        self.journal = journal
        self.queue = None
        self.workers = []

    def open(self):
        self.queue = asyncio.Queue()
        self.workers = [asyncio.ensure_future(self._work()) for _ in range(WORKERS if self.address else 0)]

    def close(self):
        for worker in self.workers:
            worker.cancel()

    def send(self, content, sender, to, delay, **facts):
        """Bring CONTENT from SENDER to TO after DELAY seconds."""
        self.journal.write(event="scheduled", to=to, **facts)
        asyncio.get_running_loop().call_later(delay, self.queue.put_nowait, (content, sender, to, facts))

    async def _work(self):
        session = _Maildir(self.address[len(MAILDIR):]) if self.address.startswith(MAILDIR) else _Lmtp(self.address)
        while True:
            item = await self.queue.get()
            content, sender, to, facts = item
            try:
                reply = await asyncio.wait_for(session.deliver(content, sender, to), REPLY_TIME)
            except (NotTaken, OSError, asyncio.TimeoutError, asyncio.IncompleteReadError):
                session.drop()
                asyncio.get_running_loop().call_later(AGAIN, self.queue.put_nowait, item)
                continue
            self.journal.write(event="taken" if reply.startswith("2") else "refused", to=to, reply=reply, **facts)


class _Maildir:
    """Delivers as Postfix's virtual(8) does."""

    def __init__(self, path):
        self.maildir = mailbox.Maildir(path, create=True)

    def drop(self):
        pass

    async def deliver(self, content, sender, to):
        header = "Return-Path: <%s>\nX-Original-To: %s\nDelivered-To: %s\n" % (sender, to, to)
        self.maildir.add(header.encode() + content.replace(b"\r\n", b"\n"))
        return "250 in the Maildir"


class _Lmtp:
    """One connection to the intake, kept open between messages."""

    def __init__(self, address):
        self.address = address
        self.reader = self.writer = None

    def drop(self):
        if self.writer:
            self.writer.close()
        self.reader = self.writer = None

    async def _reply(self):
        while True:
            line = (await self.reader.readuntil(b"\n")).decode("utf-8", "replace").rstrip("\r\n")
            if line[3:4] != "-":
                return line

    async def _say(self, text):
        self.writer.write(text.encode() + b"\r\n")
        reply = await self._reply()
        if reply.startswith("4"):
            raise NotTaken(reply)
        return reply

    async def _connect(self):
        if "/" in self.address:
            self.reader, self.writer = await asyncio.open_unix_connection(self.address)
        else:
            host, _, port = self.address.rpartition(":")
            self.reader, self.writer = await asyncio.open_connection(host.strip("[]"), int(port))
        if not (await self._reply()).startswith("220") or not (await self._say("LHLO relay.lab.example")).startswith("250"):
            raise NotTaken("no LMTP here")

    async def deliver(self, content, sender, to):
        """The final reply for CONTENT: 2xx or 5xx."""
        if self.writer is None or self.writer.is_closing():
            await self._connect()
        for command in ("MAIL FROM:<%s>" % sender, "RCPT TO:<%s>" % to, "DATA"):
            reply = await self._say(command)
            if not reply.startswith(("2", "3")):
                await self._say("RSET")
                return reply
        stuffed = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]
        self.writer.write(stuffed + (b"" if content.endswith(b"\r\n") else b"\r\n"))
        return await self._say(".")
