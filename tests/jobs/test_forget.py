"""Forgetting: a person leaves the home, later runs leave the person out, all others stay as is."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from predict.crm.archive import archive_export
from predict.crm.earlier import archived_exports
from predict.crm.forgotten import RECORD_FILE, Forgotten
from predict.crm.migration import migrate
from predict.crm.opening import open_crm
from predict.crm.people import rows_of_leads
from predict.crm.sources import read_text
from predict.crm.stamps import microseconds
from predict.crm.tables import Crm
from predict.definition.exports import Export
from predict.definition.schema import Definition
from predict.errors import RefusedError
from predict.home import Home
from predict.jobs import forgetting
from predict.jobs.forgetting import expire, forget, forget_expired
from predict.publish import file_digest, json_digest, publishing, verify
from predict.scoring.ledger import Ledger, run_key
from predict.scoring.lists import match_list

TEXT = """
name = "demo"
ids = "salesforce"
conversion = { stage = "won", within_days = 10 }
[leads]
path = "leads.csv"
exported_at = EXPORTED
lead_id = "Id"
created_at = "Created"
account_id = "AccountId"
[leads.columns]
Industry = "fixed"
Status = "mutable"
Contact = "personal"
Mail = "personal"
[related.account]
path = "accounts.csv"
key = "AccountId"
[related.account.columns]
Tier = "mutable"
[related.person]
path = "people.csv"
key = "PersonId"
[related.person.columns]
Function = "mutable"
[links.person]
path = "leads.csv"
lead_id = "Id"
other_id = "PersonId"
[links.account]
path = "leads.csv"
lead_id = "Id"
other_id = "AccountId"
[links.old]
path = "merged.csv"
lead_id = "master"
other_id = "old"
kind = "merged"
[events.web]
path = "web.csv"
id = "who"
id_of = ["lead", "person"]
occurred_at = "at"
kind = "visit"
by = "lead"
[outcomes.stage]
path = "stages.csv"
lead_id = "Id"
stage = "won"
entered_at = "at"
[retention]
months = 2
"""
N, MOMENTS = 24, ["2024-03-01", "2024-04-01", "2024-05-01"]
WHEN = datetime(2024, 5, 2, 12)
IDS = [f"00Q5e000001{i:04}" for i in range(N)]
#: Whom: a lead with a contact, that another record was merged into before the last export.
GONE, OLD, PERSON = IDS[4], IDS[5], "0035e0000010004"
NAMES = [f"Zora Planted{i}" for i in range(N)]
MAILS = [f"zora{i}@planted.example" for i in range(N)]


def write(folder: Path, number: int) -> Path:
    """Write an export; what is mutable differs from one to the next."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(number)
    last = number == len(MOMENTS) - 1
    leads = pd.DataFrame({"Id": IDS, "Created": "2024-02-01 10:00"})
    leads["AccountId"] = [f"0015e000001{i // 4:04}" for i in range(N)]  # GONE is its first lead
    leads["PersonId"] = [f"0035e000001{i:04}" for i in range(N)]
    leads["Industry"] = np.resize(["Steel", "Paper"], N)
    leads["Status"] = rng.choice(["new", "open", "warm"], N)
    leads["Contact"], leads["Mail"] = NAMES, MAILS
    kept = leads[leads["Id"] != OLD] if last else leads
    kept.to_csv(folder / "leads.csv", index=False)
    accounts = pd.DataFrame({"Id": leads["AccountId"].unique()})
    accounts["Tier"] = rng.choice(["gold", "tin"], len(accounts))
    accounts.to_csv(folder / "accounts.csv", index=False)
    people = pd.DataFrame({"Id": leads["PersonId"], "Function": rng.choice(["IT", "HR"], N)})
    people.to_csv(folder / "people.csv", index=False)
    web = pd.DataFrame({"who": [*IDS, *leads["PersonId"]], "at": "2024-02-10 10:00"})
    web.to_csv(folder / "web.csv", index=False)
    stages = pd.DataFrame({"Id": IDS[2:6], "at": "2024-02-20 10:00"})
    stages.to_csv(folder / "stages.csv", index=False)
    merged = pd.DataFrame({"master": [GONE], "old": [OLD]})
    (merged if last else merged[:0]).to_csv(folder / "merged.csv", index=False)
    path = folder / "definition.toml"
    path.write_text(TEXT.replace("EXPORTED", f"{MOMENTS[number]}T00:00:00Z"))
    return path


