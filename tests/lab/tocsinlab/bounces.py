"""What comes back: returned messages in the formats of several mail servers, vacation notices, opt-outs.

The formats follow RFC 3464 and each server's habits; every word in them was written for this lab. To add a make: one function, one row in
MAKES (and its name in mailbox.MAKES).
"""
import hashlib
import re
from email.utils import formatdate

from . import message as mail

RETURNED_LIMIT = 50000  # bytes of the original that are sent back


class Original:
    """The message that something comes back about."""

    def __init__(self, sender, recipient, content):
        self.sender, self.recipient, self.content = sender, recipient, content

    @property
    def header(self):
        return mail.split(self.content)[0]

    @property
    def message_id(self):
        return mail.message_id(self.header)

    @property
    def subject(self):
        return mail.field(self.header, "Subject")

    @property
    def domain(self):
        return self.recipient.rpartition("@")[2]

    @property
    def tag(self):
        """Something that is always the same for the same message to the same recipient."""
        return hashlib.sha256(self.content + self.recipient.encode()).hexdigest()[:20]


def _crlf(text):
    return re.sub(r"\r?\n", "\r\n", text).encode("utf-8", "replace")


def _head(original, sender, subject, extra=""):
    host = sender.rpartition("@")[2]
    return ("Return-Path: <>\nReceived: by %s (lab); %s\nDate: %s\nFrom: %s\nTo: %s\nSubject: %s\nMessage-ID: <%s@%s>\n%sMIME-Version: 1.0\n"
            % (host, formatdate(), formatdate(), sender, original.sender, subject, original.tag, host, extra))


def _reason(refusal, original):
    return "%d %s <%s>: %s" % (refusal.code, refusal.status, original.recipient, refusal.text)


def _report(original, head, words, status, whole=True):
    """A multipart/report (RFC 6522): words for people, STATUS fields for machines, and what was returned."""
    boundary = "=_" + original.tag
    returned = original.content[:RETURNED_LIMIT] if whole else original.header
    return (_crlf(head + 'Content-Type: multipart/report; report-type=delivery-status;\n\tboundary="%s"\n\n' % boundary +
                  "This is a report about a message in several parts.\n\n--%s\nContent-Type: text/plain; charset=us-ascii\n\n%s\n\n"
                  "--%s\nContent-Type: message/delivery-status\n\n%s\n\n--%s\nContent-Type: %s\n\n"
                  % (boundary, words, boundary, status, boundary, "message/rfc822" if whole else "text/rfc822-headers"))
            + returned + _crlf("\n--%s--\n" % boundary))


def _fields(reporter, original, refusal, action, extra=""):
    """The per-message and per-recipient groups of RFC 3464 §2."""
    return ("Reporting-MTA: dns; %s\nArrival-Date: %s\n\nFinal-Recipient: rfc822; %s\nAction: %s\nStatus: %s\n"
            "Remote-MTA: dns; mx.%s\nDiagnostic-Code: smtp; %s%s"
            % (reporter, formatdate(), original.recipient, action, refusal.status, original.domain, _reason(refusal, original), extra))


def _postfix(original, refusal, action="failed"):
    late = action == "delayed"
    words = ("The mail system at host relay.lab.example writes about your message.\n\n%s\n\n<%s>: host mx.%s said:\n    %s (in reply to RCPT TO command)"
             % ("It could not be brought so far; no need to send it again, it will be tried for some time." if late
                else "It could not be delivered to the recipient below. The message is attached.",
                original.recipient, original.domain, _reason(refusal, original)))
    head = _head(original, "MAILER-DAEMON@relay.lab.example", "Delayed Mail (still being retried)" if late else "Undelivered Mail Returned to Sender",
                 "Auto-Submitted: auto-replied\n")
    return _report(original, head, words, _fields("relay.lab.example", original, refusal, action), whole=not late)


def _sendmail(original, refusal):
    words = ("The original message was received at %s\nfrom relay.lab.example\n\n"
             "   ----- The following addresses had permanent fatal errors -----\n<%s>\n    (reason: %s)\n\n"
             "   ----- Transcript of session follows -----\n... while talking to mx.%s.:\n>>> RCPT To:<%s>\n<<< %s\n%d %s <%s>... %s"
             % (formatdate(), original.recipient, _reason(refusal, original), original.domain, original.recipient, _reason(refusal, original),
                refusal.code, refusal.status, original.recipient, refusal.text))
    head = _head(original, "MAILER-DAEMON@mail.%s" % original.domain, "Returned mail: see transcript for details",
                 "Auto-Submitted: auto-generated (failure)\n")
    return _report(original, head, words, _fields("mail." + original.domain, original, refusal, "failed", "\nLast-Attempt-Date: " + formatdate()))


