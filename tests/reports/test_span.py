"""The period of a report: whole days on the hour, the period before, and both as text."""

from datetime import UTC, datetime

from made_up_week import END, WEEK

from sentiment.reports.span import Span, period_text


def test_a_span_is_whole_days_up_to_the_next_full_hour_and_has_one_before_it():
    span = Span.ending(datetime(2026, 11, 23, 14, 0, 1, tzinfo=UTC), 7)

    assert (span.start, span.end) == (
        datetime(2026, 11, 16, 15, tzinfo=UTC),
        datetime(2026, 11, 23, 15, tzinfo=UTC),
    )
    assert (span.before.start, span.before.end) == (datetime(2026, 11, 9, 15, tzinfo=UTC), span.start)
    assert Span.ending(END, 7).end == END
    assert len(span.starts) == 7
    assert len(Span.ending(END, 1).starts) == 24
    assert period_text(WEEK) == "16 Nov 2026 to 22 Nov 2026"
    assert period_text(span) == "16 Nov 2026, 15:00 UTC to 23 Nov 2026, 15:00 UTC"