@contextlib.contextmanager
def opened(path: Path, archive: Path | None) -> Iterator[Crm]:
    crm = open_crm(Definition.read(path), archive=archive)
    try:
        yield crm
    finally:
        crm.close()


def scores(run: int) -> pd.DataFrame:
    frame = pd.DataFrame({"row": range(N), "lead_id": [long(i) for i in IDS]})
    frame["as_of"], frame["basis"] = pd.Timestamp(MOMENTS[run]), "full"
    frame["probability"] = np.linspace(0.1, 0.9, N)
    frame["log_odds"], frame["score"], frame["grade"] = frame["probability"], 50.0, "B"
    return frame.assign(rated_qualified=False)


def long(lead: str) -> str:
    """Return 15 characters as 18, worked out as Salesforce tells it."""
    signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    parts = [lead[i : i + 5] for i in (0, 5, 10)]
    bits = ["".join("1" if c.isupper() else "0" for c in part[::-1]) for part in parts]
    return lead + "".join(signs[int(b, 2)] for b in bits)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with three exports, and a home that has archived and scored each."""
    root = tmp_path_factory.mktemp("made")
    home = Home.at(root / "home")
    ledger = Ledger(home.ledger)
    for number, moment in enumerate(MOMENTS):
        with opened(write(root / str(number), number), None) as crm:
            archive_export(home.archive, crm)
        frame, X = scores(number), pd.DataFrame({"n_visit": np.arange(N) * 1.0})
        key = run_key("list", "model", datetime.fromisoformat(moment))
        meta = {"model": "demo 1", "as_of": frame["as_of"][0].isoformat()}
        ledger.enter(key, frame, X, pd.DataFrame({"visit": X["n_visit"]}), meta=meta)
    other = run_key("list", "other", datetime.fromisoformat(MOMENTS[0]))
    meta = {"model": "another 3", "as_of": MOMENTS[0]}
    ledger.enter(other, scores(0), X, pd.DataFrame({"visit": X["n_visit"]}), meta=meta)
    with publishing(home.feedback / "2024-04", "none", {"rows": N}) as staging:
        said = pd.DataFrame({"lead_id": [long(i) for i in IDS], "said": "called"})
        said.to_parquet(staging / "rows.parquet", index=False)
    run = home.artifacts / "1" / "run" / "artifacts"
    (run / "backtest").mkdir(parents=True)
    (run / "definition.toml").write_text('name = "demo"\n')
    scores(0)[["lead_id", "probability"]].to_parquet(run / "backtest" / "backtest.parquet")
    return root


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Home:
    shutil.copytree(made / "home", tmp_path / "home")
    return Home.at(tmp_path / "home")


def tables(home: Home) -> dict[str, pd.DataFrame]:
    """Return every table of the home, by its place."""
    paths = sorted(home.root.rglob("*.parquet"))
    return {p.relative_to(home.root).as_posix(): pd.read_parquet(p) for p in paths}


def everything(home: Home) -> str:
    files = [p for p in home.root.rglob("*") if p.is_file()]
    said = [str(p) + p.read_bytes().decode("latin-1") for p in files]
    return "\n".join(said + [t.to_csv() for t in tables(home).values()])


def others(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table that are of other people, by any id in it."""
    mine = {f(i) for i in (GONE, OLD, PERSON, IDS[5].replace("00Q", "003")) for f in (str, long)}
    ids = [c for c in ("lead_id", "Id") if c in table]
    named = table[ids].isin(mine).any(axis=1)
    return table[~named].reset_index(drop=True)


