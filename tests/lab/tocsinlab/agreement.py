"""The report held against the journal, by recipient address: mails, refusals, bounces, and each case's end.

What the daemon says is its report, its list of notifications and its list of cases; what was, stands in the lab's journals. Nothing here asks the
daemon how it came to its opinion.
"""
from collections import Counter, defaultdict

ABOUT_US = ("policy",)  # words that speak about us: they hold a mail and move no case (ARCHITECTURE.md, "refusal that is about us")


def ticket_of(notification):
    """What the mail's subject says."""
    return "T-%d" % notification["id"]


class Fates:
    """What became of each mail, from the journals alone. A mail is known by its recipient and its ticket."""

    def __init__(self, evidence):
        self.taken = {}                      # (recipient, ticket) -> the journal's line, of warnings
        self.targets = {}                    # (recipient, ticket) -> the targets that it speaks of
        self.tickets_to = defaultdict(set)   # recipient -> tickets that it took
        self.times = Counter()               # (recipient, ticket) -> how often it was taken
        self.tickets = {}                    # Message-ID -> ticket
        self.two_ids = set()                 # (recipient, ticket) that came with more than one Message-ID
        self.refused = defaultdict(set)      # recipient -> envelope senders refused for good because of the recipient
        self.deferred = defaultdict(set)     # recipient -> envelope senders asked to come again
        self.held = defaultdict(set)         # recipient -> envelope senders refused because of us
        self.receipts = Counter()            # recipient -> mails from the null sender
        self.bounced = set()                 # (recipient, ticket) of which a failure came back that speaks about the recipient
        self.returned_about_us = set()
        self.opted_out = set()               # (recipient, ticket) that a person answered with an opt-out
        self._unfortunate = {}               # recipient -> what unfortunate() said: a hoster stands on thousands of ladders
        for line in evidence.journal:
            self._enter(line)
        for line in evidence.returns:
            self._came_back(line)

    def _enter(self, line):
        recipient = line["recipient"].lower()
        if not line["envelope_sender"]:
            self.receipts[recipient] += 1
        elif line["outcome"] == "taken":
            key = recipient, line["ticket"]
            if self.taken.setdefault(key, line)["message_id"] != line["message_id"]:
                self.two_ids.add(key)
            self.targets.setdefault(key, set(line["targets"]))  # a set: a hoster's mail may speak of thousands, and each is looked up
            self.tickets_to[recipient].add(line["ticket"])
            self.times[key] += 1
            self.tickets[line["message_id"]] = line["ticket"]
        elif line["outcome"] == "deferred":
            self.deferred[recipient].add(line["envelope_sender"])
        elif line["event"] in ABOUT_US:
            self.held[recipient].add(line["envelope_sender"])
        else:
            self.refused[recipient].add(line["envelope_sender"])

    def _came_back(self, line):
        if line["event"] != "taken" or line["forged"]:
            return
        key = line["about"].lower(), self.tickets.get(line["message_id"])
        if line["what"] == "optout":
            self.opted_out.add(key)
        elif line["what"] == "bounce" and key in self.taken:
            (self.returned_about_us if self.taken[key]["event"] in ABOUT_US else self.bounced).add(key)

    def arrived(self, key):
        """Was it taken, and did nothing come back that says that it failed?"""
        return key in self.taken and key not in self.bounced and key not in self.returned_about_us

    def unfortunate(self, recipient):
        """Does any journal know of mail to RECIPIENT that failed or was put off?"""
        if recipient not in self._unfortunate:
            self._unfortunate[recipient] = bool(self.refused[recipient] or self.deferred[recipient] or self.held[recipient]
                                                or any(not self.arrived((recipient, ticket)) for ticket in self.tickets_to[recipient]))
        return self._unfortunate[recipient]


def check(evidence):
    """Every disagreement, in words; [] when there is none."""
    fates = Fates(evidence)
    complaints = list(_mails(evidence, fates))
    for campaign in evidence.campaigns:
        complaints += _totals(campaign)
        rows = _by_target(campaign.notifications)
        complaints += [text for case in campaign.cases for text in _case(campaign.name, case, rows[case["target"]], fates)]
    return complaints


def _by_recipient(notifications):
    rows = defaultdict(list)
    for row in notifications:
        rows[row["recipient"].lower()].append(row)
    return rows


def _by_target(notifications):
    rows = defaultdict(list)
    for row in notifications:
        for target in set(row["targets"]):
            rows[target].append(row)
    return rows


