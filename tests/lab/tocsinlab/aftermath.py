"""What must be true after any number of deaths: nothing is lost, and what comes twice is one mail."""
import time
from collections import Counter, defaultdict
from datetime import datetime

from . import agreement, reach
from .ordeal import SETTLED
from .settings import sources

ATTEMPTED = ("composed", "accepted", "deferred", "bounced", "refused")  # what the daemon's log says of its own doing


def lost(evidence):
    """Targets with a mailbox on their ladder that reads, and no mail about them in any that does."""
    told = {target for line in evidence.journal if line["outcome"] == "taken" and line["event"] in reach.READS
            for target in line["targets"]}
    found = sources(evidence.settings)
    return [subject.target for subject in evidence.subjects
            if subject.target not in told and reach.reachable(evidence.world, subject, *found)]


class Mails:
    """The mails of a journal, by Message-ID."""

    def __init__(self, journal):
        self.copies = defaultdict(list)
        taken = [line for line in journal if line["outcome"] == "taken"]
        for number, line in enumerate(taken):
            self.copies[line["message_id"]].append(dict(line, number=number))
        self.duplicates = len(taken) - len(self.copies)

    def rate(self, lives):
        """Mails a second, while a life delivers."""
        times = defaultdict(list)
        for copies in self.copies.values():
            for copy in copies:
                times[_life_of(lives, copy["number"])].append(datetime.fromisoformat(copy["time"]))
        spans = [(len(life) - 1, (max(life) - min(life)).total_seconds()) for life in times.values() if len(life) > 1]
        return sum(mails for mails, _ in spans) / sum(span for _, span in spans)

    def resent(self, lives):
        """How many mails of each of LIVES were sent again in a later one."""
        again = Counter(_life_of(lives, copy["number"]) for copies in self.copies.values() for copy in copies[:-1])
        return [again[life] for life in range(len(lives))]

    def complaints(self, lives):
        for message_id, copies in self.copies.items():
            if len({copy["sha256"] for copy in copies}) > 1:
                yield "%s came with different bytes" % message_id
            if len({copy["recipient"] for copy in copies}) > 1:
                yield "%s went to several recipients" % message_id
            if len({_life_of(lives, copy["number"]) for copy in copies}) < len(copies):
                yield "%s was sent twice in one life" % message_id
        subjects = defaultdict(set)
        for message_id, copies in self.copies.items():
            for target in copies[0]["targets"] or [None]:
                subjects[copies[0]["recipient"], target].add(message_id)
        for (recipient, target), ids in subjects.items():
            if len(ids) > 1:
                yield "%s got %d different mails about %s" % (recipient, len(ids), target or "an opt-out")


def _life_of(lives, number):
    """Which of LIVES took mail NUMBER; the last life, which comes to its end, is one more."""
    return next((at for at, life in enumerate(lives) if number < life.end), len(lives))


def _results(feed, lines, states):
    """A feed's results against its rows, and against the ends of its cases: STATES by target."""
    seen = Counter(line["line"] for line in lines)
    if set(seen) != set(feed.targets) or max(seen.values(), default=0) > 1:
        missing, twice = set(feed.targets) - set(seen), [line for line, times in seen.items() if times > 1]
        yield ("%s: its results miss %d rows, have %d twice and %d of no row"
               % (feed.name, len(missing), len(twice), len(set(seen) - set(feed.targets))))
    for line in lines:
        where, state = "%s: line %d" % (feed.name, line["line"]), states.get(line["target"])
        if not line["case"] and not str(line["why"]).startswith("known already"):
            yield "%s belongs to no case" % where
        elif line["case"] and line["state"] != state:
            yield "%s: %s is %s in the results, %s in the store" % (where, line["target"], line["state"], state)


def _spool(ordeal, states):
    left = ordeal.spool()
    for name in ("incoming", "processing", "failed"):
        if getattr(left, name):
            yield "left in %s/: %s" % (name, " ".join(getattr(left, name)[:5]))
    expected = {feed.name + suffix for feed in ordeal.dropped for suffix in ("", ".result.jsonl", ".rejected")}
    if set(left.done) != expected:
        lacks, more = sorted(expected - set(left.done)), sorted(set(left.done) - expected)
        yield "done/ lacks %s, and has %s too much" % (lacks[:5], more[:5])
    for feed in ordeal.dropped:
        yield from _results(feed, left.results[feed.name], states)
        refused = [line.partition("\t")[0] for line in left.rejected[feed.name]]
        if refused != [str(line) for line in sorted(feed.refused)]:
            yield "%s: rejected lines are %s, not %s" % (feed.name, refused, sorted(feed.refused))


def spool_complaints(ordeal, evidence):
    """Every row in its file's results, once, with the end of its case; the last version may take a little time."""
    states = {case["target"]: case["state"] for campaign in evidence.campaigns for case in campaign.cases}
    end = time.monotonic() + SETTLED
    while True:
        complaints = list(_spool(ordeal, states))
        if not complaints or time.monotonic() > end:
            return complaints
        time.sleep(0.2)


def returned_complaints(ordeal, evidence):
    """Whatever was acknowledged by LMTP stands in the daemon's log."""
    tickets = {line["message_id"]: line["ticket"] for line in evidence.journal if line["outcome"] == "taken"}
    acknowledged = Counter(tickets[line["message_id"]] for line in evidence.returns if line["event"] == "taken")
    counted = Counter("T-%d" % event["notification"] for campaign in evidence.campaigns
                      for event in ordeal.events(campaign.name) if event["what"] not in ATTEMPTED)
    return ["%s: %d messages were acknowledged, %d counted" % (ticket, number, counted[ticket])
            for ticket, number in acknowledged.items() if counted[ticket] < number]


def _once(evidence):
    """Each target has one case, in whichever campaign came first."""
    cases = Counter(case["target"] for campaign in evidence.campaigns for case in campaign.cases)
    for subject in evidence.subjects:
        if cases[subject.target] != 1:
            yield "%s has %d cases" % (subject.target, cases[subject.target])


def complaints(ordeal, evidence):
    """Everything but losses, in words."""
    mails = Mails(evidence.journal)
    found = list(mails.complaints(ordeal.lives))
    if mails.duplicates > ordeal.sessions * len(ordeal.lives):
        found.append("%d duplicates are more than %d sessions × %d kills"
                     % (mails.duplicates, ordeal.sessions, len(ordeal.lives)))
    found += _once(evidence)
    found += agreement.check(evidence)
    found += returned_complaints(ordeal, evidence)
    return found + spool_complaints(ordeal, evidence)