def test_a_person_leaves_every_room_and_nobody_else_changes(home: Home) -> None:
    before = tables(home)
    assert long(GONE) in everything(home) and long(PERSON) in everything(home)
    (done,) = forget(home, [GONE], when=WHEN, because="asked by letter")
    assert not done.unknown and not done.before
    assert set(done.folders) == {"archive", "ledger", "feedback", "artifacts"}
    assert [len(done.folders[r]) for r in ("archive", "ledger", "feedback")] == [3, 3, 1]
    after = tables(home)
    assert after.keys() == before.keys()
    another = run_key("list", "other", datetime.fromisoformat(MOMENTS[0]))
    changed = 0
    for place, table in after.items():
        whole = another in place
        expected = before[place] if whole else others(before[place])
        pd.testing.assert_frame_equal(table, expected, check_exact=True)
        changed += len(table) < len(before[place])
    # Leads, people, visits, stages and two links of each export, the merger; runs, words, folds.
    assert changed == 3 * 6 + 1 + 3 + 1 + 1
    for folder in [*(home.archive / "demo").glob("2*"), *home.ledger.iterdir()]:
        manifest: Any = verify(folder)
        if "tables" in manifest:
            lengths = {t: len(after_of(after, folder, f)) for t, f in manifest["tables"].items()}
            assert manifest["rows"] == lengths
    # The ids of the person are nowhere any more, but in the run of another definition.
    shutil.rmtree(home.ledger / another)
    said = everything(home)
    gone = [i for i in (GONE, OLD, PERSON) if i in said]
    assert gone == [] and IDS[7] in said
    assert len(Ledger(home.ledger).frame()) == 3 * (N - 2)
    (entry,) = record(home)["leads"]
    assert entry["when"] == "2024-05-02T12:00:00" and entry["because"] == "asked by letter"
    assert len(entry["archive"]) == len(entry["ledger"]) == 3
    key = (home.archive / "forgotten.key").read_text().strip()
    assert Forgotten(key).hash_of(long(GONE)) in entry["ids"]
    assert hashlib.sha256(long(GONE).encode()).hexdigest() not in entry["ids"]
    assert (home.archive / "forgotten.key").stat().st_mode & 0o077 == 0


def after_of(after: dict[str, pd.DataFrame], folder: Path, files: list[str]) -> pd.DataFrame:
    return pd.concat([after[f"archive/demo/{folder.name}/{f}"] for f in files])


def record(home: Home) -> Any:
    return json.loads((home.archive / "demo" / RECORD_FILE).read_text())


def told(crm: Crm) -> dict[str, pd.DataFrame]:
    """Return what an opened export knows of each lead: rows, and values at each export."""
    leads = crm.leads.select("lead_no", "lead_id").to_pandas().set_index("lead_no")["lead_id"]
    found = {}
    for changes in crm.changes:
        table = changes.table.to_pandas()
        if changes.key == "lead_no":
            table["key"] = table["key"].map(leads)
        found[changes.key] = table
    for name in ("events", "outcomes"):
        table = getattr(crm, name).to_pandas()
        found[name] = table.assign(lead_no=table["lead_no"].map(leads))
    found["leads"] = crm.leads.drop("lead_no").to_pandas()
    same = {}
    for name, table in found.items():
        ids = [c for c in ("key", "lead_no", "lead_id") if c in table]
        mine = table[ids[0]].isin({long(i) for i in (GONE, OLD, PERSON, "0035e0000010005")})
        same[name] = table[~mine].sort_values([*table.columns], ignore_index=True)
    return same


