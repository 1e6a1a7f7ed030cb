"""The audit's progress and what the gate lacks, as the tab "Review" shows them."""

from page.audit_progress import PRODUCTION_CHECK, Missing, audit_card, missing_in, read_missing
from sentiment.gate.production import NAME
from sentiment.gate.verdict import Check, Decision, Verdict
from sentiment.review.items import AuditProgress

AUDIT = AuditProgress(drawn=420, settled=160, unclear=9, skipped=4, waiting=247)


def verdict(*checks):
    return Verdict(Decision.HOLD, (), checks, {"name": "b"}, None, {}, {}, "2026-11-24T12:00:00+00:00")


def test_the_card_counts_the_audit_and_what_is_missing():
    shown = audit_card("en", AUDIT, Missing(150, {2: 5200, 3: 1400, 5: 0}))

    assert "173 of 420 judged · 9 unclear · 4 skipped" in shown
    assert "Labels enough to show a gain of 5 points" in shown
    assert "1,400 more labels would show a gain of 3 points" in shown
    assert shown.index("of 5 points") < shown.index("of 3 points") < shown.index("of 2 points")
    assert "width:9.7%" in shown


def test_it_speaks_french():
    assert "5\u202f200 étiquettes de plus" in audit_card("fr", AUDIT, Missing(150, {2: 5200}))


def test_without_audit_and_verdict_there_is_no_card():
    assert audit_card("en", AuditProgress(0, 0, 0, 0, 0), None) == ""


def test_what_is_missing_is_read_from_the_gates_check(tmp_path):
    figures = {"rows": 50, "labels_missing_2": 5200, "labels_missing_3": 1400, "labels_missing_5": None}
    check = Check(PRODUCTION_CHECK, "quality", "hold", "Not shown.", figures)

    assert PRODUCTION_CHECK == NAME
    assert missing_in(verdict(check)) == Missing(150, {2: 5200, 3: 1400})
    assert missing_in(verdict()) is None
    assert read_missing(tmp_path) is None
