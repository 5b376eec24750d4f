#!/usr/bin/python3
"""A day of Shadowserver's: 31 reports fall into incoming/ at once, and each network's people get one mail about all of them.

The rows are made here, in the columns that such reports have. One day waits for a person, and one for nobody but campaigns.aggregate_wait.
"""
import concurrent.futures
import csv
import email
import email.policy
import io
import json
import os
import shutil
import sys
import tempfile
import unittest
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))

from tocsinlab import outcome  # noqa: E402
from tocsinlab.rehearsal import Rehearsal  # noqa: E402

LIMIT = 60
CAMPAIGN = "shadowserver 2026-08-10"
HELD = "campaigns.approve_above=0", "campaigns.aggregate_wait=500ms"
GATHERED = "campaigns.approve_above=1000", "campaigns.aggregate_wait=12s"  # long enough for 31 files on a busy machine
NETWORKS = {"192.0.2.0/25": "abuse@isp-a.example", "198.51.100.0/24": "abuse@isp-b.example", "203.0.113.0/24": "abuse@isp-c.example"}
READS, REFUSES = {"abuse": "read"}, {"abuse": "reject", "postmaster": "read"}
WORLD = {"seed": 1, "domains": {
    **{address.partition("@")[2]: {"mx": ["mx1." + address.partition("@")[2]], "mailboxes": READS} for address in NETWORKS.values()},
    "bakery.example": {"mx": ["mx1.isp-a.example"], "mailboxes": READS},
    "florist.example": {"mx": ["mx1.isp-a.example"], "mailboxes": REFUSES}}}
SITES = {"www.bakery.example": "abuse@bakery.example", "florist.example": "postmaster@florist.example"}  # who reads
SITE_IP = "192.0.2.200"  # of no network whose people are known

SCAN = "timestamp severity ip protocol port hostname tag asn geo region city naics sector".split()
EVENT = "timestamp protocol src_ip src_port src_asn src_geo src_region src_city src_hostname tag dst_ip dst_port dst_asn dst_geo".split()
# The report's name: its type, its identifier, and the columns that it has besides, each with a value.
SCANS = {
    "blocklist": ("blacklist", "blocklist", {"source": "a list", "reason": "spam"}),
    "compromised_website": ("system-compromise", "compromised-website", {"http_host": "", "url": "", "category": "skimmer"}),
    "malware_url": ("malware-distribution", "malware-url", {"url": "", "sha256": ""}),
    "phish_url": ("phishing", "phish-url", {"url": "", "source": "a sensor"}),
    "scan_adb": ("vulnerable-system", "accessible-adb", {"name": "tv-box", "model": "X, 2"}),
    "scan_chargen": ("vulnerable-system", "open-chargen", {"size": "74"}),
    "scan_cwmp": ("vulnerable-system", "open-cwmp", {"http": "HTTP/1.1", "server": "RomPager/4.07"}),
    "scan_dns": ("vulnerable-system", "dns-open-resolver", {"min_amplification": "1.38", "dns_version": ""}),
    "scan_elasticsearch": ("vulnerable-system", "open-elasticsearch", {"version": "7.1.0", "cluster_name": "test \"one\""}),
    "scan_ftp": ("vulnerable-system", "accessible-ftp", {"banner": "220 Welcome", "auth_tls_response": ""}),
    "scan_http": ("other", "accessible-http", {"http": "HTTP/1.1", "http_code": "200", "content_type": "text/html"}),
    "scan_ipmi": ("vulnerable-system", "open-ipmi", {"ipmi_version": "2.0", "none_auth": "No"}),
    "scan_ldap_tcp": ("vulnerable-system", "open-ldap-tcp", {"dns_host_name": "dc1.lan", "size": "3010"}),
    "scan_memcached": ("vulnerable-system", "open-memcached", {"version": "1.4.15", "pid": "801"}),
    "scan_mongodb": ("vulnerable-system", "open-mongodb", {"version": "3.2.0", "visible_databases": "admin"}),
    "scan_mqtt": ("vulnerable-system", "open-mqtt", {"anonymous_access": "Y", "code": "Connection Accepted"}),
    "scan_mysql": ("other", "open-mysql", {"mysql_protocol_version": "10", "server_version": "5.7.1"}),
    "scan_ntpmonitor": ("vulnerable-system", "ntp-monitor", {"packets": "3", "size": "1240"}),
    "scan_rdp": ("vulnerable-system", "open-rdp", {"rdp_protocol": "RDP", "cve20190708_vulnerable": "N"}),
    "scan_redis": ("vulnerable-system", "open-redis", {"version": "3.0.6", "mode": "standalone"}),
    "scan_snmp": ("vulnerable-system", "open-snmp", {"sysdesc": "Linux box", "community": "public"}),
    "scan_ssl_poodle": ("vulnerable-system", "ssl-poodle", {"cipher_suite": "TLS_RSA", "ssl_poodle": "Y"}),
    "scan_telnet": ("vulnerable-system", "open-telnet", {"banner": "login:|Password:"}),
}
EVENTS = {
    "event4_ddos_participant": ("ddos", "ddos-participant", {"attack_src_port": "123"}),
    "event4_honeypot_brute_force": ("brute-force", "honeypot-brute-force", {"service": "ssh", "username": "root"}),
    "event4_honeypot_ddos_amp": ("ddos", "amplification-ddos-victim", {"request": "chargen", "count": "12"}),
    "event4_honeypot_http_scan": ("scanner", "honeypot-http-scan", {"http_url": "/setup.cgi", "http_agent": "curl"}),
    "event4_ip_spoofer": ("other", "ip-spoofer", {"network": "192.0.2.0/24", "routedspoof": "received"}),
    "event4_microsoft_sinkhole": ("infected-system", "caphaw", {"infection": "caphaw"}),
    "event4_sinkhole": ("infected-system", "avalanche", {"infection": "avalanche", "family": ""}),
    "event4_sinkhole_http": ("infected-system", "zeus", {"infection": "zeus", "http_host": "c2.example", "http_url": "/gate"}),
}
assert len(SCANS) + len(EVENTS) == 31