def test_later_runs_leave_the_person_out_and_tell_the_same_of_others(
    made: Path, home: Home
) -> None:
    path = made / "2" / "definition.toml"
    with opened(path, home.archive) as crm:
        before, inputs = told(crm), crm.read_from
        assert crm.leads.count().execute() == N - 1
        assert "k:AccountId" in before and len(before["lead_no"]) > N
    (done,) = forget(home, [PERSON], when=WHEN)  # by the contact, in 15 characters
    assert done.folders["archive"] and not done.unknown
    with opened(path, home.archive) as crm:
        after = told(crm)
        assert crm.leads.count().execute() == N - 2
        assert long(GONE) not in set(crm.leads.lead_id.to_pandas())
        assert crm.counts["leads forgotten"] == 1 and crm.counts["leads twice"] == 0
        said = crm.check().set_index("code").loc["forgotten"]
        assert said["counts"] == {"leads": 1, "same address": 0} and GONE not in said["sentence"]
        assert set(crm.read_from) - set(inputs) and set(inputs) <= set(crm.read_from)
        archive_export(Home.at(made / "new").archive, crm)
        listed = path.parent / "list.csv"
        rows = [(long(GONE), ""), ("", MAILS[4].upper()), (IDS[7], ""), ("", "new@else.example")]
        pd.DataFrame(rows, columns=["Id", "Mail"]).to_csv(listed, index=False)
        text = read_text(crm.workspace, Export(path=listed.name), folder=path.parent)
        as_of = microseconds(datetime(2024, 2, 5))
        grid = match_list(crm, text, as_of).grid.order_by("row").to_pandas()
        assert grid["status"].tolist() == ["forgotten", "forgotten", "scored", "scored"]
        still = match_list(crm, rows_of_leads(crm), as_of).only_open(crm)
        assert still.left_out["forgotten"] == 1
        assert long(GONE) not in set(still.grid.to_pandas()["lead_id"])
    assert set(after) == set(before)
    for name, table in after.items():
        pd.testing.assert_frame_equal(table, before[name], check_exact=True)
    new = "\n".join(t.to_csv() for t in tables(Home.at(made / "new")).values())
    assert IDS[7] in new and GONE not in new and PERSON not in new
    (done,) = forget(home, [long(GONE)], when=datetime(2025, 1, 1))
    assert done.before and not done.rows
    assert [e["when"] for e in record(home)["leads"]] == ["2024-05-02T12:00:00"]


class Killed(BaseException):
    """What no handler stops."""


