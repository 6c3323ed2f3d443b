"""The demo lake: a seeded FMCG company with planted truth and planted faults (docs/demo-lake.md)."""

from data_lake.demo.faults import PLANTED_FAULTS, PlantedFault
from data_lake.demo.generate import build, generate

__all__ = ["PLANTED_FAULTS", "PlantedFault", "build", "generate"]
