#!/usr/bin/python3
"""The judge judged: a report that tells the truth agrees with the journal, and each lie is noticed."""
import copy
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from tocsinlab import agreement, outcome, reach, scenario  # noqa: E402
from tocsinlab.rehearsal import Campaign, Evidence  # noqa: E402

WORLD = {"domains": {
    "bakery.example": {"mx": ["mx.p.example"], "mailboxes": {"abuse": "reject", "postmaster": "bounce:exim", "info": "read"}},
    "church.example": {"mx": ["mx.p.example"], "mailboxes": {"abuse": "bounce:qmail x2"}},
    "school.example": {"mx": ["mx.p.example"], "mailboxes": {"abuse": "optout", "info": "read"}},
    "lonely.example": {"mx": ["mx.p.example"], "mailboxes": {"abuse": "read"}},
}}


def line(recipient, event, message=None, targets=(), outcome="taken", sender=None):
    return {"time": "", "event": event, "recipient": recipient, "message_id": "<%s@t.example>" % message if message else None, "ticket": message, "outcome": outcome,
            "envelope_sender": "bounce+%s@t.example" % (message or recipient) if sender is None else sender, "targets": list(targets)}


def back(recipient, message, what="bounce", forged=False, event="taken"):
    return {"event": event, "what": what, "about": recipient, "message_id": "<%s@t.example>" % message, "forged": forged}


def mail(number, recipient, kind, targets, accepted=True, bounced=None, state="delivered", attempts=1):
    return {"id": number, "recipient": recipient, "kind": kind, "targets": targets, "accepted": accepted,
            "bounced": bounced, "state": state, "attempts": attempts, "reason": None}


def case(target, state, *rungs):
    return {"target": target, "state": state, "rungs": [{"address": address, "state": rung} for address, rung in rungs]}


def truth():
    """A small campaign of which everything is known, told as it was."""
    journal = [
        line("abuse@bakery.example", "reject", outcome="refused"),
        line("postmaster@bakery.example", "bounce:exim", "T-2", ["bakery.example"]),
        line("info@bakery.example", "read", "T-3", ["bakery.example"]),
        line("abuse@church.example", "bounce:qmail", "T-4", ["church.example"]),
        line("abuse@school.example", "optout", "T-5", ["school.example"]),
        line("abuse@school.example", "optout", "T-6", [], sender=""),
    ]
    returns = [back("postmaster@bakery.example", "T-2"), back("abuse@church.example", "T-4"), back("abuse@church.example", "T-4"),
               back("abuse@school.example", "T-5", "optout"), back("info@bakery.example", "T-3", forged=True)]
    mails = [
        mail(1, "abuse@bakery.example", "rfc2142-abuse", ["bakery.example"], False, "session", "bounced"),
        mail(2, "postmaster@bakery.example", "rfc2142-postmaster", ["bakery.example"], True, "later", "bounced"),
        mail(3, "info@bakery.example", "rfc2142-info", ["bakery.example"]),
        mail(4, "abuse@church.example", "rfc2142-abuse", ["church.example"], True, "later", "bounced"),
        mail(5, "abuse@school.example", "rfc2142-abuse", ["school.example"]),
    ]
    cases = [
        case("bakery.example", "delivered", ("abuse@bakery.example", "bounced"), ("postmaster@bakery.example", "bounced"), ("info@bakery.example", "sent")),
        case("church.example", "exhausted", ("abuse@church.example", "bounced")),
        case("school.example", "opted-out", ("abuse@school.example", "sent"), ("info@school.example", "untried")),
    ]
    figures = {"ends": {"delivered": 1, "exhausted": 1, "opted-out": 1, "open": 0}, "kinds": [
        {"kind": "rfc2142-abuse", "mails": 3, "accepted": 2, "bounced_session": 1, "bounced_later": 1},
        {"kind": "rfc2142-postmaster", "mails": 1, "accepted": 1, "bounced_session": 0, "bounced_later": 1},
        {"kind": "rfc2142-info", "mails": 1, "accepted": 1, "bounced_session": 0, "bounced_later": 0}]}
    subjects = [reach.Subject("c", target, [target], []) for target in ("bakery.example", "church.example", "school.example")]
    return Evidence(journal, returns, [], [Campaign("c", figures, mails, cases)], scenario.Scenario(WORLD), subjects, [], 1.0)


