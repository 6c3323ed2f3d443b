"""What the Network page reads, and its acts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app import acts, cache, data
from jobs.approve_transfers import approve_transfers, withdraw_transfers
from jobs.safety_stock_placement import BufferPlan, buffer_plan
from jobs.sheets import Format
from jobs.transfer_approvals import approved_transfers
from jobs.transfer_export import export_transfers
from jobs.transfer_projection import transfer_projection
from jobs.views import network
from jobs.views.lines import records
from jobs.views.network import Network, NetworkFigures, NetworkWanted, flows, is_on_map

__all__ = [
    "ApprovalResult",
    "BufferPlan",
    "Network",
    "NetworkFigures",
    "NetworkWanted",
    "flows",
    "is_on_map",
]

ApprovalResult = data.ApprovalResult
ROWS = 200
"""Most rows of a table; the filters and the downloads have the rest."""


@st.cache_resource(max_entries=4, ttl=cache.HOUR, show_spinner="Reading the network …")
def _network(address: str, run_id: str) -> Network:
    return network.load(cache.lake(address), cache.run(address, run_id), cache.lines(address, run_id))


@st.cache_resource(max_entries=16, ttl=cache.HOUR, show_spinner=False)
def _transfers(address: str, run_id: str, ledger: str) -> pd.DataFrame:
    del ledger  # a part of the key
    return network.with_state(cache.lake(address), _network(address, run_id).transfers)


@st.cache_resource(max_entries=16, ttl=cache.HOUR, show_spinner=False)
def _approved(address: str, ledger: str) -> pd.DataFrame:
    del ledger  # a part of the key
    return approved_transfers(cache.lake(address))


@st.cache_resource(max_entries=32, ttl=cache.HOUR, show_spinner=False)
def _projection(address: str, run_id: str, transfer_id: str) -> pd.DataFrame:
    found = _network(address, run_id).transfers
    (row,) = records(found[found["transfer_id"] == transfer_id])
    return transfer_projection(cache.lake(address), cache.run(address, run_id), row)


@st.cache_resource(max_entries=32, ttl=cache.HOUR, show_spinner=False)
def _buffers(address: str, run_id: str, sku: str) -> BufferPlan:
    return buffer_plan(cache.lake(address), cache.run(address, run_id), sku)


def whole() -> Network:
    """Return the network of the run shown."""
    return _network(*_key())


def transfers(wanted: NetworkWanted) -> pd.DataFrame:
    """Return what should move, of what a planner asked for, most money first, with what is decided."""
    return network.narrow_transfers(whole(), _transfers(*_key(), _ledger()), wanted)


def idle(wanted: NetworkWanted) -> pd.DataFrame:
    """Return lanes to shortages that carry nothing, the dearest shortage first."""
    return network.narrow_transfers(whole(), whole().idle, wanted).head(ROWS)


def places(wanted: NetworkWanted) -> pd.DataFrame:
    """Return each place with its stock, cover, fill and shortages."""
    return network.narrow_places(whole(), wanted)


def figures(moves: pd.DataFrame, held: pd.DataFrame) -> NetworkFigures:
    """Return what the transfers and places shown add up to."""
    return network.figures(moves, held)


def chosen(moves: pd.DataFrame, rows: Sequence[int]) -> pd.DataFrame:
    """Return the selected transfers that are still open; a row that is gone is left out."""
    picked = moves.iloc[[row for row in rows if row < len(moves)]]
    return picked[picked["state"] == "open"]


def on_map(moves: pd.DataFrame, rows: Sequence[int]) -> pd.DataFrame:
    """Return the transfers that the map draws: the selected, or all."""
    picked = [row for row in rows if row < len(moves)]
    return moves.iloc[picked] if picked else moves


def row_of(moves: pd.DataFrame, rows: Sequence[int]) -> dict[str, Any] | None:
    """Return the transfer to look at: the first selected, else the first of all."""
    picked = [row for row in rows if row < len(moves)] or ([0] if len(moves) else [])
    return records(moves.iloc[picked[:1]])[0] if picked else None


def projection(transfer: Mapping[str, Any]) -> pd.DataFrame:
    """Return stock ahead at both ends of a transfer, without and with it."""
    return _projection(*_key(), str(transfer["transfer_id"]))


def buffers(sku: str) -> BufferPlan:
    """Return where the safety stock of a product stands and should stand; JobError: it cannot be said."""
    return _buffers(*_key(), sku)


def place_names() -> dict[str, str]:
    """Return the name of each location."""
    found = whole().places
    return dict(zip(found["location"], found["name"], strict=True))


def approved_order_ids() -> list[str]:
    """Return the orders of approved transfers that have not left before the day planned."""
    found = _approved(data.uri(), _ledger())
    ahead = found[found["ship_date"] >= pd.Timestamp(data.run().as_of)]
    return sorted(set(ahead["order_id"]))


@acts.recorded
def approve(transfer_ids: Sequence[str], note: str) -> ApprovalResult:
    """Approve transfers of the run shown."""
    return approve_transfers(
        data.lake(), run_id=data.run().run_id, transfer_ids=transfer_ids, **acts.signed(note)
    )


@acts.recorded
def withdraw(order_id: str, reason: str) -> ApprovalResult:
    """Withdraw an order of transfers."""
    return withdraw_transfers(data.lake(), order_id=order_id, **acts.signed(reason))


def export_proposals(moves: pd.DataFrame, fmt: Format) -> bytes:
    """Return the transfers shown as a file."""
    return export_transfers(moves, data.run(), data.settings().currency, fmt)


def _key() -> tuple[str, str]:
    return data.uri(), data.run().run_id


def _ledger() -> str:
    return cache.ledger(data.uri())
