"""The configuration of a rehearsal: everything below one directory, and every waiting time in seconds."""
import json
import os
import re

from .relay import RELAY_KEEPS
from .slowdown import slowly

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
MARGIN = slowly(2)     # seconds that the bounce window outlasts the last bounce by
SOCKET_PATH_MAX = 100  # bytes; the kernel's limit is 108
MAILBOXES = ["abuse", "security", "postmaster", "hostmaster", "webmaster", "info"]

SENDER = {
    "name": "The rehearsal", "address": "research@tocsin.example", "reply_to": "people@tocsin.example",
    "organisation": "Institute for Rehearsals", "about": "We tell the owners of attacked systems. This is a rehearsal.",
    "website": "https://tocsin.example/",
}


def seconds(number):
    return "%dms" % round(number * 1000)


def configuration(directory, dns_port, relay_port, lmtp_port, longest_delay):
    """tocsin.yaml as an object; LONGEST_DELAY: seconds until the scenario's last bounce."""
    below = lambda name: os.path.join(directory, name)
    late = max(longest_delay, RELAY_KEEPS)
    return {
        "sender": SENDER,
        "return_path": {"bounce": "bounce@tocsin.example", "opt_out": "optout@tocsin.example", "helo": "tocsin.example"},
        "paths": {"spool": below("spool"), "store": below("tocsin.db"), "control_socket": below("control.sock"),
                  "templates": [os.path.join(ROOT, "templates")], "token_keys": below("token.keys")},
        "spool": {"rescan": "1s", "quiet": "0s", "result_every": "1s"},
        "dns": {"servers": ["127.0.0.1:%d" % dns_port], "timeout": seconds(slowly(0.5)), "tries": 3, "retry": "500ms",
                "give_up": seconds(slowly(5))},
        "delivery": {"relay": "127.0.0.1:%d" % relay_port, "timeout": seconds(slowly(10)), "connect_timeout": seconds(slowly(2)),
                     "rate_per_domain": 0,
                     "retry_first": "400ms", "retry_max": "1s", "retry_for": seconds(slowly(3) + longest_delay)},
        "bounces": {"lmtp_socket": "", "lmtp_listen": "127.0.0.1:%d" % lmtp_port, "window": seconds(late + MARGIN)},
        "campaigns": {"approve_above": 0, "aggregate_wait": "500ms", "contact_interval": "1s", "expire": "1h", "bounce_proof": 0},
    }


def socket_fits(directory):
    return len(os.fsencode(os.path.join(directory, "control.sock"))) <= SOCKET_PATH_MAX


def write(path, settings):
    """JSON is YAML."""
    with open(path, "w", encoding="utf-8") as file:
        json.dump(settings, file, indent=2)


def expand(settings):
    """`--set` values; `@FILE` stands for the KEY=VALUE lines of FILE."""
    rows = []
    for setting in settings:
        if setting.startswith("@"):
            with open(setting[1:], encoding="utf-8") as file:
                rows += [line.strip() for line in file if line.strip() and not line.startswith("#")]
        else:
            rows.append(setting)
    return rows


def _default_mailboxes():
    """What the annotated default file says."""
    try:
        with open(os.path.join(ROOT, "config", "tocsin.yaml"), encoding="utf-8") as file:
            found = re.search(r"^\s*#?\s*mailboxes:\s*\[([^\]]*)\]", file.read(), re.M)
    except OSError:
        found = None
    return [word.strip(" \"'") for word in found.group(1).split(",")] if found else MAILBOXES


def sources(settings):
    """(mailboxes, overrides, soa) in force: the defaults, or what the KEY=VALUE rows of SETTINGS say (overrides as JSON); soa: are SOA records
    asked for?"""
    mailboxes, overrides, soa = _default_mailboxes(), [], True
    for row in settings:
        key, _, value = row.partition("=")
        if key == "contacts.mailboxes":
            mailboxes = [word.strip(" \"'") for word in value.strip("[] ").split(",") if word.strip(" \"'")]
        elif key == "contacts.overrides":
            overrides = json.loads(value)
        elif key == "contacts.order":
            soa = "soa" in [word.strip(" \"'") for word in value.strip("[] ").split(",")]
    return mailboxes, overrides, soa
