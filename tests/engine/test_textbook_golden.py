"""Published answers of inventory theory, to the precision they are printed with (golden/textbook.json)."""

import json
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "textbook.json").read_text())
ROUNDING = 1e-12  # of a double after a few operations, relative; a printed sixteenth digit means no more


def answer(call):
    """Return what our function says, one field of it if the call names one."""
    function = getattr(import_module(f"engine.replenishment.textbook.{call['module']}"), call["function"])
    result = function(**{name: argument(value) for name, value in call["arguments"].items()})
    return np.asarray(getattr(result, call["field"]) if call.get("field") else result, dtype=float)


def argument(value):
    if isinstance(value, dict) and "distribution" in value:
        return getattr(stats, value["distribution"])(*value["args"], **value.get("kwds", {}))
    return answer(value) if isinstance(value, dict) else value


def families():
    names = sorted({case["module"] for case in GOLDEN["cases"]})
    return [pytest.param([c for c in GOLDEN["cases"] if c["module"] == name], id=name) for name in names]


@pytest.mark.parametrize("cases", families())
def test_published_answers(cases):
    for case in cases:
        for known in case["answers"]:
            got = answer({**case, "field": known["field"]})
            where = f"{case['source']}: {case['function']} {known['field']}"
            if "at_most" in known:
                assert got <= known["at_most"] * (1 + ROUNDING), where
            elif "at_least" in known:
                assert got >= known["at_least"] * (1 - ROUNDING), where
            else:
                wanted = answer(known["agrees_with"]) if "agrees_with" in known else np.array(known["value"])
                allowed = np.maximum(known["tolerance"], ROUNDING * np.abs(wanted) + 1e-14)
                assert np.all(np.abs(got - wanted) <= allowed), f"{where}: {got} and {wanted}"


def test_every_published_value_is_asked_once():
    ids = [known["id"] for case in GOLDEN["cases"] for known in case["answers"] if "id" in known]
    assert len(ids) == len(set(ids)) == GOLDEN["covered"]
