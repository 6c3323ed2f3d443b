"""On Item the sliders plan a line alone; what lines share is said beside them, and adds up to the order."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from app import cache
from data_lake.lake import Lake
from data_lake.runs import latest_run, read_run_table
from jobs.views.what_if import sandbox

ROOT = Path(__file__).parents[2]


def test_what_lines_share_is_told_apart_from_the_sliders(planned_lake: Lake) -> None:
    run = latest_run(planned_lake)
    lines = read_run_table(planned_lake, run, "plan_lines").set_index("line_id")
    line = lines[lines["bound"] == "supplier_minimum"].query("quantity > 0").iloc[0]
    box = sandbox(planned_lake, run, line["sku"], line["location"], line["source"])
    assert box.planned.quantity + box.shared == line["quantity"]
    assert f"{box.shared:+,.0f} to {line['quantity']:,.0f} units" in box.shared_words
    for name in ("lake", "latest", "ledger", "settings", "is_behind"):
        getattr(cache, name).clear()
    page = AppTest.from_file(ROOT / "app" / "main.py", default_timeout=60)
    page.run()
    page.query_params["sku"], page.query_params["location"] = line["sku"], line["location"]
    page.switch_page(str(ROOT / "pages" / "item.py")).run()
    assert not page.exception
    assert any(box.shared_words in caption.value for caption in page.caption)


def test_a_line_that_shares_nothing_says_nothing(planned_lake: Lake) -> None:
    run = latest_run(planned_lake)
    lines = read_run_table(planned_lake, run, "plan_lines")
    line = lines[lines["term_joint"] == 0.0].iloc[0]
    assert not sandbox(planned_lake, run, line["sku"], line["location"], line["source"]).shared_words