class Agreement(unittest.TestCase):
    def told(self, change):
        """What is said against the truth after CHANGE(evidence, campaign)."""
        evidence = copy.deepcopy(truth())
        change(evidence, evidence.campaigns[0])
        return agreement.check(evidence)

    def lie(self, words, change):
        complaints = self.told(change)
        self.assertTrue(any(words in complaint for complaint in complaints), complaints)

    def test_truth(self):
        self.assertEqual(agreement.check(truth()), [])

    def test_a_mail_that_never_arrived(self):
        self.lie("the journal does not have it", lambda evidence, campaign: evidence.journal.pop(2))

    def test_a_mail_that_the_report_forgot(self):
        self.lie("does not call accepted", lambda evidence, campaign: campaign.notifications[2].update(accepted=False))
        self.lie("does not call accepted", lambda evidence, campaign: campaign.notifications.pop(4))

    def test_a_refusal_that_was_none(self):
        self.lie("0 refused by the journal, 1 by the report", lambda evidence, campaign: evidence.journal.pop(0))
        self.lie("1 refused by the journal, 0 by the report", lambda evidence, campaign: campaign.notifications[0].update(bounced=None))

    def test_a_bounce_overlooked_or_invented(self):
        self.lie("1 bounced later by the journal, 0", lambda evidence, campaign: campaign.notifications[1].update(bounced=None))
        self.lie("0 bounced later by the journal, 1", lambda evidence, campaign: campaign.notifications[2].update(bounced="later"))

    def test_a_forged_bounce_believed(self):
        self.lie("0 bounced later", lambda evidence, campaign: evidence.returns[0].update(forged=True))

    def test_a_bounce_that_is_still_on_its_way(self):
        self.lie("0 bounced later", lambda evidence, campaign: evidence.returns[0].update(event="scheduled"))

    def test_a_delay_taken_for_a_bounce(self):
        self.lie("0 bounced later", lambda evidence, campaign: evidence.returns[0].update(what="delay"))

    def test_a_case_that_ends_wrongly(self):
        self.lie("arrived", lambda evidence, campaign: campaign.cases[0].update(state="exhausted"))
        self.lie("has no mail that arrived", lambda evidence, campaign: campaign.cases[1].update(state="delivered"))
        self.lie("opted out", lambda evidence, campaign: campaign.cases[2].update(state="delivered"))
        self.lie("nobody wrote back", lambda evidence, campaign: campaign.cases[1].update(state="answered"))
        self.lie("expired", lambda evidence, campaign: campaign.cases[1].update(state="expired"))

    def test_an_address_that_its_name_tells_of(self):
        alone = dict(case("192.0.2.7", "cancelled"), note="192.0.2.7 and bakery.example are one host by DNS: case 1 tells of it")
        self.assertEqual(self.told(lambda evidence, campaign: campaign.cases.append(alone) or campaign.figures["ends"].update(cancelled=1)), [])
        self.lie("cancelled", lambda evidence, campaign: campaign.cases.append(dict(alone, note=None)))

    def test_a_rung_that_was_never_tried(self):
        self.lie("was not tried", lambda evidence, campaign: campaign.cases[1]["rungs"].append({"address": "info@church.example", "state": "untried"}))
        self.lie("knows of no failure", lambda evidence, campaign: campaign.cases[1]["rungs"].append({"address": "info@church.example", "state": "bounced"}))
        self.assertEqual(self.told(lambda evidence, campaign: campaign.cases[1]["rungs"].append({"address": "x@y.example", "state": "skipped"})), [])

    def test_a_mail_about_somebody_else(self):
        self.lie("does not speak of it", lambda evidence, campaign: evidence.journal[2].update(targets=["church.example"]))

    def test_the_same_mail_twice(self):
        twice = lambda evidence, campaign: evidence.journal.append(evidence.journal[2])
        self.lie("sent 2 times", twice)
        self.assertEqual(self.told(lambda evidence, campaign: (twice(evidence, campaign), evidence.faults.append({"do": "drop"}))), [])

    def test_the_same_mail_with_another_id(self):
        again = lambda evidence, campaign: evidence.journal.append(dict(evidence.journal[2], message_id="<other@t.example>"))
        self.lie("two Message-IDs", again)

    def test_totals_that_do_not_add_up(self):
        self.lie("list of cases", lambda evidence, campaign: campaign.figures["ends"].update(delivered=2))
        for measure in ("mails", "accepted", "bounced_session", "bounced_later"):
            self.lie("the report's kinds have", lambda evidence, campaign: campaign.figures["kinds"][0].update({measure: 7}))

    def test_attempts_that_nobody_saw(self):
        self.lie("attempts, the journal none", lambda evidence, campaign: campaign.notifications.append(
            mail(9, "info@school.example", "rfc2142-info", ["school.example"], False, None, "deferred", 3)))

    def test_policy_is_about_us(self):
        def refused(evidence, campaign):
            evidence.journal[0].update(event="policy")
        self.lie("0 refused by the journal, 1 by the report", refused)


