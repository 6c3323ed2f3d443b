"""`shelfcast compact`, as a person runs it."""

from __future__ import annotations

from data_lake.facts.checkpoint import stock_now
from data_lake.facts.fact import Fact
from data_lake.facts.ingest import put_facts
from data_lake.lake import Lake


def test_compact(shelfcast, address: str) -> None:  # type: ignore[no-untyped-def]
    assert "Nothing has landed" in shelfcast("compact", "--lake", address).stdout
    lake = Lake(address)
    for number in range(3):
        put_facts(
            lake.objects, [Fact(f"e{number}", 1_767_225_600_000_000 + number, 0, "delta", "007", "S1", 2.0)]
        )
    said = shelfcast("compact", "--lake", address).stdout
    assert "3 batches of facts united into 1 objects" in said
    assert "new checkpoint" in said
    assert "Nothing has landed" in shelfcast("compact", "--lake", address).stdout
    assert stock_now(lake)["on_hand"].tolist() == [6.0]
