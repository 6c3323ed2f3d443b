"""Thousands of interleavings with crashes and lost answers lose no fact; broken code is noticed."""

from __future__ import annotations

import pytest

from bench.ledger.simulation.protocol import Broken, load
from bench.ledger.simulation.run import catch, simulate
from bench.ledger.simulation.variants import VARIANTS

SEEDS = 2_400
CHUNKS = 6


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_seed_ends_well(chunk: int) -> None:
    size = SEEDS // CHUNKS
    failures, happened = simulate(range(chunk * size, (chunk + 1) * size))
    assert failures == []
    # the worlds must be rough enough to prove something
    for what in ("crash", "crash after the effect", "answer lost", "refused", "mistaken", "gone", "conflict"):
        assert happened[what] > size / 10, f"{what} hardly happened: {happened[what]} times in {size} worlds"
    assert happened["read"] > 5 * size


def test_parquet_and_frames_do_the_same() -> None:
    failures, happened = simulate(range(50), "frames")
    assert failures == []
    assert happened["conflict"] > 10


def test_stock_is_read_right_from_checkpoints_that_die_anywhere() -> None:
    failures, happened = simulate(range(20), "stock")
    assert failures == []
    assert happened["checkpoint"] > 20
    assert happened["checkpoint died"] > 20


@pytest.mark.parametrize("broken", VARIANTS, ids=lambda broken: broken.name)
def test_broken_code_is_noticed(broken: Broken) -> None:
    assert catch(broken, range({"lines": 2_000, "frames": 100, "stock": 40}[broken.world])) is not None


def test_the_same_seed_gives_the_same_world() -> None:
    assert simulate(range(5)) == simulate(range(5))


def test_a_variant_whose_line_is_gone_is_not_taken_for_caught() -> None:
    with pytest.raises(LookupError, match="say what to break"):
        load(Broken("no such line", "compact", "this line is not there", ""))


def test_a_variant_that_does_not_run_is_not_taken_for_caught() -> None:
    line = "    put_durably(objects, key, body)\n"
    with pytest.raises(NameError, match="no_such_name"):
        catch(Broken("does not run", "ingest", line, "    no_such_name()\n"), range(3))
