"""Text becomes types strictly: one reading or an error naming both, and rejects for the rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from predict.crm.parsing import Parsed, guess_types, parse
from predict.crm.rejects import COLUMNS
from predict.crm.sources import Workspace, read_text
from predict.errors import InputError, RefusedError

FREE = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def workspace() -> Iterator[Workspace]:
    with Workspace(threads=2, memory_limit="500MB") as made:
        yield made


def parsed(
    workspace: Workspace,
    values: dict[str, list[object]] | pd.DataFrame,
    kinds: dict[str, str],
    *,
    decimal: str | None = None,
    dates: object = None,
    time_zone: str = "UTC",
    **options: object,
) -> Parsed:
    frame = values if isinstance(values, pd.DataFrame) else pd.DataFrame(values, dtype=object)
    spec = SimpleNamespace(decimal=decimal, dates=dates)
    read = read_text(workspace, spec, folder=Path(), frame=frame)
    return parse(workspace, read, kinds, time_zone=time_zone, **options)


def column(result: Parsed, name: str) -> list[object]:
    return result.table.order_by("_record").select(name).to_pyarrow()[name].to_pylist()


def one(workspace: Workspace, kind: str, values: list[object], **options: object) -> list[object]:
    return column(parsed(workspace, {"c": values}, {"c": kind}, **options), "c")


def stamps(workspace: Workspace, values: list[object], **options: object) -> list[str | None]:
    got = one(workspace, "timestamp", values, **options)
    return [None if v is None else pd.Timestamp(v).isoformat() for v in got]


# --- ids and text ------------------------------------------------------------------------------


def test_ids_keep_their_zeros_and_blanks_are_missing(workspace: Workspace) -> None:
    values: list[object] = ["00123", " 7 ", "  ", "", None, "NA", "1.0"]
    expected = ["00123", "7", None, None, None, "NA", "1.0"]
    assert one(workspace, "id", values) == expected
    assert one(workspace, "text", values) == expected


def test_ids_held_as_numbers_read_as_written(workspace: Workspace) -> None:
    frame = pd.DataFrame({"f": [123.0, np.nan, 1.5], "i": [2**60, 1, 2], "b": [True, False, True]})
    result = parsed(workspace, frame, {"f": "id", "i": "id", "b": "text"})
    assert column(result, "f") == ["123", None, "1.5"]
    assert column(result, "i") == [str(2**60), "1", "2"]
    assert column(result, "b") == ["true", "false", "true"]


# --- numbers -----------------------------------------------------------------------------------


def test_decimal_points_and_commas(workspace: Workspace) -> None:
    points = ["1,234.5", "-3", "+4.", ".5", "1e-3", "12 %", "$1,000", "EUR 7.25", "1'000.5", "−2"]
    expected = [1234.5, -3, 4, 0.5, 0.001, 0.12, 1000, 7.25, 1000.5, -2]
    assert one(workspace, "number", list(points)) == expected
    commas = ["1.234,5", "-3", "+4,", ",5", "1e-3", "12 %", "€1.000", "7,25 EUR", "1 000,5", "−2"]
    assert one(workspace, "number", list(commas)) == [*expected[:8], 1000.5, -2]


def test_numbers_that_can_be_read_in_two_ways_are_refused(workspace: Workspace) -> None:
    with pytest.raises(InputError) as caught:
        one(workspace, "number", ["1.234", "500", "2.500"])
    message = str(caught.value)
    assert "a decimal point" in message and "a decimal comma" in message and "1.234" in message
    assert 'decimal = "."' in message
    assert one(workspace, "number", ["1.234"], decimal=".") == [1.234]
    assert one(workspace, "number", ["1.234"], decimal=",") == [1234.0]


def test_one_column_decides_for_the_others_of_its_file(workspace: Workspace) -> None:
    values: dict[str, list[object]] = {"a": ["1.234", "2.500"], "b": ["0,5", "7"]}
    result = parsed(workspace, values, {"a": "number", "b": "number"})
    assert column(result, "a") == [1234.0, 2500.0]
    assert result.decimals == {"data frame": ","}
    values["b"] = ["0.5", "7"]
    result = parsed(workspace, values, {"a": "number", "b": "number"})
    assert column(result, "a") == [1.234, 2.5]


def test_two_exports_in_one_file_are_refused_a_slip_is_not(workspace: Workspace) -> None:
    with pytest.raises(InputError, match="only make sense with"):
        one(workspace, "number", ["1.5"] * 60 + ["2,5"] * 40)
    result = parsed(workspace, {"c": ["1.5"] * 600 + ["2,5"]}, {"c": "number"})
    assert column(result, "c")[-1] is None
    assert result.rejects[["column", "value", "record"]].values.tolist() == [["c", "2,5", 601]]


def test_each_file_has_its_own_decimal_sign(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id;n\n1;1.234,5\n2;2.000\n")
    (tmp_path / "b.csv").write_text("id,n\n3,1234.5\n4,2.000\n")
    read = read_text(workspace, SimpleNamespace(path=["a.csv", "b.csv"]), folder=tmp_path)
    result = parse(workspace, read, {"n": "number"}, time_zone="UTC")
    assert result.table.order_by("_file", "_record").n.execute().tolist() == [
        1234.5,
        2000,
        1234.5,
        2,
    ]
    assert result.decimals == {"a.csv": ",", "b.csv": "."}


@pytest.mark.parametrize(
    "bad",
    ["abc", "1.2.3", "12,34,567", "1 2", "ABC123", "0x1F", "1_000", "inf", "--5", "5-", "1e999"],
)
def test_what_is_no_number_is_rejected(workspace: Workspace, bad: str) -> None:
    result = parsed(workspace, {"c": ["1.5", bad]}, {"c": "number"})
    assert column(result, "c") == [1.5, None]
    assert result.rejects["value"].tolist() == [bad]


def test_words_for_missing_are_missing_not_rejected(workspace: Workspace) -> None:
    words: list[object] = ["NA", "n/a", "NULL", "None", "nan", "-", "", "  ", None]
    for kind in ("number", "integer", "decimal", "timestamp", "date", "boolean"):
        result = parsed(workspace, {"c": words}, {"c": kind})
        assert column(result, "c") == [None] * len(words)
        assert result.rejects.empty


def test_whole_and_exact_numbers(workspace: Workspace) -> None:
    values: list[object] = ["9007199254740993", "1,000", "5.00", "1.5", "7"]
    result = parsed(workspace, {"c": values}, {"c": "integer"})
    assert column(result, "c") == [9007199254740993, 1000, 5, None, 7]
    assert result.rejects["rule"].tolist() == ["a whole number"]
    exact = one(workspace, "decimal", ["0.1", "1,234.56785", "50 %", "99999999999999.9999"])
    assert exact == [Decimal("0.1000"), Decimal("1234.5679"), Decimal("0.5000"),
                     Decimal("99999999999999.9999")]  # fmt: skip


@FREE
@given(
    numbers=st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=1, max_size=20),
    comma=st.booleans(),
    grouping=st.sampled_from(["", "sign", " ", "'", "\u202f"]),
)
def test_any_way_of_writing_numbers_reads_back(
    workspace: Workspace, numbers: list[Decimal], comma: bool, grouping: str
) -> None:
    text = [f"{n:,.2f}" for n in numbers]
    group = {"sign": "." if comma else ","}.get(grouping, grouping)
    swap = str.maketrans({",": group, ".": "," if comma else "."})
    values: list[object] = [t.translate(swap) for t in text]
    kinds = {"exact": "decimal", "float": "number"}
    result = parsed(workspace, dict.fromkeys(kinds, values), kinds)
    assert column(result, "exact") == [n.quantize(Decimal("0.0001")) for n in numbers]
    assert column(result, "float") == [float(n) for n in numbers]


# --- moments -----------------------------------------------------------------------------------


def test_iso_stamps_with_offsets_are_utc(workspace: Workspace) -> None:
    assert stamps(
        workspace,
        [
            "2011-10-01T00:38:44.546+02:00",
            "2011-10-01 00:38:44Z",
            "2011-10-01 00:38+0200",
            "2011-10-01T00:38:44 -03",
            "2011-10-01 00:38:44 UTC",
            "2011-10-01 00:38:44,5",
            "20111001",
            "2011/10/1 7:05",
        ],
        time_zone="UTC",
    ) == [
        "2011-09-30T22:38:44.546000",
        "2011-10-01T00:38:44",
        "2011-09-30T22:38:00",
        "2011-10-01T03:38:44",
        "2011-10-01T00:38:44",
        "2011-10-01T00:38:44.500000",
        "2011-10-01T00:00:00",
        "2011-10-01T07:05:00",
    ]


def test_stamps_without_zone_follow_the_summer_time_of_theirs(workspace: Workspace) -> None:
    got = stamps(
        workspace,
        ["2024-01-15 12:00:00", "2024-07-15 12:00:00", "2024-07-15 12:00:00Z"],
        time_zone="Europe/Berlin",
    )
    assert got == ["2024-01-15T11:00:00", "2024-07-15T10:00:00", "2024-07-15T12:00:00"]


def test_skipped_and_repeated_hours_are_never_early(workspace: Workspace) -> None:
    got = stamps(
        workspace, ["2024-03-31 02:30:00", "2024-10-27 02:30:00"], time_zone="Europe/Berlin"
    )
    assert got == ["2024-03-31T01:30:00", "2024-10-27T01:30:00"]


@FREE
@given(
    moments=st.lists(
        st.datetimes(dt.datetime(1975, 1, 1), dt.datetime(2037, 12, 31)), min_size=1, max_size=6
    ),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
    style=st.sampled_from(["%Y-%m-%d %H:%M:%S.%f", "%d.%m.%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]),
)
def test_stamps_agree_with_python(
    workspace: Workspace, moments: list[dt.datetime], zone: str, style: str
) -> None:
    tz = ZoneInfo(zone)
    if "%f" not in style:
        moments = [m.replace(microsecond=0) for m in moments]
    local = [m.replace(tzinfo=dt.UTC).astimezone(tz) for m in moments]
    # Times that the clock shows twice have two answers; their rule has its own test.
    assume(all(t.replace(fold=0).utcoffset() == t.replace(fold=1).utcoffset() for t in local))
    got = stamps(workspace, [t.strftime(style) for t in local], time_zone=zone)
    assert got == [m.isoformat() for m in moments]


def test_the_order_of_day_and_month_must_be_certain(workspace: Workspace) -> None:
    assert stamps(workspace, ["01/02/2024", "13/02/2024 14:05"]) == [
        "2024-02-01T00:00:00", "2024-02-13T14:05:00"
    ]  # fmt: skip
    assert stamps(workspace, ["01/02/2024", "2/13/2024"]) == [
        "2024-01-02T00:00:00", "2024-02-13T00:00:00"
    ]  # fmt: skip
    with pytest.raises(InputError) as caught:
        stamps(workspace, ["01/02/2024", "05/06/2024"])
    message = str(caught.value)
    assert "the day first" in message and "the month first" in message and "01/02/2024" in message
    with pytest.raises(InputError, match="only make sense with the day first"):
        stamps(workspace, ["13/02/2024"] * 5 + ["02/13/2024"] * 5)
    assert stamps(workspace, ["05/05/2024", "6/6/2024"]) == [
        "2024-05-05T00:00:00", "2024-06-06T00:00:00"
    ]  # fmt: skip


def test_dots_and_years_in_front_need_no_decision(workspace: Workspace) -> None:
    assert (
        stamps(workspace, ["01.02.2024", "1.2.24", "2024/02/01", "2024-02-01"])
        == ["2024-02-01T00:00:00"] * 4
    )


def test_declared_formats_win(workspace: Workspace) -> None:
    values: list[object] = ["01/02/2024", "05/06/2024 13:30"]
    assert stamps(workspace, values, dates="%d/%m/%Y")[1] == "2024-06-05T13:30:00"
    assert stamps(workspace, values, dates="%m/%d/%Y")[1] == "2024-05-06T13:30:00"
    assert stamps(workspace, values, dates={"c": "%m/%d/%Y"})[0] == "2024-01-02T00:00:00"
    american: list[object] = ["Jan 5, 2024 1:04 PM", "May 6, 2024 12:00 AM"]
    assert stamps(workspace, american, dates="%b %d, %Y %I:%M %p") == [
        "2024-01-05T13:04:00", "2024-05-06T00:00:00"
    ]  # fmt: skip
    assert stamps(workspace, ["05-December-99", "06-Mar-24"], dates="%d-%b-%y") == [
        "1999-12-05T00:00:00", "2024-03-06T00:00:00"
    ]  # fmt: skip
    assert stamps(workspace, ["20240105093000"], dates="%Y%m%d%H%M%S") == ["2024-01-05T09:30:00"]
    with pytest.raises(InputError, match="format cannot be used"):
        stamps(workspace, ["x"], dates="%d/%m")


def test_halves_of_the_day(workspace: Workspace) -> None:
    assert stamps(
        workspace,
        ["1/13/2024, 1:04 PM", "1/2/2024 12:30 AM", "1/2/2024 12:30:15 p.m.", "1/2/2024 9:00 am"],
    ) == [
        "2024-01-13T13:04:00", "2024-01-02T00:30:00", "2024-01-02T12:30:15", "2024-01-02T09:00:00"
    ]  # fmt: skip


def test_milliseconds_since_1970_are_moments(workspace: Workspace) -> None:
    expected = ["2024-01-05T09:30:00.123000"]
    stamp = int(dt.datetime(2024, 1, 5, 9, 30, 0, 123000, tzinfo=dt.UTC).timestamp() * 1000)
    assert stamps(workspace, [str(stamp)], time_zone="Europe/Berlin") == expected
    frame = pd.DataFrame({"c": [stamp]})
    got = parsed(workspace, frame, {"c": "timestamp"}, time_zone="Europe/Berlin")
    assert [pd.Timestamp(v).isoformat() for v in column(got, "c")] == expected


@pytest.mark.parametrize(
    "bad",
    ["2024-02-30", "2024-13-01", "31/06/2024", "0001-01-01", "9999-12-31", "yesterday", "24-01-05",
     "2024-01-05 25:00", "2024-01-05 13:00 PM", "1/2", "12345", "infinity", "epoch"],
)  # fmt: skip
def test_what_is_no_moment_is_rejected(workspace: Workspace, bad: str) -> None:
    result = parsed(workspace, {"c": ["2024-01-05 10:00", bad]}, {"c": "timestamp"})
    assert column(result, "c")[1] is None
    assert result.rejects["value"].tolist() == [bad]


def test_dates_without_time_are_known_at_the_end_of_their_day(workspace: Workspace) -> None:
    values: list[object] = ["2024-07-01", "2024-07-01 09:00", "2024-07-01T10:00:00Z"]
    got = stamps(workspace, values, time_zone="Europe/Berlin", end_of_day={"c"})
    assert got == ["2024-07-01T22:00:00", "2024-07-01T07:00:00", "2024-07-01T10:00:00"]
    assert stamps(workspace, values, time_zone="Europe/Berlin")[0] == "2024-06-30T22:00:00"
    # The day on which the clocks change has 23 hours; its end is still midnight.
    got = stamps(workspace, ["2024-03-31"], time_zone="Europe/Berlin", end_of_day={"c"})
    assert got == ["2024-03-31T22:00:00"]


def test_a_column_of_midnights_holds_dates(workspace: Workspace) -> None:
    values: list[object] = ["2024-07-01 00:00:00", "2024-07-02T00:00"]
    assert stamps(workspace, values, end_of_day={"c"}) == [
        "2024-07-02T00:00:00", "2024-07-03T00:00:00"
    ]  # fmt: skip
    values.append("2024-07-03 00:00:01")
    assert stamps(workspace, values, end_of_day={"c"})[0] == "2024-07-01T00:00:00"
    frame = pd.DataFrame({"c": pd.to_datetime(["2024-07-01", "2024-07-02"])})
    got = parsed(workspace, frame, {"c": "timestamp"}, end_of_day={"c"})
    assert [str(v) for v in column(got, "c")] == ["2024-07-02 00:00:00", "2024-07-03 00:00:00"]


def test_days_as_written(workspace: Workspace) -> None:
    got = one(workspace, "date", ["2024-07-01T23:30:00-05:00", "2.7.2024", "x"])
    assert [None if v is None else pd.Timestamp(v).date().isoformat() for v in got] == [
        "2024-07-01", "2024-07-02", None
    ]  # fmt: skip


def test_moments_with_a_type_of_their_own(workspace: Workspace) -> None:
    naive = pd.to_datetime(["2024-07-15 12:00", None])
    frame = pd.DataFrame({"n": naive, "z": naive.tz_localize("America/New_York")})
    frame["d"] = pd.Series([dt.date(2024, 7, 15), None], dtype=object)
    result = parsed(
        workspace, frame, dict.fromkeys("nzd", "timestamp"),
        time_zone="Europe/Berlin", end_of_day={"d"},
    )  # fmt: skip
    assert [str(column(result, c)[0]) for c in "nzd"] == [
        "2024-07-15 10:00:00", "2024-07-15 16:00:00", "2024-07-15 22:00:00"
    ]  # fmt: skip
    assert result.rejects.empty


# --- booleans ----------------------------------------------------------------------------------


def test_yes_and_no_in_several_words(workspace: Workspace) -> None:
    values: list[object] = ["true", "No", "JA", "nein", "1", "0", "maybe", " y "]
    result = parsed(workspace, {"c": values}, {"c": "boolean"})
    assert column(result, "c") == [True, False, True, False, True, False, None, True]
    assert result.rejects["value"].tolist() == ["maybe"]


# --- rejects -----------------------------------------------------------------------------------


def test_rejects_say_where(workspace: Workspace, tmp_path: Path) -> None:
    text = 'Id,Amount,Created,Phone\n1,5,2024-01-01,1\n2,"a\nb",never,x\n3\n4,6,soon,y\n'
    (tmp_path / "leads.csv").write_text(text)
    read = read_text(workspace, SimpleNamespace(path="leads.csv"), folder=tmp_path)
    kinds = {"Id": "id", "Amount": "number", "Created": "timestamp", "Phone": "integer"}
    result = parse(workspace, read, kinds, time_zone="UTC", personal={"Phone"})
    assert list(result.rejects.columns) == list(COLUMNS)
    assert result.rejects.astype(object).values.tolist() == [
        ["leads.csv", 2, "Amount", "a\nb", "a number", 3],
        ["leads.csv", 2, "Created", "never", "a date and time", 3],
        ["leads.csv", 2, "Phone", "•••", "a whole number", 3],
        ["leads.csv", 3, "", "", "1 fields where the header has 4", 5],
        ["leads.csv", 4, "Created", "soon", "a date and time", 6],
        ["leads.csv", 4, "Phone", "•••", "a whole number", 6],
    ]
    assert result.rows == 4
    assert result.table.count().execute() == 3


def test_too_many_rejects_are_refused(workspace: Workspace) -> None:
    values: dict[str, list[object]] = {"c": ["1", *["x"] * 3], "p": ["secret"] * 4}
    kinds = {"c": "number", "p": "number"}
    with pytest.raises(RefusedError) as caught:
        parsed(workspace, values, kinds, cap_rows=3, cap_share=0.9, personal={"p"})
    assert caught.value.exit_code == 2
    assert "4 of 4 records could not be read, 3 are allowed" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert len(parsed(workspace, values, kinds, cap_rows=4, cap_share=0.0).rejects) == 7
    assert len(parsed(workspace, values, kinds, cap_rows=0, cap_share=1.0).rejects) == 7


def test_examples_in_errors_hide_personal_values(workspace: Workspace) -> None:
    for kind, value in (("number", "1.234"), ("timestamp", "01/02/1980")):
        with pytest.raises(InputError) as caught:
            parsed(workspace, {"p": [value]}, {"p": kind}, personal={"p"})
        assert value not in str(caught.value)
        assert "•••" in str(caught.value)


def test_new_names_and_missing_columns(workspace: Workspace) -> None:
    result = parsed(workspace, {"Id": ["1"]}, {"Id": "id"}, renames={"Id": "lead_id"})
    assert result.table.columns == ("lead_id", "_file", "_record")
    with pytest.raises(InputError, match='"Idd" is missing'):
        parsed(workspace, {"Id": ["1"]}, {"Idd": "id"})
    with pytest.raises(InputError, match="no time zone"):
        parsed(workspace, {"Id": ["1"]}, {"Id": "id"}, time_zone="Europe/Berlinn")


def test_empty_tables_parse(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "none.csv").write_text("a,b,c,d\n")
    read = read_text(workspace, SimpleNamespace(path="none.csv"), folder=tmp_path)
    kinds = {"a": "id", "b": "number", "c": "timestamp", "d": "boolean"}
    result = parse(workspace, read, kinds, time_zone="Europe/Berlin", end_of_day={"c"})
    assert result.table.count().execute() == 0
    assert result.rejects.empty and result.rows == 0
    assert set(guess_types(read, list("abcd")).values()) == {"category"}


# --- guesses -----------------------------------------------------------------------------------


def test_guesses(workspace: Workspace) -> None:
    n = 1000
    frame = pd.DataFrame(
        {
            "amount": [f"{i / 7:.2f}" for i in range(n - 5)] + ["?"] * 5,
            "flag": ["0", "1"] * (n // 2),
            "zip": [f"{i:05d}" for i in range(n)],
            "phone": [f"49{i:015d}" for i in range(n)],
            "agreed": ["yes", "no"] * (n // 2),
            "country": ["DE", "NA"] * (n // 2),
            "seen": [f"2024-01-{i % 28 + 1:02d}" for i in range(n)],
            "title": [f"Head of Unit {i % 250}" for i in range(n)],
            "city": [f"City {i % 50}" for i in range(n)],
            "native": np.arange(n) / 3,
            "bool": [True, False] * (n // 2),
            "when": pd.date_range("2024-01-01", periods=n),
            "empty": [None] * n,
        }
    )
    read = read_text(workspace, SimpleNamespace(), folder=Path(), frame=frame)
    assert guess_types(read, list(frame.columns)) == {
        "amount": "number",
        "flag": "number",
        "zip": "category",
        "phone": "category",
        "agreed": "boolean",
        "country": "category",
        "seen": "timestamp",
        "title": "text",
        "city": "category",
        "native": "number",
        "bool": "boolean",
        "when": "timestamp",
        "empty": "category",
    }