def _mails(evidence, fates):
    """Mails taken, refusals and bounces, recipient by recipient."""
    said = _by_recipient([row for campaign in evidence.campaigns for row in campaign.notifications])
    heard = set(fates.tickets_to) | set(fates.refused)
    for recipient in sorted(heard | set(said)):
        rows = said.get(recipient, [])
        taken = fates.tickets_to[recipient]
        accepted = {ticket_of(row) for row in rows if row["accepted"]}
        later = {ticket_of(row) for row in rows if row["bounced"] == "later"}
        # Where the session broke before the 250, a bounce may be the first that is heard of it.
        for ticket in sorted(taken - accepted - (later if evidence.faults else set()), key=str):
            yield "%s: the journal has mail %s, which the report does not call accepted" % (recipient, ticket)
        for ticket in sorted(accepted - taken):
            yield "%s: the report calls %s accepted, the journal does not have it" % (recipient, ticket)
        bounced = {ticket for ticket in taken if (recipient, ticket) in fates.bounced}
        if bounced != later:
            yield "%s: %d bounced later by the journal, %d by the report" % (recipient, len(bounced), len(later))
        session = sum(1 for row in rows if row["bounced"] == "session")
        if session != len(fates.refused[recipient]):
            yield "%s: %d refused by the journal, %d by the report" % (recipient, len(fates.refused[recipient]), session)
        for row in rows if not evidence.faults else ():
            if row["attempts"] and not row["accepted"] and not row["bounced"] and not fates.unfortunate(recipient):
                yield "%s: the report has %d attempts, the journal none" % (recipient, row["attempts"])
    if not evidence.faults:
        for key, times in fates.times.items():
            if times > 1 and key not in fates.returned_about_us:
                yield "%s: mail %s was sent %d times, with no fault to excuse it" % (*key, times)
    for key in fates.two_ids:
        yield "%s: mail %s came with two Message-IDs" % key


def _totals(campaign):
    """The report's totals against its own lists, which were checked against the journal."""
    figures, rows = campaign.figures, campaign.notifications
    ends = Counter(case["state"] for case in campaign.cases)
    for end, number in figures.get("ends", {}).items():
        if end != "open" and number != ends.get(end, 0):
            yield "%s: the report has %d cases %s, the list of cases %d" % (campaign.name, number, end, ends.get(end, 0))
    kinds = Counter()
    for kind in figures.get("kinds", []):
        for measure in ("mails", "accepted", "bounced_session", "bounced_later"):
            kinds[measure] += kind[measure]
    listed = {"mails": sum(1 for row in rows if row["attempts"]),
              "accepted": sum(1 for row in rows if row["accepted"]),
              "bounced_session": sum(1 for row in rows if row["bounced"] == "session"),
              "bounced_later": sum(1 for row in rows if row["bounced"] == "later")}
    for measure, number in listed.items():
        if kinds[measure] != number:
            yield "%s: the report's kinds have %d %s, the list of notifications %d" % (campaign.name, kinds[measure], measure, number)


class _Case:
    """One case: what is said of it, and what the journals know."""

    def __init__(self, campaign, case, rows, fates):
        self.fates = fates
        self.target, self.state, self.rungs = case["target"], case["state"], case["rungs"]
        self.note = case.get("note") or ""
        self.where = "%s: %s" % (campaign, self.target)
        self.keys = [(row["recipient"].lower(), ticket_of(row)) for row in rows]
        self.arrived = [key for key in self.keys if fates.arrived(key) and self.target in fates.targets[key]]
        self.silenced = any(key in fates.opted_out for key in self.keys)


def _delivered(case):
    if case.silenced:
        yield "the report says delivered, the journal opted out"
    elif not case.arrived:
        yield "the report says delivered, the journal has no mail that arrived"


def _exhausted(case):
    if case.arrived:
        yield "the report says exhausted, but mail to %s arrived" % case.arrived[0][0]
    for rung in case.rungs:
        if rung["state"] == "untried":
            yield "the report says exhausted, but %s was not tried" % rung["address"]
        elif rung["state"] != "skipped" and not case.fates.unfortunate(rung["address"].lower()):
            yield "the report calls %s %s, the journal knows of no failure there" % (rung["address"], rung["state"])


def _wrote_back(case):
    """Somebody did: about this case, or he stands on its ladder and spoke up about another one."""
    if not case.silenced and not any(rung["address"].lower() in case.fates.receipts for rung in case.rungs):
        yield "the report says %s, and nobody wrote back" % case.state


def _cut_short(case):
    if case.state == "cancelled" and "are one host by DNS" in case.note:
        return  # the case of its name tells of it
    yield "a rehearsal should not end with a case %s" % case.state


ENDS = {"delivered": _delivered, "exhausted": _exhausted, "answered": _wrote_back, "opted-out": _wrote_back, "expired": _cut_short,
        "cancelled": _cut_short}


def _case(campaign, given, rows, fates):
    """The end that the report gives a case against the one that the journal gives it. ROWS: the notifications that speak of its target."""
    case = _Case(campaign, given, rows, fates)
    for key in case.keys:
        if key in fates.taken and case.target not in fates.targets[key]:
            yield "%s: mail %s to %s does not speak of it" % (case.where, key[1], key[0])
    for complaint in ENDS.get(case.state, lambda case: ())(case):
        yield "%s: %s" % (case.where, complaint)
