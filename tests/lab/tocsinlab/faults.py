"""What goes wrong, when, and how often.

A fault fires after the first AFTER occasions, at most TIMES times, each time with PROBABILITY. Chance is a hash of the seed, the
fault and what it happens to, so that the order in which things happen does not change what goes wrong.
"""
import hashlib

from .mailbox import duration

RELAY_DOES = ("drop", "close", "refuse", "defer", "reply", "delay", "down")
RELAY_WHEN = ("connect", "banner", "ehlo", "mail", "rcpt", "data", "after-data-dot", "stored", "after-250")
DNS_DOES = ("servfail", "refused", "timeout", "drop", "delay")
LATER = ("rdap", "whois", "web")  # servers that the lab does not have yet
KEYS = {"at", "do", "when", "after", "times", "probability", "by", "reply", "from", "for", "to", "about"}

REPLIES = {  # (do, when) -> what is said; "" stands for any other time
    ("refuse", "connect"): "554 5.7.1 No SMTP service for you here",
    ("refuse", "banner"): "554 5.7.1 No SMTP service for you here",
    ("refuse", "mail"): "530 5.7.0 Authentication required",
    ("refuse", "rcpt"): "554 5.7.1 Relay access denied",
    ("refuse", ""): "554 5.7.1 Message refused",
    ("defer", "connect"): "421 4.3.2 Service not available, come again",
    ("defer", "banner"): "421 4.3.2 Service not available, come again",
    ("defer", ""): "451 4.3.0 Temporary failure, come again",
}


class Fault:
    """One row of a scenario's `faults`."""

    def __init__(self, number, given, seed):
        if not isinstance(given, dict) or "at" not in given or "do" not in given:
            raise ValueError("faults: each needs \"at\" and \"do\"")
        for key in given:
            if key not in KEYS:
                raise ValueError("faults: unknown key %r; known: %s" % (key, " ".join(sorted(KEYS))))
        self.server, _, self.name = given["at"].partition(":")
        self.do = given["do"]
        self.when = given.get("when", "mail")
        self.after, self.times = given.get("after", 0), given.get("times")
        self.probability = given.get("probability", 1)
        self.by = duration(given.get("by", 0))
        self.start = duration(given["from"]) if "from" in given else None
        self.length = duration(given.get("for", 0))
        self.reply = given.get("reply") or REPLIES.get((self.do, self.when)) or REPLIES.get((self.do, ""))
        self.number, self.seed, self.seen, self.fired, self.occasions = number, seed, 0, 0, {}
        self._check()

    def _check(self):
        known = {"relay": RELAY_DOES, "dns": DNS_DOES}.get(self.server)
        if known is None and self.server not in LATER:
            raise ValueError("faults: at %r: must be relay, dns or dns:NAME" % self.server)
        if known is not None and self.do not in known and self.do != "rebind":
            raise ValueError("faults: do %r: at %s write one of %s" % (self.do, self.server, " ".join(known)))
        if self.server == "relay" and self.when not in RELAY_WHEN:
            raise ValueError("faults: when %r: write one of %s" % (self.when, " ".join(RELAY_WHEN)))
        if self.do == "reply" and not self.reply:
            raise ValueError("faults: do reply needs a \"reply\"")

    def fires(self, key):
        """Does it happen this time, to KEY?"""
        self.seen += 1
        if self.seen <= self.after or (self.times is not None and self.fired >= self.times):
            return False
        if self.probability < 1 and self._chance(key) >= self.probability:
            return False
        self.fired += 1
        return True

    def _chance(self, key):
        nth = self.occasions[key] = self.occasions.get(key, 0) + 1
        text = "%s %d %s %d" % (self.seed, self.number, key, nth)
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2.0**48


class Faults:
    """All of a scenario's faults, found by where and when."""

    def __init__(self, given, seed):
        faults = [Fault(number, row, seed) for number, row in enumerate(given)]
        self.down = [fault for fault in faults if fault.server == "relay" and fault.do == "down"]
        self.relay = {}
        for fault in faults:
            if fault.server == "relay" and fault.do != "down":
                self.relay.setdefault(fault.when, []).append(fault)
        self.dns = [fault for fault in faults if fault.server == "dns" and fault.do in DNS_DOES]

    def at_relay(self, when, key):
        """The fault that fires at this point of a session with KEY, or None."""
        for fault in self.relay.get(when, ()):
            if fault.fires(key):
                return fault
        return None

    def at_dns(self, name, key):
        """The fault that fires for a question about NAME, or None."""
        for fault in self.dns:
            if (not fault.name or fault.name == name or name.endswith("." + fault.name)) and fault.fires(key):
                return fault
        return None