def test_killed_at_any_step_all_is_old_or_new_and_the_next_run_finishes(
    made: Path, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tables(home)
    forget(home, [GONE], when=WHEN)
    after, entries = tables(home), record(home)["leads"]
    steps = [(Path, "rename"), (Path, "replace"), (shutil, "rmtree"), (shutil, "copyfile")]
    real = {(o, n): getattr(o, n) for o, n in steps}
    step = 0
    while True:
        copy = Home.at(tmp_path / "copies" / str(step))
        shutil.copytree(made / "home", copy.root)
        left = step

        def dying(what: tuple[Any, str]) -> Any:
            def step_or_die(*args: Any, **options: Any) -> Any:
                nonlocal left
                if left <= 0:  # and nothing that is tidied up after it happens either
                    raise Killed
                left -= 1
                return real[what](*args, **options)

            return step_or_die

        with monkeypatch.context() as patch:
            for what in steps:
                patch.setattr(*what, dying(what))
            died = True
            with contextlib.suppress(Killed):
                forget(copy, [GONE], when=WHEN)
                died = False
        if not died:
            break
        for export in archived_exports(copy.archive, "demo"):
            for table in export.tables:
                export.files(table)  # verified
        runs = Ledger(copy.ledger).frame().groupby("run")["lead_id"].nunique()
        assert len(runs) == 4 and set(runs) <= {N, N - 2}
        forget(copy, [GONE], when=WHEN)
        finished = tables(copy)
        assert finished.keys() == after.keys()
        assert all(finished[p].equals(after[p]) for p in after)
        assert not [p for p in (copy.archive / "demo").iterdir() if p.name.startswith(".2")]
        ours = record(copy)["leads"]
        assert len(ours) == 1 and ours[0]["archive"] == entries[0]["archive"]
        step += 5 if step > 12 else 1
        shutil.rmtree(copy.root)
    assert step > 30 and not all(after[p].equals(before[p]) for p in after)


def test_an_id_that_nobody_knows_is_said_and_stays_out_of_later_runs(home: Home) -> None:
    from typer.testing import CliRunner

    from predict.cli.app import app

    before, run = tables(home), CliRunner().invoke
    found = run(app, ["forget", "L-9", GONE, "--home", str(home.root)])
    assert found.exit_code == 2, found.output
    assert "L-9: no such lead" in found.output and f"{GONE}: " in found.output
    assert len(record(home)["leads"]) == 2 and Forgotten.read(home.archive, "demo")
    again = run(app, ["forget", GONE, "--home", str(home.root)])
    assert again.exit_code == 0 and "was forgotten before" in again.output
    assert any(len(t) < len(before[p]) for p, t in tables(home).items())
    neither = run(app, ["forget", "--home", str(home.root)])
    assert neither.exit_code == 1 and "one of the two" in str(neither.exception)


def test_what_is_older_than_the_definition_keeps_it_goes_but_never_the_newest(
    made: Path, home: Home
) -> None:
    definition = Definition.read(made / "2" / "definition.toml")
    assert (
        definition.digest()
        == Definition.parse(
            TEXT.split("[retention]", maxsplit=1)[0].replace("EXPORTED", "2024-01-01")
        ).digest()
    )
    before = len(list(home.ledger.iterdir()))
    assert forget_expired(home, definition) == []  # the first is two months old to the minute
    found = expire(home, definition, datetime(2024, 5, 2))
    assert found[0].counts == {"archive": 1, "ledger": 1}
    kept = archived_exports(home.archive, "demo")
    assert [e.folder.name[:8] for e in kept] == ["20240401", "20240501"]
    assert len(list(home.ledger.iterdir())) == before - 1
    lines = record(home)["expired"]
    assert [(line["room"], line["of"]) for line in lines] == [
        ("archive", "2024-03-01T00:00:00"),
        ("ledger", "2024-03-01T00:00:00"),
    ]
    assert expire(home, definition, datetime(2024, 5, 2)) == []
    assert expire(home, definition, datetime(2031, 1, 1))[0].counts == {"archive": 1, "ledger": 2}
    (last,) = archived_exports(home.archive, "demo")
    assert last.folder.name.startswith("20240501")


#: Files of the tables, in the order in which they are read.
RAW = {"leads": "leads", "links.old": "merged", "related.account": "accounts"}
RAW |= {"related.person": "people", "links.person": "leads", "links.account": "leads"}
RAW |= {"events.web": "web", "outcomes.stage": "stages"}


def raw_copy(archive: Path, path: Path) -> Path:
    """Archive an export as the version before did: whole files, with all their columns."""
    exported, folder = datetime.fromisoformat(MOMENTS[0]), path.parent
    files = {n: folder / f"{t}.csv" for n, t in RAW.items()}
    sources = [{"table": n, "path": p, "sha256": file_digest(p)} for n, p in files.items()]
    content = [[s["table"], Path(str(s["path"])).name, s["sha256"]] for s in sources]
    digest = json_digest(content)
    target = archive / "demo" / f"{exported:%Y%m%dT%H%M%S}-{digest[:12]}"
    told: dict[str, Any] = {"exported_at": exported.isoformat(), "tables": {}}
    with publishing(target, digest, told) as staging:
        for source in sources:
            kept = f"{str(source['sha256'])[:12]}-{Path(str(source['path'])).name}"
            shutil.copyfile(str(source["path"]), staging / kept)
            told["tables"].setdefault(str(source["table"]), []).append(kept)
    return target


def test_copies_of_an_earlier_version_are_read_and_then_rewritten(
    made: Path, home: Home, tmp_path: Path
) -> None:
    old = Home.at(tmp_path / "old")
    target = raw_copy(old.archive, made / "0" / "definition.toml")
    (typed,) = (home.archive / "demo").glob("20240301*")
    assert target.name == typed.name
    with opened(made / "2" / "definition.toml", old.archive) as crm:
        before = told(crm)
    with pytest.raises(RefusedError, match="earlier version"):
        forget(old, [GONE], when=WHEN)
    assert NAMES[3] in everything(old)
    definition = Definition.read(made / "2" / "definition.toml")
    (found,) = migrate(old.archive, definition)
    assert found.code == "archive-rewritten" and migrate(old.archive, definition) == []
    assert NAMES[3] not in everything(old) and MAILS[3] not in everything(old)
    for path in target.glob("*.parquet"):
        assert path.read_bytes() == (typed / path.name).read_bytes()
    with opened(made / "2" / "definition.toml", old.archive) as crm:
        after = told(crm)
    for name, table in after.items():
        pd.testing.assert_frame_equal(table, before[name], check_exact=True)
    forgetting.forget(old, [GONE], when=WHEN)
    assert GONE not in everything(old)
