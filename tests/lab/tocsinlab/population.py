"""Domains for an ordeal, and the feed files that name them, made from a seed.

Nobody on a ladder here takes mail in vain: whoever has a mailbox that somebody reads must have been told in the end.
"""
import json
import random
from collections import namedtuple

HOSTER, NETWORK = "hoster.example", "192.0.2.0/24"
HOSTED = 0.06    # of the targets: they share one contact
PROVIDERS = 7
REPEATS = 0.2    # findings of earlier files that come again, for each new target

# What a target's mailboxes do, and how often in a hundred.
FATES = (
    (58, {"abuse": "read"}),
    (10, {"abuse": "reject", "postmaster": "read"}),
    (9, {"abuse": "bounce:postfix@100ms", "postmaster": "read"}),
    (5, {"abuse": "bounce:exim@300ms", "postmaster": "read"}),
    (4, {"abuse": "bounce:sendmail@200ms x2", "postmaster": "read"}),
    (4, {"abuse": "greylist@300ms"}),
    (2, {"abuse": "optout@200ms"}),
    (4, {"abuse": "bounce:exchange@100ms", "postmaster": "bounce:qmail@100ms"}),
    (4, {"abuse": "reject", "postmaster": "reject"}),
)
SETTINGS = [
    "contacts.mailboxes=[abuse, postmaster]",
    "contacts.order=[override, rfc2142-abuse, rfc2142-postmaster]",
    "contacts.overrides=" + json.dumps([{"network": NETWORK, "contacts": ["abuse@" + HOSTER]}]),
]
COLUMNS = "time.source,source.fqdn,source.port,classification.type,classification.identifier"
REFUSED = "2026-08-10T14:10:59+00:00,not a domain,25,scanner,none"

# A feed file: its text, the target of each line that must be in its results, and the lines that must not.
Feed = namedtuple("Feed", "name text targets refused")


class Population:
    """The world and, one by one, its feeds."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.seed = seed
        self.domains = {HOSTER: {"mx": ["mail." + HOSTER], "mailboxes": {"abuse": "read"}}}
        self.known = []  # rows of earlier feeds

    def _target(self):
        name = "target-%05d.example" % len(self.domains)
        fate = self.dice.choices([boxes for _, boxes in FATES], weights=[weight for weight, _ in FATES])[0]
        mx = "mx.provider%d.example" % self.dice.randrange(PROVIDERS)
        self.domains[name] = {"mx": [mx], "mailboxes": fate}
        if self.dice.random() < HOSTED:
            self.domains[name]["a"] = ["192.0.2.%d" % self.dice.randrange(1, 255)]
        return name

    def feed(self, name, targets, rows=1):
        """A file about TARGETS new targets, each in ROWS rows; with rows of earlier files, and one that means nothing."""
        fresh = [(target, "2026-08-10T14:10:59+00:00,%s,%d,scanner,probe" % (target, 25 + row))
                 for target in [self._target() for _ in range(targets)] for row in range(rows)]
        again = self.dice.sample(self.known, min(len(self.known), round(targets * REPEATS)))
        self.known += fresh
        lines = [*fresh, *again, (None, REFUSED)]
        self.dice.shuffle(lines)
        numbered = list(enumerate(lines, 2))  # the header is line 1
        text = "".join(line + "\n" for line in [COLUMNS, *(text for _, text in lines)])
        return Feed(name, text, {number: target for number, (target, _) in numbered if target},
                    {number for number, (target, _) in numbered if not target})

    def scenario(self):
        return {"seed": self.seed, "relay": "verify", "domains": self.domains}
