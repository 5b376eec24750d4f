"""A scenario file, checked, as a world: which domains there are, and what each mailbox in them does."""
import json

from .faults import Faults
from .mailbox import Mailbox, REJECTS, UNKNOWN_DOMAIN
from .zone import Zone, plain_name

# Keys that belong to servers that the lab does not have yet are taken and ignored.
TOP = {"seed", "relay", "domains", "networks", "asns", "faults", "about"}
DOMAIN = {"mx", "a", "soa", "mailboxes", "otherwise", "securitytxt", "rdap", "whois", "records", "web"}


class ScenarioError(Exception):
    """A scenario that means nothing: where, and why."""


def _check_keys(where, given, known):
    if not isinstance(given, dict):
        raise ScenarioError("%s: must be an object" % where)
    for key in given:
        if key not in known:
            raise ScenarioError("%s: unknown key %r; known: %s" % (where, key, " ".join(sorted(known))))


class Domain:
    """One listed domain: its mailboxes. Its DNS is the zone's affair."""

    def __init__(self, name, given):
        _check_keys("domains: " + name, given, DOMAIN)
        try:
            self.mailboxes = {local.lower(): Mailbox(text) for local, text in given.get("mailboxes", {}).items()}
            self.otherwise = Mailbox(given["otherwise"]) if "otherwise" in given else REJECTS
        except ValueError as error:
            raise ScenarioError("domains: %s: %s" % (name, error)) from None


class Scenario:
    """The world of one scenario. MODE and SEED override the file's."""

    def __init__(self, given, mode=None, seed=None):
        _check_keys("scenario", given, TOP)
        self.seed = given.get("seed", 1) if seed is None else seed
        self.mode = mode or given.get("relay", "verify")
        if self.mode not in ("verify", "accept"):
            raise ScenarioError("relay: %r: must be verify or accept" % self.mode)
        domains = given.get("domains", {})
        _check_keys("domains", domains, domains)
        self.domains = {plain_name(name): Domain(name, body) for name, body in domains.items()}
        try:
            self.zone = Zone(domains)
            self.faults = Faults(given.get("faults", []), self.seed)
        except ValueError as error:
            raise ScenarioError(str(error)) from None

    def mailbox(self, address):
        """What mail to ADDRESS meets."""
        local, _, name = address.rpartition("@")
        name = plain_name(name)
        if not local or not self.zone.takes_mail(name):
            return UNKNOWN_DOMAIN
        domain = self.domains.get(name)
        return domain.mailboxes.get(local.lower(), domain.otherwise) if domain else REJECTS

    def longest_delay(self):
        """The longest that any mailbox waits before something comes back, in seconds."""
        boxes = [box for domain in self.domains.values() for box in [*domain.mailboxes.values(), domain.otherwise]]
        return max([box.delay for box in boxes], default=0.0)


def load(path, mode=None, seed=None):
    """Read the scenario file at PATH; raises ScenarioError or OSError."""
    with open(path, encoding="utf-8") as file:
        try:
            given = json.load(file)
        except ValueError as error:
            raise ScenarioError("%s: %s" % (path, error)) from None
    return Scenario(given, mode, seed)
