"""What every topology must keep to, one rule a function; each returns its faults in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from infra.shapes import (
    FIFO_SUFFIX,
    MOST_FIFO_BATCH,
    MOST_LONG_POLL_SECONDS,
    MOST_STANDARD_BATCH,
    MOST_VISIBILITY_SECONDS,
    Topology,
)

VISIBILITY_FACTOR = 6
"""A queue hides a message for at least so many times the function's timeout (AWS's own advice): a batch that
is throttled or retried inside Lambda must not be handed out a second time meanwhile."""

Rule = Callable[[Topology], Iterator[str]]


def names_are_unique(topology: Topology) -> Iterator[str]:
    """Nothing has the name of another of its kind, dead-letter queues included."""
    queues = [name for queue in topology.queues for name in (queue.name, queue.dead_letter)]
    kinds = {
        "topic": [topic.name for topic in topology.topics],
        "queue": queues,
        "function": [function.name for function in topology.functions],
        "schedule": [schedule.name for schedule in topology.schedules],
    }
    for kind, names in kinds.items():
        yield from (f"{kind} {name} is there twice" for name in {n for n in names if names.count(n) > 1})


def references_exist(topology: Topology) -> Iterator[str]:
    """What is named elsewhere is there."""
    topics = {topic.name for topic in topology.topics}
    queues = {queue.name for queue in topology.queues}
    functions = {function.name for function in topology.functions}
    for subscription in topology.subscriptions:
        if subscription.topic not in topics:
            yield f"a subscription names topic {subscription.topic}, which is not there"
        if subscription.queue not in queues:
            yield f"a subscription names queue {subscription.queue}, which is not there"
    for mapping in topology.mappings:
        if mapping.queue not in queues:
            yield f"a mapping names queue {mapping.queue}, which is not there"
        if mapping.function not in functions:
            yield f"a mapping names function {mapping.function}, which is not there"
    for schedule in topology.schedules:
        if schedule.function not in functions:
            yield f"schedule {schedule.name} names function {schedule.function}, which is not there"
    for notification in topology.notifications:
        if notification.queue not in queues:
            yield f"prefix {notification.prefix} names queue {notification.queue}, which is not there"
    for function in topology.functions:
        for variable, ref in function.variables.items():
            known = {"lake": {""}, "queue": queues, "topic": topics}[ref.kind]
            if ref.name not in known:
                yield f"{function.name}: {variable} names {ref.kind} {ref.name}, which is not there"


def every_queue_is_consumed_once(topology: Topology) -> Iterator[str]:
    """A queue has exactly one consumer: two would share its messages by chance."""
    consumers = [mapping.queue for mapping in topology.mappings]
    for queue in topology.queues:
        if consumers.count(queue.name) != 1:
            yield f"queue {queue.name} has {consumers.count(queue.name)} consumers, not one"


def every_queue_has_a_dead_letter_queue(topology: Topology) -> Iterator[str]:
    """What cannot be processed leaves after a few tries into a queue of its kind that keeps it longer."""
    for queue in topology.queues:
        if not 2 <= queue.max_receive_count <= 10:
            yield f"queue {queue.name} gives up after {queue.max_receive_count} deliveries, not 2 to 10"
        if queue.dead_letter.endswith(FIFO_SUFFIX) != queue.fifo:
            yield f"queue {queue.name} and its dead-letter queue {queue.dead_letter} are of two kinds"
        if not queue.retention_days < queue.dead_letter_retention_days <= 14:
            yield (
                f"queue {queue.name}: a dead letter keeps its age, so its queue must keep it longer "
                f"than {queue.retention_days} days and at most 14, not {queue.dead_letter_retention_days}"
            )


def visibility_outlasts_the_function(topology: Topology) -> Iterator[str]:
    """Visibility is at least six times the function's timeout and the window in which a batch is gathered."""
    for mapping in topology.mappings:
        seconds = topology.queue(mapping.queue).visibility_seconds
        least = (
            VISIBILITY_FACTOR * topology.function(mapping.function).timeout_seconds + mapping.window_seconds
        )
        if not least <= seconds <= MOST_VISIBILITY_SECONDS:
            yield f"queue {mapping.queue}: visibility is {seconds} s; {mapping.function} needs {least} s"


def queues_poll_long(topology: Topology) -> Iterator[str]:
    """An empty queue is asked every 20 s, not all the time."""
    for queue in topology.queues:
        if queue.wait_seconds != MOST_LONG_POLL_SECONDS:
            yield f"queue {queue.name} polls for {queue.wait_seconds} s, not {MOST_LONG_POLL_SECONDS}"


