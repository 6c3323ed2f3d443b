"""Deliberately broken variants: each one is a line of the shipped code that somebody might simplify."""

from __future__ import annotations

from bench.ledger.simulation.protocol import Broken

_PUT = "    put_durably(objects, part_key(folder, generation, body), body)\n    objects.delete(old)\n"
_QUARANTINE_THEN_DELETE = (
    "        quarantine_new(objects, rows, arrived, workers)\n        objects.delete(landed)"
)

VARIANTS = (
    Broken(
        "compaction deletes what it merges before the merged object is durable",
        "compact",
        _PUT,
        "    objects.delete(old)\n    put_durably(objects, part_key(folder, generation, body), body)\n",
    ),
    Broken(
        "compaction deletes landing before the partitions hold it",
        "compact",
        "    done = each(one, touched, workers)\n",
        "    objects.delete(landed)\n    done = each(one, touched, workers)\n",
    ),
    Broken(
        "compaction deletes every object of landing, not those it read",
        "compact",
        "        objects.delete(landed)",
        "        objects.delete(objects.list(LANDING))",
    ),
    Broken(
        "compaction deletes every object of the partition, not those it merged",
        "compact",
        _PUT,
        "    key = part_key(folder, generation, body)\n    put_durably(objects, key, body)\n"
        "    objects.delete([other for other in objects.list(folder) if other != key])\n",
    ),
    Broken(
        "a merged object does not sort after what it was made from",
        "compact",
        "    generation = max(map(generation_in, old), default=0) + 1\n",
        "    generation = 1\n",
    ),
    Broken(
        "a merged object is named by its generation alone",
        "layout",
        '{folder}g{generation:06d}-{hashlib.sha256(body).hexdigest()[:16]}.parquet"',
        '{folder}g{generation:06d}-.parquet"',
        world="frames",
    ),
    Broken(
        "a batch is named by how it begins, not by all of its content",
        "landing",
        "hashlib.sha256(content).hexdigest()}{LANDING_SUFFIX}",
        "hashlib.sha256(content[:60]).hexdigest()}{LANDING_SUFFIX}",
    ),
    Broken(
        "readers list what is compacted before landing",
        "listing",
        "    return Names(landing, parts)\n",
        "    return Names(objects.list(LANDING), parts)\n",
    ),
    Broken(
        "readers pass over objects that are gone",
        "listing",
        "        if len(held) == len(listed):\n",
        "        if held is not None:\n",
    ),
    Broken(
        "copies of a fact are not dropped", "rows", "pl.concat(parts).unique()", "pl.concat(parts)", "frames"
    ),
    Broken(
        "a batch is acknowledged although its put failed",
        "ingest",
        "    put_durably(objects, key, body)\n",
        "    try:\n        put_durably(objects, key, body)\n    except Exception:\n        pass\n",
    ),
    Broken(
        "an object that is said to exist is not looked for",
        "durable",
        "            continue  #",
        "            return  #",
    ),
    Broken(
        "poison blocks the rest of its batch",
        "ingest",
        "            poison.append(PoisonRecord(*record, bad.reason, bad.faults))\n",
        "            raise\n",
    ),
    Broken(
        "poison is dropped without a word",
        "ingest",
        "            poison.append(PoisonRecord(*record, bad.reason, bad.faults))\n",
        "            continue\n",
    ),
    Broken(
        "the rest of a batch is dropped after poison",
        "ingest",
        "            poison.append(PoisonRecord(*record, bad.reason, bad.faults))\n",
        "            poison.append(PoisonRecord(*record, bad.reason, bad.faults))\n            break\n",
    ),
    Broken(
        "another content of an id is not quarantined",
        "compact",
        _QUARANTINE_THEN_DELETE,
        "        objects.delete(landed)",
    ),
    Broken(
        "landing is deleted before the other content of an id is quarantined",
        "compact",
        _QUARANTINE_THEN_DELETE,
        "        objects.delete(landed)\n        quarantine_new(objects, rows, arrived, workers)",
    ),
    Broken(
        "of two contents of an id the one that came last applies",
        "settle",
        "sorted(contents.items(), key=lambda item: (item[1].order, item[0]))",
        "reversed(contents.items())",
    ),
    Broken(
        "a delta without an id takes that of the queue, not that of SNS",
        "envelope",
        'text, message_id = held["Message"], str(held.get("MessageId") or message_id)',
        'text = held["Message"]',
    ),
    Broken(
        "two equal deltas without an id are taken for one",
        "messages",
        "(spare_id if kind in MOVES else canonical_id(event))",
        "canonical_id(event)",
    ),
    Broken(
        "facts behind a checkpoint apply as if they came last",
        "checkpoint_resume",
        "    late = _late(moves, current)\n",
        "    late = _late(moves, current).clear()\n",
        "stock",
    ),
    Broken(
        "facts that a checkpoint covers are counted again",
        "checkpoint_resume",
        "facts.filter(same), facts.filter(~same), bool(",
        "facts.filter(same), facts, bool(",
        "stock",
    ),
)
"""Each must be caught by the simulation."""
