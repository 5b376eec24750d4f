"""The lab: a simulated Internet in one process, on loopback.

scenario   the JSON file, checked, as a world of domains and mailboxes
mailbox    what a mailbox does: the words of a scenario
zone       the DNS records that follow from a world
dns        the DNS server
faults     what goes wrong, when, how often
message    what the lab reads in a mail: its Message-ID, its targets, where to opt out
smtp       the relay's side of an SMTP session
relay      what the relay answers, in both of its modes
bounces    returned messages in the formats of several mail servers
returns    brings what comes back to the daemon's intake by LMTP
journal    one JSON object a line
rehearsal  a campaign run from the spool to the report, by `rehearse`
agreement  the report held against the journal
reach      who was reached, and who could have been
story      the demo's scenario, made from a seed
ordeal     a daemon that is killed again and again
population domains and feed files for an ordeal
aftermath  what must be true after an ordeal
"""