class Large(unittest.TestCase):
    CASES = 20000
    SPEND = 10  # seconds of processor time; looked through one by one, each of these took minutes

    def judged(self, journal, returns, mails, state, rung):
        targets = ["site%05d.example" % number for number in range(self.CASES)]
        cases = [case(target, state, ("abuse@hoster.example", rung)) for target in targets]
        figures = {"ends": {state: self.CASES}, "kinds": [{"kind": "override", "mails": len(mails), "accepted": len(mails), "bounced_session": 0,
                                                           "bounced_later": len(returns)}]}
        overrides = 'contacts.overrides=[{"network": "192.0.2.0/24", "contacts": ["abuse@hoster.example"]}]'
        subjects = [reach.Subject("c", target, [target], ["192.0.2.1"]) for target in targets]
        begin = time.process_time()
        result = outcome.judge(Evidence(journal, returns, [], [Campaign("c", figures, mails, cases)], scenario.Scenario({"domains": {}}), subjects, [overrides], 1.0))
        self.assertLess(time.process_time() - begin, self.SPEND)
        self.assertEqual((result["cases"], result["disagreements"]), (self.CASES, []))

    def test_one_mail_about_all(self):
        targets = ["site%05d.example" % number for number in range(self.CASES)]
        self.judged([line("abuse@hoster.example", "read", "T-1", targets)], [], [mail(1, "abuse@hoster.example", "override", targets)], "delivered", "sent")

    def test_a_mail_about_each_and_one_that_failed(self):
        """Each of the hoster's mails but the last is about nobody's case; that one says why all of them are exhausted."""
        numbers = range(1, self.CASES + 1)
        self.judged([line("abuse@hoster.example", "bounce:exim", "T-%d" % number, []) for number in numbers], [back("abuse@hoster.example", "T-%d" % self.CASES)],
                    [mail(number, "abuse@hoster.example", "override", [], True, "later" if number == self.CASES else None) for number in numbers], "exhausted", "bounced")


class Figures(unittest.TestCase):
    def test_outcome(self):
        result = outcome.judge(truth())
        self.assertEqual((result["cases"], result["reachable"], result["reached"], result["agrees"]), (3, 2, 2, True))
        self.assertEqual(result["mails_by_kind"], {"rfc2142-abuse": 3, "rfc2142-postmaster": 1, "rfc2142-info": 1})
        self.assertEqual(result["bounced_by_kind"], {"rfc2142-abuse": 2, "rfc2142-postmaster": 1})
        self.assertEqual((result["mails"], result["missed"]), (5, []))
        self.assertIn("66.7%  (2 of 3 mails)", outcome.text(result))
        self.assertIn("agrees", outcome.text(result))

    def test_missed(self):
        evidence = truth()
        evidence.campaigns[0].cases.append(case("lonely.example", "exhausted", ("abuse@lonely.example", "bounced")))
        evidence.subjects.append(reach.Subject("c", "lonely.example", [], []))
        result = outcome.judge(evidence)
        self.assertEqual((result["missed"], result["agrees"], result["reachable"]), (["c: lonely.example"], False, 3))
        self.assertIn("DISAGREES", outcome.text(result))

    def test_candidates(self):
        world = scenario.Scenario({"domains": {"www.bakery.example": {"mx": ["mx.p.example"]}, "shop.bakery.example": {"a": ["203.0.113.5"]}}})
        subject = reach.Subject("c", "bakery.example", ["shop.bakery.example", "www.bakery.example"], ["192.0.2.7", "2001:db8::1"])
        overrides = [{"domain": "bakery.example", "contacts": ["a@x.example"]}, {"suffix": "bakery.example", "contacts": ["b@x.example"]},
                     {"network": "192.0.2.0/24", "contacts": ["c@x.example"]}, {"network": "2001:db8::/32", "contacts": ["d@x.example"]},
                     {"network": "198.51.100.0/24", "contacts": ["e@x.example"]}, {"domain": "church.example", "contacts": ["f@x.example"]},
                     {"network": "203.0.113.0/24", "contacts": ["g@x.example"]}]
        self.assertEqual(reach.candidates(world, subject, ["abuse"], overrides, False),
                         ["a@x.example", "b@x.example", "c@x.example", "d@x.example", "g@x.example", "abuse@www.bakery.example", "abuse@bakery.example"])
        alone = reach.Subject("c", "192.0.2.7", [], ["192.0.2.7"])
        self.assertEqual(reach.candidates(world, alone, ["abuse"], overrides, False), ["c@x.example"])

    def test_blocked(self):
        world = scenario.Scenario({"domains": {"a.example": {"a": ["192.0.2.1"], "mailboxes": {"r": "read", "v": "accept", "n": "reject"}}}})
        for ladder, expected in ((["n@a.example", "r@a.example"], False), (["v@a.example", "r@a.example"], True), (["n@a.example"], None), ([], None)):
            self.assertIs(reach.blocked(world, ladder), expected)


if __name__ == "__main__":
    unittest.main()
