"""The log channel, and the channels that follow from the settings."""

import logging

import pytest
from alert_fixtures import FIRED_NOTICE, PAGE, RESOLVED_NOTICE

from sentiment.config import Settings
from sentiment.errors import ConfigError
from sentiment.supervision import channels
from sentiment.supervision.channels import LogChannel


def test_the_log_warns_when_an_alert_fires_and_informs_when_it_is_over(caplog):
    channel = LogChannel(PAGE)

    with caplog.at_level(logging.INFO, "sentiment.alert"):
        channel.send(FIRED_NOTICE)
        channel.send(RESOLVED_NOTICE)

    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        (
            "WARNING",
            "alert fired: Bad predictions: 4 in 5 minutes (limit: 3 or more), since 2026-03-01 12:00 UTC; "
            "look at the Monitor tab of http://127.0.0.1:7860",
        ),
        (
            "INFO",
            "alert resolved: Bad predictions: over since 2026-03-01 12:14 UTC; "
            "it began 2026-03-01 12:00 UTC, at most 7 in 5 minutes; "
            "look at the Monitor tab of http://127.0.0.1:7860",
        ),
    ]


def test_channels_follow_from_the_settings(tmp_path):
    everything = {
        "alert_webhook_url": "https://example.org/hook",
        "alert_mail_to": "a@example.org",
        "smtp_url": "smtp://localhost",
    }

    assert [channel.name for channel in channels.from_settings(Settings(home=tmp_path))] == ["log"]
    assert [channel.name for channel in channels.from_settings(Settings(home=tmp_path, **everything))] == [
        "log",
        "webhook",
        "mail",
    ]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"alert_mail_to": "a@example.org"}, "SENTIMENT_SMTP_URL"),
        ({"smtp_url": "smtp://localhost"}, "SENTIMENT_ALERT_MAIL_TO"),
        ({"alert_webhook_url": "canary4711"}, "SENTIMENT_ALERT_WEBHOOK_URL"),
        ({"alert_webhook_url": "ftp://canary4711"}, "SENTIMENT_ALERT_WEBHOOK_URL"),
        ({"alert_webhook_url": "http://canary4711:port/"}, "SENTIMENT_ALERT_WEBHOOK_URL"),
        ({"alert_mail_to": "a@example.org", "smtp_url": "canary4711"}, "SENTIMENT_SMTP_URL"),
        ({"alert_mail_to": "a@example.org", "smtp_url": "smtp://host:canary4711"}, "SENTIMENT_SMTP_URL"),
        ({"alert_mail_to": "a@example.org", "smtp_url": "smtp://[canary4711"}, "SENTIMENT_SMTP_URL"),
        ({"alert_mail_to": "canary4711", "smtp_url": "smtp://localhost"}, "SENTIMENT_ALERT_MAIL_TO"),
        (
            {"alert_mail_to": "a@example.org\nBcc: canary4711@example.org", "smtp_url": "smtp://localhost"},
            "SENTIMENT_ALERT_MAIL_TO",
        ),
        (
            {
                "alert_mail_to": "a@example.org",
                "smtp_url": "smtp://localhost",
                "alert_mail_from": "canary4711",
            },
            "SENTIMENT_ALERT_MAIL_FROM",
        ),
    ],
)
def test_a_channel_that_cannot_work_is_refused_without_repeating_its_setting(tmp_path, settings, words):
    with pytest.raises(ConfigError, match=words) as failure:
        channels.from_settings(Settings(home=tmp_path, **settings))
    assert "canary4711" not in str(failure.value)
