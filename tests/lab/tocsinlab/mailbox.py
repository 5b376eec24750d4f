"""What a mailbox does.

To add a word: one row in WORDS; a word that answers by mail also needs a row in relay.AFTERWARDS.
"""
import re
from collections import namedtuple

# An SMTP refusal: its code, its enhanced code (RFC 3463) and its words. A code of 4xx asks to come again.
Refusal = namedtuple("Refusal", "code status text")
Word = namedtuple("Word", "refusal reads")

TAKEN = None
NOBODY = Refusal(550, "5.1.1", "Recipient address rejected: User unknown in virtual mailbox table")
FULL = Refusal(552, "5.2.2", "Mailbox is full / over quota")
POLICY = Refusal(554, "5.7.1", "Recipient address rejected: message refused by local policy")
LATER = Refusal(451, "4.2.0", "Mailbox temporarily unavailable, try again later")
GREYLISTED = Refusal(450, "4.7.1", "Recipient address rejected: Greylisted, try again in a while")
NO_DOMAIN = Refusal(550, "5.1.2", "Recipient address rejected: Domain not found or takes no mail")
EXPIRED = Refusal(451, "4.4.7", "delivery time expired: Mailbox temporarily unavailable")

WORDS = {
    #                      refused with     someone responsible reads what was taken
    "read":           Word(TAKEN, True),
    "accept":         Word(TAKEN, False),
    "blackhole":      Word(TAKEN, False),
    "reject":         Word(NOBODY, False),
    "full":           Word(FULL, False),
    "policy":         Word(POLICY, False),
    "defer":          Word(LATER, False),
    "greylist":       Word(GREYLISTED, True),  # refused at first only
    "bounce":         Word(TAKEN, False),
    "autoreply":      Word(TAKEN, False),
    "optout":         Word(TAKEN, True),
    "intake":         Word(TAKEN, False),      # ours: what it takes goes on to the daemon's intake
    "unknown-domain": Word(NO_DOMAIN, False),  # not for scenarios: what mail to a domain that takes none meets
}
MAKES = ("postfix", "exim", "qmail", "sendmail", "exchange", "gmail")
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(text):
    """Seconds in `2s`, `150ms`, `5m`, or in a plain number."""
    if isinstance(text, (int, float)) and not isinstance(text, bool) and text >= 0:
        return float(text)
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?", text.strip()) if isinstance(text, str) else None
    if not found:
        raise ValueError("%r is no duration: write 2s, 150ms, 5m" % (text,))
    return float(found.group(1)) * UNITS[found.group(2) or "s"]


class Mailbox:
    """One mailbox's behaviour: its word, and what a word may carry (`bounce:exim@2s x2 forged`, `greylist@3s`)."""

    __slots__ = ("word", "make", "delay", "times", "forged", "text")

    def __init__(self, text):
        if not isinstance(text, str):
            raise ValueError("%r is no mailbox: write one of %s" % (text, " ".join(sorted(WORDS))))
        self.text = text
        self.make, self.delay, self.times, self.forged = "postfix", 0.0, 1, False
        words = [word for word in re.split(r"[\s:,+]+|(?=@)", text.strip().lower()) if word]
        self.word = words[0] if words else ""
        if self.word not in WORDS or self.word == "unknown-domain" and text != self.word:
            raise ValueError("%r: no such mailbox; write one of %s" % (text, " ".join(sorted(WORDS))))
        for word in words[1:]:
            self._qualify(word)

    def _qualify(self, word):
        if word.startswith("@"):
            self.delay = duration(word[1:])
        elif word in MAKES and self.word == "bounce":
            self.make = word
        elif re.fullmatch(r"x[1-9]\d?", word):
            self.times = int(word[1:])
        elif word == "forged":
            self.forged = True
        else:
            raise ValueError("%r: %r means nothing here; makes are %s; besides @DELAY, x2, forged" % (self.text, word, " ".join(MAKES)))

    @property
    def event(self):
        """The word as the journal has it."""
        return "bounce:" + self.make if self.word == "bounce" else self.word

    @property
    def refusal(self):
        return WORDS[self.word].refusal

    @property
    def reads(self):
        return WORDS[self.word].reads


REJECTS = Mailbox("reject")
UNKNOWN_DOMAIN = Mailbox("unknown-domain")
