"""The DNS records that follow from a scenario's domains, in wire form (RFC 1035)."""
import hashlib
import ipaddress
import shlex
import socket

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, ANY = 1, 2, 5, 6, 12, 15, 16, 28, 255
TYPES = {"A": A, "NS": NS, "CNAME": CNAME, "SOA": SOA, "PTR": PTR, "MX": MX, "TXT": TXT, "AAAA": AAAA}
TTL = 300
CHAIN = 8  # aliases followed in one answer


def plain_name(name):
    """NAME in lower case, without a trailing dot, U-labels as A-labels."""
    name = name.strip().rstrip(".").lower()
    return name if name.isascii() else name.encode("idna").decode("ascii")


def wire_name(name):
    """NAME in wire form, uncompressed."""
    labels = [label.encode("ascii") for label in plain_name(name).split(".")] if plain_name(name) else []
    if any(not 0 < len(label) < 64 for label in labels) or sum(len(label) + 1 for label in labels) > 254:
        raise ValueError("%r is no domain name" % name)
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def mailbox_name(address):
    """An address as a SOA's RNAME writes it: the first @ becomes a dot."""
    local, _, domain = address.partition("@")
    label = local.encode("ascii")
    return (bytes([len(label)]) + label + wire_name(domain)) if domain else wire_name(address)


def soa_data(name, mailbox):
    numbers = b"".join(number.to_bytes(4, "big") for number in (1, 3600, 600, 86400, 60))
    return wire_name("ns." + name if name else "ns.lab.invalid") + mailbox_name(mailbox) + numbers


def loopback_address(host):
    """The address of a mail host that the scenario only names: always the same, never 127.0.x.x."""
    digest = hashlib.sha256(host.encode()).digest()
    return "127.%d.%d.%d" % (1 + digest[0] % 254, digest[1], 1 + digest[2] % 254)


def text_data(words):
    return b"".join(bytes([len(chunk)]) + chunk for chunk in (word.encode()[:255] for word in words))


def _mx_data(words):
    return int(words[0]).to_bytes(2, "big") + wire_name(words[1])


RDATA = {
    "A": lambda words: socket.inet_pton(socket.AF_INET, words[0]),
    "AAAA": lambda words: socket.inet_pton(socket.AF_INET6, words[0]),
    "NS": lambda words: wire_name(words[0]),
    "CNAME": lambda words: wire_name(words[0]),
    "PTR": lambda words: wire_name(words[0]),
    "MX": _mx_data,
    "TXT": text_data,
    "SOA": lambda words: soa_data("", words[0]),
}


def parse_record(text, origin):
    """(name, type, ttl, rdata, words) of one raw record; names without a final dot are below ORIGIN."""
    words = shlex.split(text)
    absolute = lambda name: name if name.endswith(".") else origin if name == "@" else name + "." + origin
    try:
        name = plain_name(absolute(words.pop(0)))
        ttl = int(words.pop(0)) if words[0].isdigit() else TTL
        if words[0].upper() == "IN":
            words.pop(0)
        kind = words.pop(0).upper()
        if kind in ("CNAME", "NS", "PTR", "MX"):
            words[-1] = absolute(words[-1])
        return name, TYPES[kind], ttl, RDATA[kind](words), words
    except (IndexError, KeyError, ValueError, OSError):
        raise ValueError("domains: %s: records: %r is no record: write NAME [TTL] TYPE DATA with a type of %s"
                         % (origin, text, " ".join(TYPES))) from None


class Zone:
    """Every name that exists, and its records: `names[name][type]` is a list of (ttl, rdata)."""

    def __init__(self, domains):
        self.names = {}
        self.aliases = {}
        self.soas = {}  # name -> the mailbox of its SOA, where the scenario gives it one
        self.hosts = {}  # name -> its mail hosts by MX, [] for a null MX
        listed = {plain_name(name) for name in domains}
        for name, body in domains.items():
            self._add_domain(plain_name(name), body)
        for host in {host for hosts in self.hosts.values() for host in hosts}:
            if host not in listed and host not in self.names:
                self.add(host, A, RDATA["A"]([loopback_address(host)]))
        for name in list(self.names):  # what stands above a name exists too (RFC 8020), with no records
            while "." in name:
                name = name.partition(".")[2]
                self.names.setdefault(name, {})

    def add(self, name, kind, data, ttl=TTL):
        self.names.setdefault(name, {}).setdefault(kind, []).append((ttl, data))

    def _add_domain(self, name, body):
        self.names.setdefault(name, {})
        for address in body.get("a", []):
            try:
                parsed = ipaddress.ip_address(address)
            except ValueError:
                raise ValueError("domains: %s: a: %r is no IP address" % (name, address)) from None
            self.add(name, A if parsed.version == 4 else AAAA, parsed.packed)
        if "mx" in body:
            self._add_mx(name, body["mx"])
        if "soa" in body:
            self.add(name, SOA, soa_data(name, body["soa"]))
            self.soas[name] = body["soa"]
        for text in body.get("records", []):
            owner, kind, ttl, data, words = parse_record(text, name)
            self.add(owner, kind, data, ttl)
            if kind == CNAME:
                self.aliases[owner] = plain_name(words[0])
            if kind == MX:
                self.hosts.setdefault(owner, []).append(plain_name(words[1]))

    def _add_mx(self, name, hosts):
        self.hosts[name] = [plain_name(host) for host in hosts or []]
        if hosts is None:
            self.add(name, MX, _mx_data(["0", "."]))
        for preference, host in enumerate(self.hosts[name], 1):
            self.add(name, MX, _mx_data([str(10 * preference), host]))

    def resolve_alias(self, name):
        """The name at the end of NAME's chain of aliases."""
        for _ in range(CHAIN):
            if name not in self.aliases:
                break
            name = self.aliases[name]
        return name

    def addresses(self, name):
        """NAME's addresses, as text."""
        records = self.names.get(self.resolve_alias(name), {})
        return [str(ipaddress.ip_address(data)) for kind in (A, AAAA) for _, data in records.get(kind, ())]

    def has_address(self, name):
        records = self.names.get(self.resolve_alias(name), {})
        return A in records or AAAA in records

    def takes_mail(self, name):
        """Would an MTA find a host to bring mail for NAME to (RFC 5321 §5.1, RFC 7505)?"""
        name = self.resolve_alias(name)
        if name in self.hosts:
            return any(host and self.has_address(host) for host in self.hosts[name])
        return self.has_address(name)

    def apex(self, name):
        """(name, [records]) of the SOA above NAME; the root's when there is none."""
        while name:
            found = self.names.get(name, {}).get(SOA)
            if found:
                return name, found
            name = name.partition(".")[2]
        return "", [(TTL, soa_data("", "nobody@lab.invalid"))]