def addresses(number):
    """Whom report NUMBER is about: a host that is in all of them, one that is in this alone, one in every fifth, and sometimes a third network's."""
    return ["192.0.2.7", "192.0.2.%d" % (10 + number), "198.51.100.%d" % (1 + number % 5)] + (["203.0.113.9"] if number % 3 == 0 else [])


def report(name, number):
    """(its text, its rows as people are to be told of them: their contact, type, identifier and what it happened to)."""
    kind, identifier, more = {**SCANS, **EVENTS}[name]
    prefix = "src_" if name in EVENTS else ""
    columns = [*(EVENT if prefix else SCAN), *more]
    common = {"timestamp": "2026-08-10 14:%02d:59" % number, "protocol": "tcp", prefix + "port": str(1024 + number), prefix + "asn": "64500",
              prefix + "geo": "DE", prefix + "region": "HESSEN", prefix + "city": "FRANKFURT AM MAIN", "tag": name, "dst_ip": "203.0.113.77", **more}
    rows = [(common | {prefix + "ip": ip, prefix + "hostname": "host-%s.example" % ip.replace(".", "-")}, whose(ip), ip) for ip in addresses(number)]
    if "url" in more:
        rows += [(common | {"ip": SITE_IP, "http_host": host, "url": "http://%s/wp/x.php?a=1,2" % host}, contact, host) for host, contact in SITES.items()]
    text = io.StringIO()
    table = csv.DictWriter(text, columns, restval="", extrasaction="ignore", quoting=csv.QUOTE_ALL, lineterminator="\n")
    table.writeheader()
    table.writerows(row for row, _, _ in rows)
    return text.getvalue(), [(contact, kind, identifier, victim) for _, contact, victim in rows]


def whose(ip):
    return next(contact for network, contact in NETWORKS.items() if network.rpartition(".")[0] == ip.rpartition(".")[0])


class Day(Rehearsal):
    """Its feeds are moved into incoming/, all at once, each with a sidecar that says which campaign it belongs to."""

    def _submit(self):
        incoming, drop = os.path.join(self.directory, "spool", "incoming"), os.path.join(self.directory, "drop")
        os.mkdir(drop)
        for feed in self.feeds:
            with open(os.path.join(drop, os.path.basename(feed) + ".meta.yaml"), "w", encoding="utf-8") as file:
                file.write("campaign: %s\n" % CAMPAIGN)
            shutil.copy(feed, os.path.join(drop, os.path.basename(feed)))
        for name in sorted(os.listdir(drop), key=lambda name: (name.endswith(".csv"), name)):
            os.rename(os.path.join(drop, name), os.path.join(incoming, name))


