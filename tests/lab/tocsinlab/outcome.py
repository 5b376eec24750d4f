"""What a rehearsal has shown, as one object (stable) and in words."""
from collections import Counter

from . import agreement, reach
from .settings import sources


def judge(evidence):
    """The object that `rehearse --json` prints."""
    found = sources(evidence.settings)
    campaign_of = {agreement.ticket_of(row): campaign.name for campaign in evidence.campaigns for row in campaign.notifications}
    told = reach.reached(evidence.journal, campaign_of)
    subjects = {(subject.campaign, subject.target): subject for subject in evidence.subjects}
    reachable = {key for key, subject in subjects.items() if reach.reachable(evidence.world, subject, *found)}
    reached = {key for key in told if key in subjects}
    complaints = agreement.check(evidence)
    return {
        "cases": len(subjects), "reachable": len(reachable), "reached": len(reached),
        **_mails(evidence),
        "agrees": not complaints, "seconds": round(evidence.seconds, 2), "report": _report(evidence),
        "ends": dict(sum((Counter(case["state"] for case in campaign.cases) for campaign in evidence.campaigns), Counter())),
        "missed": _missed(evidence, reached), "disagreements": complaints,
    }


def _mails(evidence):
    """Mails that some server saw, and those that failed because of the recipient, each under its primary kind; from the journal, which does not
    know of kinds: those are the notification's."""
    fates = agreement.Fates(evidence)
    mails, bounced = Counter(), Counter()
    for campaign in evidence.campaigns:
        for row in campaign.notifications:
            recipient = row["recipient"].lower()
            key = recipient, agreement.ticket_of(row)
            refused = row["bounced"] == "session" and bool(fates.refused[recipient])
            if key in fates.taken or refused or row["attempts"] and fates.deferred[recipient]:
                mails[row["kind"]] += 1
            if key in fates.bounced or refused:
                bounced[row["kind"]] += 1
    return {"mails": sum(mails.values()), "mails_by_kind": dict(mails), "bounced_by_kind": dict(bounced)}


def _report(evidence):
    figures = {campaign.name: campaign.figures for campaign in evidence.campaigns}
    return next(iter(figures.values())) if len(figures) == 1 else {"campaigns": figures}


def _missed(evidence, reached):
    """Cases that ended unreached although somebody on their ladder reads, and nothing above him takes mail in vain."""
    return ["%s: %s" % (campaign.name, case["target"]) for campaign in evidence.campaigns for case in campaign.cases
            if case["state"] in agreement.ENDS and (campaign.name, case["target"]) not in reached
            and reach.blocked(evidence.world, [rung["address"] for rung in case["rungs"]]) is False]


def _percent(part, whole):
    return "%.1f%%" % (100.0 * part / whole) if whole else "-"


def text(result):
    """In words."""
    abuse, failed = (result[key].get("rfc2142-abuse", 0) for key in ("mails_by_kind", "bounced_by_kind"))
    lines = ["In the lab, whose journal knows who reads (%.1f s):" % result["seconds"],
             "  abuse@ bounced     %6s  (%d of %d mails)" % (_percent(failed, abuse), failed, abuse),
             "  told after all     %6s  (%d of %d cases reached somebody who reads)" % (_percent(result["reached"], result["cases"]),
                                                                                   result["reached"], result["cases"]),
             "  of those reachable %6s  (%d of %d)" % (_percent(result["reached"], result["reachable"]), result["reached"], result["reachable"])]
    if result["missed"]:
        lines.append("  missed for no good reason: " + ", ".join(result["missed"][:10]))
    if result["agrees"]:
        lines.append("The report agrees with the journal.")
    else:
        lines += ["The report DISAGREES with the journal:"] + ["  " + complaint for complaint in result["disagreements"][:50]]
        lines += ["  … and %d more" % (len(result["disagreements"]) - 50)] if len(result["disagreements"]) > 50 else []
    return "\n".join(lines)
