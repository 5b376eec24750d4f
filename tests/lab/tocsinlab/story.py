"""The demo's scenario: a thousand small domains that a bot has probed, in the spirit of how Tocsin came to be.

Everything comes from a seed. The shares are invented: over half of the domains have no abuse@, as in the story; the rest is chosen so that every
rung of a ladder has something to do. Names stand under .example (RFC 2606), addresses in the blocks for documentation (RFC 5737).
"""
import csv
import io
import json
import random
from datetime import datetime, timedelta, timezone

TRADES = ("bakery butcher florist garage church choir school kindergarten library museum theatre pharmacy dentist surgery vet optician "
          "carpenter plumber roofer printer tailor cobbler jeweller joinery nursery vineyard brewery dairy orchard inn cafe hotel hostel "
          "campsite riding-club rowing-club chess-club football-club fire-brigade scouts parish allotments bookshop toyshop bicycles").split()
PLACES = ("ashford birkdale calder dunmore elmstead foxhill glenside hartley iveston kirkby langdale marwick norwood oakham penrith quarley "
          "rosedale stanton thornby ulverton vale westbrook yarrow").split()

PROVIDERS = ["provider%d.example" % number for number in range(1, 6)]
HOSTERS = {"hoster-north.example": "198.51.100.0/24", "hoster-south.example": "192.0.2.0/25"}
ELSEWHERE = ("203.0.113.", 1, 254)

# How a domain's mail is arranged, in a thousand domains.
ARRANGEMENTS = {"provider": 600, "hoster": 200, "own": 130, "address-only": 25, "null-mx": 20, "parked": 12, "gone": 13}
# What a domain's mailboxes do, in a thousand. What bounces later is a mailbox that is not there, too.
ABUSE = {"reject": 545, "bounce:postfix": 12, "bounce:exim@300ms": 8, "bounce:sendmail": 6, "bounce:exchange@500ms x2": 6,
         "bounce:gmail": 6, "bounce:qmail": 6, "read": 309, "greylist": 70, "full": 15, "defer": 4, "autoreply": 8, "blackhole": 5}
SECURITY = {"reject": 880, "read": 100, "greylist": 10, "bounce:exchange": 8, "accept": 2}
POSTMASTER = {"reject": 450, "read": 470, "greylist": 40, "full": 15, "bounce:postfix x2": 10, "accept": 10, "optout": 5}
HOSTMASTER = {"reject": 950, "read": 50}
WEBMASTER = {"reject": 700, "read": 290, "bounce:sendmail forged": 2, "autoreply": 8}
INFO = {"reject": 260, "read": 700, "greylist": 25, "full": 10, "blackhole": 5}
MAILBOXES = {"abuse": ABUSE, "security": SECURITY, "postmaster": POSTMASTER, "hostmaster": HOSTMASTER, "webmaster": WEBMASTER, "info": INFO}
TAKEN_IN_VAIN = ("accept", "blackhole", "autoreply", "bounce:sendmail forged")

COLUMNS = ["time.source", "source.ip", "source.fqdn", "source.port", "classification.taxonomy", "classification.type",
           "classification.identifier", "feed.name", "extra.probe"]


def _pick(dice, shares):
    return dice.choices(list(shares), weights=list(shares.values()))[0]


def _names(dice, count):
    """COUNT distinct names of small domains."""
    names = [trade + "-" + place + ".example" for trade in TRADES for place in PLACES]
    dice.shuffle(names)
    numbered = ["%s-%d.example" % (names[at % len(names)][:-8], 2 + at // len(names)) for at in range(max(0, count - len(names)))]
    return (names + numbered)[:count]


def _address(dice, hoster):
    if hoster == "hoster-north.example":
        return "198.51.100.%d" % dice.randrange(1, 255)
    if hoster == "hoster-south.example":
        return "192.0.2.%d" % dice.randrange(1, 127)
    return "%s%d" % (ELSEWHERE[0], dice.randrange(ELSEWHERE[1], ELSEWHERE[2] + 1))


def _domain(dice, name, arrangement, address):
    """The scenario's entry of one small domain."""
    entry = {"a": [address], "mailboxes": {local: _pick(dice, shares) for local, shares in MAILBOXES.items()}}
    if arrangement == "provider":
        provider = dice.choice(PROVIDERS)
        entry["mx"] = ["mx1." + provider, "mx2." + provider]
    elif arrangement == "hoster":
        entry["mx"] = ["mail." + dice.choice(list(HOSTERS))]
    elif arrangement == "own":
        entry["mx"] = ["mail." + name]
        entry["records"] = ["mail A " + address]
    elif arrangement == "null-mx":
        entry["mx"] = None
    elif arrangement == "parked":
        del entry["a"]
    return entry


def _rows(dice, name, address, start):
    """What the bot did to one domain: a probe or two."""
    for _ in range(_pick(dice, {1: 80, 2: 20})):
        when = start + timedelta(seconds=dice.randrange(86400))
        yield [when.isoformat(), address, name, 25, "intrusion-attempts", "exploit", "open-relay-probe", "story",
               "MAIL FROM:<test@%s>, RCPT TO a third party" % name]


def make(seed=1, count=1000, mode="verify"):
    """(the scenario as an object, the feed as CSV, the settings as KEY=VALUE rows)."""
    dice = random.Random(seed)
    domains = {hoster: {"mx": ["mail." + hoster], "mailboxes": {"abuse": "read"}, "otherwise": "accept"} for hoster in HOSTERS}
    rows, start = [], datetime(2026, 8, 10, tzinfo=timezone.utc)
    for name in _names(dice, count):
        arrangement = _pick(dice, ARRANGEMENTS)
        address = _address(dice, _pick(dice, {"hoster-north.example": 22, "hoster-south.example": 13, None: 65}))
        if arrangement != "gone":
            domains[name] = _domain(dice, name, arrangement, address)
        rows += _rows(dice, name, address, start)
    rows.sort()
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows([COLUMNS, *rows])
    return {"about": _about(domains), "seed": seed, "relay": mode, "domains": domains}, table.getvalue(), settings()


def _about(domains):
    vain = sum(1 for entry in domains.values() for does in entry["mailboxes"].values() if does in TAKEN_IN_VAIN)
    return ("Small domains probed by a bot; the hosters %s answer for their networks (contacts.overrides). %d mailboxes take mail that nobody "
            "reads: whoever stands below one of them on a ladder cannot be reached." % (" and ".join(HOSTERS), vain))


def settings():
    """Whom the researcher knows already: the hosters' desks, which stand below the owners' six mailboxes on every ladder."""
    overrides = [{"network": network, "contacts": ["abuse@" + hoster]} for hoster, network in HOSTERS.items()]
    return ["contacts.overrides=" + json.dumps(overrides), "contacts.max_contacts=7"]