def rehearse(directory, settings):
    """(what became of it, the rows that were dropped, the mails by recipient, the names in done/)."""
    reports, run = os.path.join(directory, "reports"), os.path.join(directory, "run")
    os.makedirs(reports)
    os.makedirs(os.path.join(run, "mails"))
    scenario, rows, feeds = os.path.join(directory, "scenario.json"), [], []
    with open(scenario, "w", encoding="utf-8") as file:
        json.dump(WORLD, file)
    for number, name in enumerate([*SCANS, *EVENTS]):
        text, told = report(name, number)
        rows += told
        feeds.append(os.path.join(reports, "2026-08-10-%s-testorg.csv" % name))
        with open(feeds[-1], "w", encoding="utf-8") as file:
            file.write(text)
    overrides = [{"network": network, "contacts": [contact]} for network, contact in NETWORKS.items()]
    day = Day(run, scenario, feeds, campaign=CAMPAIGN, limit=LIMIT, settings=["contacts.overrides=" + json.dumps(overrides), *settings])
    try:
        evidence = day.run()
        day.stop_daemon()
    finally:
        day.close()
    mails = {}
    for line in evidence.journal:
        if line["outcome"] == "taken":
            with open(os.path.join(run, "mails", line["sha256"] + ".eml"), "rb") as file:
                mails.setdefault(line["recipient"], []).append(email.message_from_bytes(file.read(), policy=email.policy.default))
    return evidence, rows, mails, os.listdir(os.path.join(run, "spool", "done"))


def rows_in(mail):
    """The incidents that MAIL tells of, as its attachment has them: type, identifier, and what it happened to."""
    table = next(part.get_content() for part in mail.iter_attachments() if part.get_content_type() == "text/csv")
    for row in csv.DictReader(io.StringIO(table.lstrip("\ufeff"))):
        yield row["classification.type"], row["classification.identifier"], row.get("source.fqdn") or row["source.ip"]


class Shadowserver(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="tocsin-")
        cls.addClassCleanup(cls.scratch.cleanup)
        pool = concurrent.futures.ThreadPoolExecutor(2)
        cls.addClassCleanup(pool.shutdown)
        cls.days = {name: pool.submit(rehearse, os.path.join(cls.scratch.name, name), settings)
                    for name, settings in (("held", HELD), ("gathered", GATHERED))}

    def check(self, name):
        evidence, rows, mails, done = self.days[name].result()
        result = outcome.judge(evidence)
        self.assertTrue(result["agrees"], result["disagreements"])
        self.assertEqual((result["missed"], result["reached"]), ([], result["cases"]))
        # One mail a contact, not 31; and each row in its people's, under its report's type.
        self.assertEqual({recipient: len(found) for recipient, found in mails.items()},
                         {contact: 1 for contact in [*NETWORKS.values(), *SITES.values()]})
        told = Counter((recipient, *row) for recipient, found in mails.items() for row in rows_in(found[0]))
        self.assertEqual(told, Counter(rows))
        # What the report counts is what was dropped and what the journal has.
        report = result["report"]
        self.assertEqual((report["incidents"], report["rejected"], report["duplicates"]), (len(rows), 0, 0))
        self.assertEqual((report["cases"], report["mails"]), (len(rows), len(evidence.journal)))  # a case for each report that names a target
        self.assertEqual(result["ends"], {"delivered": len(rows)})
        self.assertEqual({(kind["kind"], kind["mails"], kind["accepted"], kind["bounced"]) for kind in report["kinds"] if kind["mails"]},
                         {("override", 3, 3, 0), ("rfc2142-abuse", 2, 1, 1), ("rfc2142-security", 1, 0, 1), ("rfc2142-postmaster", 1, 1, 0)})
        names = ["2026-08-10-%s-testorg.csv" % report for report in (*SCANS, *EVENTS)]
        self.assertEqual([name for name in names if not {name, name + ".result.jsonl"} <= set(done)], [])

    def test_a_day_that_a_person_approves(self):
        self.check("held")

    def test_a_day_that_gathers_by_itself(self):
        self.check("gathered")


if __name__ == "__main__":
    unittest.main()
