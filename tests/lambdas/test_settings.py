"""Settings of functions: read whole or not at all."""

from __future__ import annotations

import pytest

from lambdas.notification_handler.settings import Settings
from lambdas.settings import SettingsError, is_lake, is_queue, is_topic, read_settings

TOPIC = "arn:aws:sns:eu-central-1:123456789012:alerts"


def test_what_is_optional_may_be_left_out_or_empty() -> None:
    told = read_settings(Settings, {"SHELFCAST_LAKE": " s3://lake/x ", "SHELFCAST_ALERTS_TOPIC": TOPIC})
    assert told == Settings("s3://lake/x", TOPIC, "", "")


def test_a_wrong_value_is_shown_with_its_rule() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(Settings, {"SHELFCAST_LAKE": "lake", "SHELFCAST_ALERTS_TOPIC": "alerts"})
    assert caught.value.faults == (
        "SHELFCAST_ALERTS_TOPIC is 'alerts'; it is no ARN of a topic: ARN of the topic of alerts, such as "
        "arn:aws:sns:eu-central-1:123456789012:alerts",
    )
    assert str(caught.value).startswith("notification_handler cannot work: 1 setting is missing or wrong\n")


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        (is_lake, "s3://bucket/prefix", "s3://"),
        (is_lake, "/data/lake", "ftp://host/lake"),
        (is_queue, "http://127.0.0.1:4566/000000000000/replan", "https://sqs.eu-central-1.amazonaws.com"),
        (is_queue, "https://sqs.eu-central-1.amazonaws.com/123456789012/orders.fifo", "orders.fifo"),
        (is_topic, TOPIC, TOPIC.replace("123456789012", "")),
        (is_topic, "arn:aws-cn:sns:cn-north-1:123456789012:alerts.fifo", "alerts"),
    ],
)
def test_rules(rule: object, good: str, bad: str) -> None:
    assert callable(rule)
    assert (rule(good), bool(rule(bad))) == ("", True)