def _exchange(original, refusal):
    words = ("Delivery has failed to these recipients or groups:\n\n%s\nThe e-mail address you entered could not be found. Please check it and try "
             "to send the\nmessage again.\n\nDiagnostic information for administrators:\n\nGenerating server: ex01.%s\n\n%s\n"
             "Remote Server returned '%d %s RESOLVER.ADR.RecipNotFound; not found'"
             % (original.recipient, original.domain, original.recipient, refusal.code, refusal.status))
    head = _head(original, "postmaster@" + original.domain, "Undeliverable: " + original.subject[:150],
                 "Auto-Submitted: auto-replied\nX-MS-Exchange-Message-Is-Ndr:\nThread-Topic: Undeliverable\n")
    status = ("Reporting-MTA: dns;ex01.%s\nReceived-From-MTA: dns;relay.lab.example\nArrival-Date: %s\n\nOriginal-Recipient: rfc822;%s\n"
              "Final-Recipient: rfc822;%s\nAction: failed\nStatus: %s\nDiagnostic-Code: smtp;%d %s RESOLVER.ADR.RecipNotFound; not found\n"
              "X-Display-Name: %s" % (original.domain, formatdate(), original.recipient, original.recipient, refusal.status, refusal.code,
                                      refusal.status, original.recipient))
    return _report(original, head, words, status)


def _gmail(original, refusal):
    words = ("** Address not found **\n\nYour message was not delivered to %s because the address could not be found, or cannot receive mail.\n\n"
             "The response from the remote server was:\n%s" % (original.recipient, _reason(refusal, original)))
    head = _head(original, "mailer-daemon@googlemail.lab.example", "Delivery Status Notification (Failure)",
                 "X-Failed-Recipients: %s\nAuto-Submitted: auto-replied\nIn-Reply-To: %s\nReferences: %s\n"
                 % (original.recipient, original.message_id or "", original.message_id or ""))
    status = _fields("googlemail.lab.example", original, refusal, "failed", "\nLast-Attempt-Date: " + formatdate())
    return _report(original, head, words, status)


def _exim(original, refusal):
    """Exim's own way: no report, but a header that names the recipient."""
    head = _head(original, "Mailer-Daemon@mail." + original.domain, "Mail delivery failed: returning message to sender",
                 "X-Failed-Recipients: %s\nAuto-Submitted: auto-replied\n" % original.recipient)
    words = ("\nThis message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of "
             "its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  %s\n    host mx.%s\n"
             "    SMTP error from remote mail server after RCPT TO:<%s>:\n    %s\n\n"
             "------ This is a copy of the message, including all the headers. ------\n\n"
             % (original.recipient, original.domain, original.recipient, _reason(refusal, original)))
    return _crlf(head + "Content-Type: text/plain; charset=us-ascii\n" + words) + original.content[:RETURNED_LIMIT]


def _qmail(original, refusal):
    """qmail's QSBMF: paragraphs that begin with the address."""
    head = _head(original, "MAILER-DAEMON@mail." + original.domain, "failure notice")
    words = ("\nHi. This is the qmail-send program at mail.%s.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n"
             "This is a permanent error; I've given up. Sorry it didn't work out.\n\n<%s>:\n192.0.2.25 does not like recipient.\n"
             "Remote host said: %d %s %s\nGiving up on 192.0.2.25.\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <%s>\n"
             % (original.domain, original.recipient, refusal.code, refusal.status, refusal.text, original.sender))
    return _crlf(head + "Content-Type: text/plain; charset=us-ascii\n" + words) + original.content[:RETURNED_LIMIT]


MAKES = {"postfix": _postfix, "sendmail": _sendmail, "exchange": _exchange, "gmail": _gmail, "exim": _exim, "qmail": _qmail}


def failure(make, original, refusal):
    """A bounce of MAKE: ORIGINAL could not be delivered because of REFUSAL."""
    return MAKES[make](original, refusal)


def delay(make, original, refusal):
    """A report that ORIGINAL is late and will be tried again; Postfix's, whose habit it is."""
    return _postfix(original, refusal, "delayed")


def forge(content, original, random):
    """(envelope recipient, CONTENT) as somebody would write them who guesses at tokens: none of ours is left in it."""
    local, at, domain = original.sender.partition("@")
    name, plus, token = local.partition("+")
    guess = "".join(random.choice("abcdefghijklmnopqrstuvwxyz234567") for _ in token or "guess")
    if token:
        content = re.sub(re.escape(token.encode()), guess.encode(), content, flags=re.I)
    if original.message_id:
        content = content.replace(original.message_id.encode(), b"<%s@forged.example>" % guess.encode())
    return name + "+" + guess + at + domain, content


def vacation(original):
    """What a machine answers when nobody is there (RFC 3834)."""
    return _crlf("Date: %s\nFrom: %s\nTo: %s\nSubject: Auto: %s\nMessage-ID: <vacation.%s@%s>\nIn-Reply-To: %s\nReferences: %s\n"
                 "Auto-Submitted: auto-replied\nPrecedence: bulk\nMIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\n\n"
                 "Thank you for your message. The office is closed until further notice.\n"
                 % (formatdate(), original.recipient, original.sender, original.subject[:150], original.tag, original.domain,
                    original.message_id or "", original.message_id or ""))


def unsubscribe(original, to):
    """What a person writes who wants to hear no more."""
    return _crlf("Date: %s\nFrom: %s\nTo: %s\nSubject: unsubscribe\nMessage-ID: <optout.%s@%s>\nIn-Reply-To: %s\nMIME-Version: 1.0\n"
                 "Content-Type: text/plain; charset=us-ascii\n\nPlease do not write to us again.\n"
                 % (formatdate(), original.recipient, to, original.tag, original.domain, original.message_id or ""))
