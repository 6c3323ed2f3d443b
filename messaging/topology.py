"""Make a topology's topics, queues and subscriptions through the API of AWS, where an endpoint says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.shapes import Queue, Topology


@dataclass(frozen=True)
class Endpoint:
    """Where SNS and SQS answer, and who asks."""

    url: str
    access_key: str
    secret_key: str
    region: str

    def client(self, service: str) -> Any:
        """Return a boto3 client of its own."""
        import boto3  # 0.8 s: only when somebody talks to AWS
        from botocore.config import Config

        return boto3.client(
            service,
            endpoint_url=self.url,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=self.region,
            config=Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=5),
        )


@dataclass(frozen=True)
class Made:
    """What was made, by name: addresses of queues (dead-letter queues among them) and ARNs."""

    queue_urls: Mapping[str, str] = field(default_factory=dict)
    queue_arns: Mapping[str, str] = field(default_factory=dict)
    topic_arns: Mapping[str, str] = field(default_factory=dict)


def make_topology(
    endpoint: Endpoint, topology: Topology, *, visibility_seconds: Mapping[str, int] | None = None
) -> Made:
    """Make every topic, queue, dead-letter queue and subscription; what is there already is kept.

    Parameters
    ----------
    endpoint
        Where.
    topology
        What.
    visibility_seconds
        By queue, other visibility timeouts than the topology's [s]: on a laptop nobody waits six minutes for
        the second try.

    Returns
    -------
    Made
        Addresses by name.
    """
    sns, sqs = endpoint.client("sns"), endpoint.client("sqs")
    topics = {topic.name: _topic(sns, topic.name, fifo=topic.fifo) for topic in topology.topics}
    urls: dict[str, str] = {}
    arns: dict[str, str] = {}
    for queue in topology.queues:
        sources = [topics[part.topic] for part in topology.subscriptions if part.queue == queue.name]
        shown = (visibility_seconds or {}).get(queue.name, queue.visibility_seconds)
        _queue(sqs, queue, shown, sources, urls, arns)
    for part in topology.subscriptions:
        attributes = {"RawMessageDelivery": "true"} if part.raw else {}
        if part.filter_policy is not None:
            attributes["FilterPolicy"] = json.dumps(part.filter_policy)
        sns.subscribe(
            TopicArn=topics[part.topic], Protocol="sqs", Endpoint=arns[part.queue], Attributes=attributes
        )
    return Made(urls, arns, topics)


def subscribe_http(
    endpoint: Endpoint, topic_arn: str, url: str, *, filter_policy: Mapping[str, Any] | None = None
) -> None:
    """Have a topic's messages posted to `url`, which must confirm the subscription that SNS offers it."""
    attributes = {} if filter_policy is None else {"FilterPolicy": json.dumps(filter_policy)}
    endpoint.client("sns").subscribe(TopicArn=topic_arn, Protocol="http", Endpoint=url, Attributes=attributes)


def _topic(sns: Any, name: str, *, fifo: bool) -> str:
    attributes = {"FifoTopic": "true", "ContentBasedDeduplication": "false"} if fifo else {}
    arn: str = sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]
    return arn


def _queue(
    sqs: Any,
    queue: Queue,
    visibility_seconds: int,
    sources: list[str],
    urls: dict[str, str],
    arns: dict[str, str],
) -> None:
    dead = queue.dead_letter
    urls[dead], arns[dead] = _made(sqs, dead, queue.dead_letter_attributes())
    attributes = queue.attributes(arns[dead]) | {"VisibilityTimeout": str(visibility_seconds)}
    urls[queue.name], arns[queue.name] = _made(sqs, queue.name, attributes)
    if sources:
        policy = _may_send(arns[queue.name], sources)
        sqs.set_queue_attributes(QueueUrl=urls[queue.name], Attributes={"Policy": json.dumps(policy)})


def _made(sqs: Any, name: str, attributes: Mapping[str, str]) -> tuple[str, str]:
    url: str = sqs.create_queue(QueueName=name, Attributes=dict(attributes))["QueueUrl"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, told["Attributes"]["QueueArn"]


def _may_send(queue_arn: str, topic_arns: list[str]) -> dict[str, Any]:
    """Only these topics may send to the queue; without a policy SNS delivers nothing."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue_arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": sorted(set(topic_arns))}},
            }
        ],
    }
