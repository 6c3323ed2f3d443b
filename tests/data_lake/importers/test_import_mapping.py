from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_lake.importers.dates import FORMS, DateStyle
from data_lake.importers.mapping import Exclude, FileStyle, Mapping, MappingError, Money, Returns, Split, Wide
from data_lake.importers.mapping_yaml import EXAMPLE, from_yaml, to_yaml
from data_lake.importers.numbers import Marks

text = st.text(st.characters(codec="utf-8", exclude_categories=("C",)), min_size=1, max_size=12)
words = text.filter(lambda word: word.strip() == word)
styles = st.builds(DateStyle, st.sampled_from(list(FORMS))) | st.builds(
    DateStyle, st.just("yyyy-mm-dd"), st.dates(date(1970, 1, 1)), st.sampled_from("DWM")
)
mappings = st.builds(
    Mapping,
    kind=st.just("sales"),
    columns=st.dictionaries(st.sampled_from(["date", "sku", "quantity", "price"]), words),
    constants=st.dictionaries(st.sampled_from(["location", "promo"]), words),
    values=st.dictionaries(st.just("promo"), st.dictionaries(words, words, min_size=1)),
    split=st.none() | st.builds(Split, words, st.just("(?P<sku>.+)-(?P<location>.+)")),
    wide=st.none() | st.builds(lambda s: Wide("d_(.+)", s.form, s.origin, s.step), styles),
    dates=styles,
    numbers=st.sampled_from([Marks(), Marks(",", "."), Marks(",")]),
    file=st.builds(FileStyle, st.sampled_from(["", ";", "\t"]), st.just("cp1252"), st.integers(0, 9), words),
    money=st.builds(Money, words, st.dictionaries(words, st.floats(0.01, 100))),
    unit_factor=st.floats(0.01, 1000),
    exclude=st.lists(st.builds(Exclude, words, st.just("^x"), words), max_size=2).map(tuple),
    returns=st.none() | st.builds(Returns, words, st.just("^C")),
    duplicates=st.sampled_from(["", "sum", "refuse", "last"]),
    period=st.sampled_from(["", "D", "W", "M"]),
    missing_stock=st.sampled_from(["keep", "zero"]),
)


@settings(deadline=None, max_examples=80)
@given(mappings)
def test_a_mapping_written_and_read_is_the_same(mapping: Mapping) -> None:
    assert from_yaml(to_yaml(mapping)) == mapping


def test_the_example_of_every_setting_is_a_mapping() -> None:
    mapping = from_yaml(EXAMPLE)
    assert from_yaml(to_yaml(mapping)) == mapping
    assert mapping.wide == Wide(r"d_(\d+)", origin=date(2011, 1, 29))
    unset = {name for name, value in vars(mapping).items() if value == vars(Mapping("sales"))[name]}
    assert unset <= {"kind", "missing_stock"}
    assert mapping.values == {"promo": {"Aktion": "yes"}}


def test_values_are_taken_as_written() -> None:
    mapping = from_yaml("kind: stock\nconstants: {location: 007, batch: NO, date: 2026-01-31}\n")
    assert mapping.constants == {"location": "007", "batch": "NO", "date": "2026-01-31"}


def test_everything_wrong_with_a_mapping_is_told_at_once() -> None:
    with pytest.raises(MappingError) as error:
        from_yaml(
            r"""kind: stock
colums: {}
columns: {sku: [a, b], price: x}
constants: nothing
split: {column: id, pattern: '(?P<thing>.+)'}
wide: {pattern: 'd_\d+', origin: soon, steps: D}
dates: {form: dmy}
numbers: {decimal: ',', thousands: ','}
money: {rates: {EUR: 0, USD: cheap}}
unit_factor: -2
exclude: [{column: a, matches: '('}]
duplicates: maybe
"""
        )
    said = "\n".join(error.value.reasons)
    for part in (
        "'colums' is not known",
        "'sku' needs one value",
        "'price' is not a target of stock",
        "constants: 'nothing'",
        "origin 'soon' is not a date",
        "wide: 'steps' is not known",
        "form 'dmy' is not one of",
        "both ','",
        "the rate of EUR is 0.0",
        "rate of USD: 'cheap' is not a number",
        "unit_factor: -2.0",
        "exclude: '(' is not a pattern",
        "duplicates: 'maybe'",
        "needs a group in brackets",
        "only sales",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("yaml", "reason"),
    [
        ("kind: [", "not YAML"),
        ("- a\n- b\n", "not a list of `name: value`"),
        ("kind: orderlines\n", "'orderlines' is not one of sales"),
        ("kind: sales\nsplit: {column: a, pattern: '(.+)'}\n", "name the groups after targets"),
        ("kind: sales\nsplit: {column: a, pattern: '(?P<thing>.+)'}\n", "'thing' is not a target"),
        ("kind: sales\nexclude: [{column: a, matches: '(?!x)'}]\n", "not a pattern that can be used"),
        ("kind: sales\nvalues: {promo: x}\n", "values: promo: 'x'"),
    ],
)
def test_what_cannot_be_a_mapping_says_why(yaml: str, reason: str) -> None:
    with pytest.raises(MappingError) as error:
        from_yaml(yaml)
    assert reason in str(error.value)


def test_the_last_confirmed_mapping_of_a_header_is_used_again(bring, inspect, lake) -> None:
    content = "date,sku,store,qty\n2026-01-01,1,A,1\n"
    assert not inspect(content).remembered
    bring(content)
    assert inspect(content).remembered
    changed = inspect(content).mapping.with_changes(unit_factor=12.0)
    bring(content, mapping=changed)
    bring(content, mapping=changed)
    shuffled = "qty,sku,Store,date\n1,1,A,2026-01-01\n"
    assert inspect(shuffled).mapping.unit_factor == 12.0
    names = [key.rsplit("/")[-1] for key in lake.objects.list("mappings/")]
    assert len(names) == 2
    assert all(name.startswith("sales-") for name in names)
    assert not inspect(content, kind="stock").remembered
