"""What the relay answers, in both of its modes.

`verify` answers RCPT as the mailbox would. `accept` takes everything; what a mailbox refuses it returns as a bounce, and what a mailbox
defers it keeps trying, as a real relay does, until it says so by mail.

Journal: a line for each recipient of a message that got somewhere or was refused, in the mailbox's words (`bounce:postfix` …, and
`unknown-domain` where a domain takes no mail), before the reply is sent. A `greylist` mailbox that asks to come again is journalled as
`defer`, and as `greylist` once it has taken the message. What was refused at RCPT has neither `message_id` nor `targets`. Besides
what any lab's journal has (README.md): `outcome` (taken, refused, deferred), `mailbox` (its word as the scenario has it), `reply`, `session`, `sha256` of the
message's bytes, `ticket` of its subject, `references` (a list: the earlier mails that it names).
"""
import asyncio
import hashlib
import os
import random

from . import bounces, message as mail
from .mailbox import EXPIRED, Refusal
from .smtp import Session

RELAY_RETURNS = 0.3  # seconds until a failure that the relay met comes back
RELAY_KEEPS = 1.0    # seconds that it keeps trying a deferring mailbox


def reply_text(refusal, address):
    return "%d %s <%s>: %s" % (refusal.code, refusal.status, address, refusal.text)


class Relay:
    """Sessions, and what each mailbox makes of a message. RETURNS takes what comes back."""

    def __init__(self, scenario, journal, fault_journal, returns, mails=None):
        self.mails = mails  # a directory; what is taken is kept there, where it exists
        self.scenario = scenario
        self.faults = scenario.faults
        self.journal = journal
        self.fault_journal = fault_journal
        self.returns = returns
        self.sessions = set()
        self.met = {}  # (sender, recipient) of a greylisted message -> when it was first offered
        self.taken = 0
        self.server = self.port = None

    # --- listening

    async def open(self, port):
        """Listen on loopback; 0: any port."""
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(lambda: Session(self), "127.0.0.1", port, backlog=512)
        self.port = self.server.sockets[0].getsockname()[1]
        for fault in self.faults.down:
            if fault.start is not None:
                loop.call_later(fault.start, self._go_down, fault)

    def _go_down(self, fault):
        """Refuse connections for a while, and break those that are open."""
        fault.fired += 1
        self.fault_journal.write(at="relay", do="down", when="now", key="", session=None)
        self.server.close()
        for session in list(self.sessions):
            session.abort()
        asyncio.get_running_loop().call_later(fault.length, lambda: asyncio.ensure_future(self._come_back()))

    async def _come_back(self):
        self.server = await asyncio.get_running_loop().create_server(lambda: Session(self), "127.0.0.1", self.port, backlog=512)

    def close(self):
        self.server.close()
        for session in list(self.sessions):
            session.abort()

    # --- what a session asks

    def fault(self, session, when, key):
        if when not in self.faults.relay:
            return None
        fault = self.faults.at_relay(when, key or str(session.id))
        if fault:
            self.fault_journal.write(at="relay", do=fault.do, when=when, key=key, session=session.id, envelope_sender=session.sender,
                                     reply=fault.reply)
        return fault

    def recipient(self, session, address):
        """The reply to RCPT."""
        if self.scenario.mode == "verify":
            box = self.scenario.mailbox(address)
            refusal = self._refusal(box, session.sender, address)
            if refusal:
                reply = reply_text(refusal, address)
                self._enter(session, address, box, "refused" if refusal.code >= 500 else "deferred", reply)
                return reply
        return "250 2.1.5 Ok"

    def _refusal(self, box, sender, address):
        """Why BOX refuses now, or None. A greylisting one refuses a pair of sender and recipient until it has waited."""
        if box.word != "greylist":
            return box.refusal
        now = asyncio.get_running_loop().time()
        if (sender, address) not in self.met:
            self.met[sender, address] = now
            return box.refusal
        return box.refusal if now - self.met[sender, address] < box.delay else None

    def message(self, session, content):
        """The reply to the message: journalled first, and what follows from it is on its way."""
        header = mail.split(content)[0]
        facts = dict(message_id=mail.message_id(header), references=mail.references(header), ticket=mail.ticket(header), targets=mail.targets(content),
                     sha256=hashlib.sha256(content).hexdigest())
        if self.mails and os.path.isdir(self.mails):
            with open(os.path.join(self.mails, facts["sha256"] + ".eml"), "wb") as file:
                file.write(content)
        for address in session.recipients:
            box = self.scenario.mailbox(address)
            self._enter(session, address, box, "taken", "250 2.0.0 Ok", **facts)
            if session.sender:  # nothing is ever sent back to the null sender (RFC 5321 §4.5.5)
                self._afterwards(box, bounces.Original(session.sender, address, content))
        self.taken += 1
        for fault in self.faults.down:
            if fault.start is None and not fault.fired and self.taken >= fault.after:
                asyncio.get_running_loop().call_soon(self._go_down, fault)
                fault.fired = 1
        return "250 2.0.0 Ok: queued as L%d" % self.taken

    def _enter(self, session, address, box, outcome, reply, **facts):
        event = "defer" if outcome == "deferred" else box.event
        self.journal.write(event=event, recipient=address, message_id=facts.pop("message_id", None), envelope_sender=session.sender,
                           targets=facts.pop("targets", []), outcome=outcome, mailbox=box.text, reply=reply, session=session.id, **facts)

    # --- what follows

    def _afterwards(self, box, original):
        act = AFTERWARDS.get(box.word)
        if act:
            act(self, box, original)
        elif box.refusal and box.word != "greylist" and self.scenario.mode == "accept":
            self._return(bounces.failure("postfix", original, box.refusal), "bounce", original, RELAY_RETURNS)

    def _return(self, content, what, original, delay, to=None, sender="", forged=False):
        self.returns.send(content, sender, original.sender if to is None else to, delay, what=what, about=original.recipient,
                          message_id=original.message_id, forged=forged)

    def _bounce(self, box, original):
        recipient = original.sender
        content = bounces.failure(box.make, original, Refusal(550, "5.1.1", "User unknown"))
        if box.forged:
            seed = "%s %s" % (self.scenario.seed, original.recipient)
            recipient, content = bounces.forge(content, original, random.Random(seed))
        for time in range(box.times):
            self._return(content, "bounce", original, box.delay + 0.2 * time, to=recipient, forged=box.forged)

    def _defer(self, box, original):
        """Only `accept` takes mail for a mailbox that defers: it tells of a delay, and gives up later."""
        self._return(bounces.delay("postfix", original, EXPIRED), "delay", original, RELAY_KEEPS / 2)
        self._return(bounces.failure("postfix", original, EXPIRED), "bounce", original, RELAY_KEEPS)

    def _autoreply(self, box, original):
        self._return(bounces.vacation(original), "autoreply", original, box.delay)

    def _opt_out(self, box, original):
        to = mail.opt_out_address(mail.split(original.content)[0])
        if to:
            self._return(bounces.unsubscribe(original, to), "optout", original, box.delay, to=to, sender=original.recipient)


    def _pass_on(self, box, original):
        self._return(original.content, "mail", original, box.delay, to=original.recipient, sender=original.sender)


AFTERWARDS = {"bounce": Relay._bounce, "defer": Relay._defer, "autoreply": Relay._autoreply, "optout": Relay._opt_out,
              "intake": Relay._pass_on}
