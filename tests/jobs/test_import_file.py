from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_lake.lake import Lake
from jobs.import_file import MappingError, estimate_stock, import_file, preview, to_yaml

TODAY = date(2026, 11, 23)
CSV = "date,sku,store,units\n2026-01-30,007,A,3\n2026-01-31,007,A,4\n"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def test_preview_then_import_from_an_upload(lake: Lake) -> None:
    seen = preview(lake, CSV.encode(), "sales.csv", today=TODAY)
    assert (seen.kind, seen.faults, seen.to_confirm, seen.rows_checked) == ("sales", (), (), 2)
    assert seen.parsed["quantity"].tolist() == [3.0, 4.0]
    assert lake.objects.list("") == []
    done = import_file(lake, CSV.encode(), name="sales.csv", mapping=seen.mapping_yaml, today=TODAY)
    assert done.loaded
    assert (done.tables, done.rows_read, done.rows_loaded) == (("settings", "sales"), 2, 2)
    assert preview(lake, CSV.encode(), "sales.csv").remembered
    again = import_file(lake, CSV.encode(), name="sales.csv")
    assert again.unchanged
    assert lake.read("sales")["sku"].tolist() == ["007", "007"]


def test_a_path_is_called_by_its_name(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "March.csv"
    file.write_text(CSV.replace("4", "four"))
    done = import_file(lake, file)
    assert str(done.faults[0]) == (
        "March.csv, row 3, column 'units': 'four' is not a number (decimal mark '.')"
    )
    assert not done.loaded
    report = list(csv.DictReader(io.StringIO(done.report().decode("utf-8-sig"))))
    assert report[0]["row"] == "3"


def test_an_open_question_keeps_the_file_out_until_somebody_answers(lake: Lake) -> None:
    content = CSV.replace("2026-01-30", "01/02/2026").replace("2026-01-31", "02/02/2026").encode()
    refused = import_file(lake, content, name="sales.csv")
    assert "must be confirmed" in refused.faults[0].rule
    assert "day first and as month first" in refused.faults[0].value
    assert lake.current("sales") is None
    assert import_file(lake, content, name="sales.csv", accept_guess=True).loaded
    assert lake.read("sales")["date"].dt.month.tolist() == [2, 2]


def test_what_cannot_be_opened_is_refused_not_raised(lake: Lake) -> None:
    done = import_file(lake, b"", name="empty.csv")
    assert [fault.rule for fault in done.faults] == ["is empty"]
    assert [fault.rule for fault in import_file(lake, b"", mapping="kind: sales").faults] == ["is empty"]
    with pytest.raises(MappingError):
        import_file(lake, b"", mapping="kind: nothing")
    with pytest.raises(MappingError):
        preview(lake, b"", mapping="kind: nothing")


def test_a_mapping_given_to_preview_is_checked_not_guessed(lake: Lake) -> None:
    seen = preview(lake, CSV.encode(), "x.csv")
    changed = seen.mapping.with_changes(columns={**seen.mapping.columns, "quantity": "Units"})
    again = preview(lake, CSV.encode(), "x.csv", mapping=changed)
    assert "nearest: 'units'" in again.faults[0].rule
    assert again.mapping_yaml == to_yaml(changed)


def test_stock_can_be_estimated_where_there_is_no_export(lake: Lake) -> None:
    with pytest.raises(ValueError, match="import sales first"):
        estimate_stock(lake, 10)
    import_file(lake, CSV.encode(), name="sales.csv")
    version = estimate_stock(lake, 10)
    assert version.note.startswith("an estimate, not a count")
    assert lake.read("inventory_snapshot")["on_hand"].tolist() == [2.0]  # 7 in 28 days x 10


codes = st.text(st.characters(codec="cp1252", categories=("L", "N", "P", "Zs")), min_size=1, max_size=6).map(
    str.strip
)
names = codes.filter(lambda code: code and not code.lower().strip(" :-").endswith(("total", "sum", "e")))
dialects = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from(",;\t|"),
        "encoding": st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
        "newline": st.sampled_from(["\n", "\r\n"]),
        "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        "decimal": st.sampled_from(".,"),
        "form": st.sampled_from(
            [("yyyy-mm-dd", "%Y-%m-%d"), ("dd/mm/yyyy", "%d.%m.%y"), ("mm/dd/yyyy", "%m/%d/%Y")]
        ),
        "blank": st.booleans(),
    }
)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.tuples(st.integers(0, 45), names, names), st.integers(-999, 10**6), min_size=1, max_size=25
    ),
    dialects,
)
def test_a_frame_written_in_any_dialect_imports_equal(
    tmp_path_factory: pytest.TempPathFactory, cells: dict, dialect: dict
) -> None:
    lake = Lake(tmp_path_factory.mktemp("lake"))
    form, pattern = dialect["form"]
    out = io.StringIO()
    writer = csv.writer(
        out, delimiter=dialect["delimiter"], lineterminator=dialect["newline"], quoting=dialect["quoting"]
    )
    writer.writerow(["Day", "Code", "Shop", "Amount"])
    start = date(2020, 1, 1)
    expected = []
    for (offset, sku, location), hundredths in cells.items():
        day, amount = start + timedelta(offset), hundredths / 100
        text = f"{amount:.2f}".replace(".", dialect["decimal"])
        writer.writerow([day.strftime(pattern), sku, location, text])
        if dialect["blank"]:
            out.write(dialect["newline"])
        expected.append((day, sku, location, amount))
    # Told, not found out: a text in cp1252 may happen to be valid UTF-8 of other letters.
    mapping = f"""kind: sales
columns: {{date: Day, sku: Code, location: Shop, quantity: Amount}}
dates: {{form: {form}}}
numbers: {{decimal: '{dialect["decimal"]}'}}
file: {{delimiter: "{dialect["delimiter"]}", encoding: "{dialect["encoding"]}"}}
period: D
"""
    done = import_file(lake, out.getvalue().encode(dialect["encoding"]), mapping=mapping, today=TODAY)
    assert not done.errors, done.faults
    frame = lake.read("sales", columns=["date", "sku", "location", "quantity"])
    frame["date"] = frame["date"].dt.date
    key = ["date", "sku", "location"]
    wanted = pd.DataFrame(expected, columns=[*key, "quantity"]).sort_values(key, ignore_index=True)
    found = frame.sort_values(key, ignore_index=True)
    assert found[key].to_numpy().tolist() == wanted[key].to_numpy().tolist()
    np.testing.assert_array_equal(found["quantity"], wanted["quantity"])
