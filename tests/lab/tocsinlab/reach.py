"""Who was reached, and who could have been: from the scenario and the journal, never from what the daemon believes."""
import functools
import ipaddress
from collections import namedtuple

# One case as a rehearsal knows it: its campaign, its target, the hosts and addresses that its incidents name.
Subject = namedtuple("Subject", "campaign target hosts ips")

READS = ("read", "greylist", "optout")


def _is_address(text):
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


@functools.lru_cache(maxsize=None)
def _network(text):
    """Parsed once: every subject is held against every override."""
    return ipaddress.ip_network(text, strict=False)


def _override_fits(world, override, subject):
    names = [subject.target, *subject.hosts]
    if "domain" in override:
        return override["domain"] in names
    if "suffix" in override:
        return any(name.endswith("." + override["suffix"].lstrip(".")) for name in names)
    network = _network(override["network"])
    known = [*subject.ips, *(address for name in subject.hosts or [subject.target] for address in world.zone.addresses(name))]
    return any(address in network for address in map(ipaddress.ip_address, known) if address.version == network.version)


def candidates(world, subject, mailboxes, overrides, soa):
    """Every address that the configured sources could lead to: a host counts beside its domain where it has an MX of its own."""
    found = [address for override in overrides if _override_fits(world, override, subject) for address in override["contacts"]]
    names = [host for host in subject.hosts if host in world.zone.hosts] + ([] if _is_address(subject.target) else [subject.target])
    keeper = [world.zone.soas[subject.target]] if soa and subject.target in world.zone.soas else []
    return list(dict.fromkeys(found + [local + "@" + name for name in names for local in mailboxes] + keeper))


def reachable(world, subject, mailboxes, overrides, soa):
    """Does any of them read?"""
    return any(world.mailbox(address).reads for address in candidates(world, subject, mailboxes, overrides, soa))


def reached(journal, campaign_of):
    """{(campaign, target)} told to somebody who reads. CAMPAIGN_OF: the campaign of a ticket."""
    return {(campaign_of.get(line["ticket"]), target) for line in journal
            if line["outcome"] == "taken" and line["event"] in READS for target in line["targets"]}


def blocked(world, addresses):
    """Is there, above the first of ADDRESSES (a ladder, best first) that reads, one that takes the mail and lets nobody read it, or that
    refuses us? None when nobody on it reads."""
    for address in addresses:
        box = world.mailbox(address)
        if box.reads:
            return False
        if box.word in ("accept", "blackhole", "autoreply", "policy") or box.forged:
            return True
    return None