def fifo_feeds_fifo(topology: Topology) -> Iterator[str]:
    """A FIFO queue is fed by a FIFO topic: another would lose the order, and a bucket cannot."""
    for subscription in topology.subscriptions:
        topic, queue = topology.topic(subscription.topic), topology.queue(subscription.queue)
        if topic.fifo != queue.fifo:
            yield f"topic {topic.name} and queue {queue.name}: both must be FIFO, or none"
    for notification in topology.notifications:
        if topology.queue(notification.queue).fifo:
            yield f"a bucket cannot tell FIFO queue {notification.queue}"


def batches_fit(topology: Topology) -> Iterator[str]:
    """FIFO: at most 10 and no window. Standard: at most 10,000, and more than 10 only with a window."""
    for mapping in topology.mappings:
        fifo = topology.queue(mapping.queue).fifo
        most = MOST_FIFO_BATCH if fifo else MOST_STANDARD_BATCH
        if not 1 <= mapping.batch <= most:
            yield f"queue {mapping.queue}: a batch of {mapping.batch} is not 1 to {most}"
        if fifo and mapping.window_seconds:
            yield f"queue {mapping.queue} is FIFO and knows no window"
        if mapping.batch > MOST_FIFO_BATCH and not 1 <= mapping.window_seconds <= 300:
            yield f"queue {mapping.queue}: a batch of {mapping.batch} needs a window of 1 to 300 s"


def only_failed_messages_return(topology: Topology) -> Iterator[str]:
    """A failed message never brings back those that were processed beside it."""
    for mapping in topology.mappings:
        if not mapping.partial_failures:
            yield f"queue {mapping.queue}: {mapping.function} does not report failures message by message"


def every_event_has_one_way_in(topology: Topology) -> Iterator[str]:
    """Each type of fact belongs on one topic, what people decide on one, and each of them feeds one queue."""
    types = [kind for topic in topology.topics for kind in topic.carries]
    for kind in sorted({kind for kind in types if types.count(kind) > 1}):
        yield f"{kind} belongs on {types.count(kind)} topics, not one"
    if sum(topic.people for topic in topology.topics) != 1:
        yield "what people decide must belong on exactly one topic"
    fed = [subscription.topic for subscription in topology.subscriptions]
    for topic in topology.topics:
        if (topic.carries or topic.people) and fed.count(topic.name) != 1:
            yield f"topic {topic.name} feeds {fed.count(topic.name)} queues, not one"


def nothing_is_filtered_on_the_way_in(topology: Topology) -> Iterator[str]:
    """SNS drops what no policy lets through, and every message without attributes: lost, in silence."""
    for subscription in topology.subscriptions:
        if subscription.filter_policy is not None:
            yield f"queue {subscription.queue} takes only a part of topic {subscription.topic}"


def acts_keep_their_order(topology: Topology) -> Iterator[str]:
    """People's acts and orders travel on FIFO topics: one order, one line, one sequence."""
    for topic in topology.topics:
        ordered = topic.people or any(kind.startswith("order.") for kind in topic.carries)
        if ordered and not topic.fifo:
            yield f"topic {topic.name} carries acts and must be FIFO"


def movements_keep_their_identity(topology: Topology) -> Iterator[str]:
    """Messages arrive wrapped: only so the SNS MessageId names a movement that has no `eventId`."""
    for subscription in topology.subscriptions:
        if subscription.raw:
            yield f"queue {subscription.queue} takes {subscription.topic} raw and loses the SNS MessageId"


def functions_are_possible(topology: Topology) -> Iterator[str]:
    """Lambda's own limits."""
    for function in topology.functions:
        if not 128 <= function.memory_mb <= 10_240:
            yield f"{function.name}: memory of {function.memory_mb} MB is not 128 to 10,240"
        if not 1 <= function.timeout_seconds <= 900:
            yield f"{function.name}: a timeout of {function.timeout_seconds} s is not 1 to 900"
    for mapping in topology.mappings:
        if mapping.max_concurrency < 2:
            yield f"queue {mapping.queue}: the least concurrency that Lambda can be held to is 2"


RULES: tuple[Rule, ...] = (
    names_are_unique,
    references_exist,
    every_queue_is_consumed_once,
    every_queue_has_a_dead_letter_queue,
    visibility_outlasts_the_function,
    queues_poll_long,
    fifo_feeds_fifo,
    batches_fit,
    only_failed_messages_return,
    every_event_has_one_way_in,
    nothing_is_filtered_on_the_way_in,
    acts_keep_their_order,
    movements_keep_their_identity,
    functions_are_possible,
)


def faults(topology: Topology) -> list[str]:
    """Return everything that is wrong; references first, since the other rules follow them."""
    unknown = [fault for rule in (names_are_unique, references_exist) for fault in rule(topology)]
    return unknown or [fault for rule in RULES for fault in rule(topology)]
