"""Holders: the places of a home that hold rows of leads, found and rewritten without some."""

from __future__ import annotations

import io
import shutil
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.publish import MANIFEST, publish_file, read_json, replacing, sealed_folders

if TYPE_CHECKING:
    import pyarrow as pa

    from predict.home import Home

#: Columns of the ledger and of feedback that hold the id of a lead.
_IDS = ("lead_id", "crm_id")
#: The columns of archived links.
_PAIR = ("lead_id", "other_id")
#: As-if predictions of a training, among the artifacts of its run, and its definition beside it.
_BACKTEST, _DEFINITION = "backtest/backtest.parquet", "definition.toml"


@dataclass(frozen=True)
class Holder:
    """A sealed folder, or a lone file, with rows of leads.

    Parameters
    ----------
    room : {"archive", "ledger", "feedback", "artifacts"}
        Which part of the home it is in.
    name : str
        Of the folder; of a lone file its path below the room.
    path : Path
        Where it is.
    ids : mapping of file to sequence of str
        Per Parquet file, the columns with ids of leads.
    keys : mapping of file to str
        Per file of related profiles, the column of leads that holds the id of a row.
    leads : tuple of str
        The files with one row a lead, to which ``keys`` refers.
    tables : mapping of file to str
        Which table a file is of, where the manifest counts rows by table.
    """

    room: str
    name: str
    path: Path
    ids: Mapping[str, Sequence[str]]
    keys: Mapping[str, str]
    leads: tuple[str, ...]
    tables: Mapping[str, str]

    def hits(self, ids: Collection[str]) -> int:
        """Count the rows that name one of the ids."""
        import pyarrow.compute as pc

        return sum(
            int(pc.sum(_named(batch, columns, ids)).as_py() or 0)
            for file, columns in self.ids.items()
            if columns
            for batch in _batches(self._file(file), columns)
        )

    def named(self) -> Iterator[str]:
        """Yield the ids that its rows name; some of them more than once."""
        import pyarrow.compute as pc

        for file, columns in self.ids.items():
            for batch in _batches(self._file(file), columns):
                for column in batch.column_names:
                    yield from (str(i) for i in pc.unique(batch[column]).to_pylist() if i)

    def rewrite(self, ids: Collection[str]) -> None:
        """Replace it by one without the rows of some leads; all other rows are as they were."""
        if self.path.is_file():
            kept = io.BytesIO()
            _copy(self.path, kept, self.ids[self.path.name], ids)
            publish_file(self.path, kept.getvalue())
            return
        manifest: dict[str, Any] = dict(read_json(self.path / MANIFEST))
        inputs, files = str(manifest.pop("inputs")), manifest.pop("files")
        theirs = self._keys_only_theirs(ids)
        with replacing(self.path.with_name(self.name), inputs, manifest) as staging:
            counted: dict[str, int] = {}
            for file in sorted(files):
                (staging / file).parent.mkdir(parents=True, exist_ok=True)
                if not file.endswith(".parquet") or not self.ids.get(file):
                    shutil.copyfile(self.path / file, staging / file)
                    continue
                rows = _copy(
                    self.path / file, staging / file, self.ids[file], theirs.get(file, ids)
                )
                table = self.tables.get(file, "")
                counted[table] = counted.get(table, 0) + rows
            if isinstance(manifest.get("rows"), dict):
                manifest["rows"] = {**manifest["rows"], **{t: n for t, n in counted.items() if t}}
            elif "rows" in manifest:
                manifest["rows"] = sum(counted.values())

    def _file(self, file: str) -> Path:
        return self.path if self.path.is_file() else self.path / file

    def _keys_only_theirs(self, ids: Collection[str]) -> dict[str, set[str]]:
        """Return, per related file, the keys that leads to forget hold and no other lead does."""
        import pyarrow.compute as pc

        found = {}
        for file, key in self.keys.items():
            held: set[str] = set(ids)
            others: set[str] = set()
            for leads in self.leads:
                columns = [*self.ids[leads], key]
                for batch in _batches(self._file(leads), columns):
                    mine = _named(batch, self.ids[leads], ids)
                    if key in batch.schema.names:
                        held |= set(batch[key].filter(mine).to_pylist())
                        others |= set(pc.unique(batch[key].filter(_inverted(mine))).to_pylist())
            found[file] = {k for k in held - others if k is not None}
        return found


def archived(home: Home, name: str) -> Iterator[Holder]:
    """Yield the exports of a definition that are in the archive in today's form."""
    for folder, path in sealed_folders(home.archive / name):
        manifest: Any = read_json(path / MANIFEST)
        if "format" not in manifest:
            continue
        tables = {file: t for t, files in manifest["tables"].items() for file in files}
        yield Holder(
            "archive",
            folder,
            path,
            {file: manifest["ids"][t] for file, t in tables.items()},
            {f: manifest["keys"][t] for f, t in tables.items() if t in manifest["keys"]},
            tuple(f for f, t in tables.items() if t == "leads" or t.startswith("people.")),
            tables,
        )


def scored(home: Home, name: str) -> Iterator[Holder]:
    """Yield the runs of the ledger that a model of a definition made."""
    for folder, path in sealed_folders(home.ledger):
        manifest: Any = read_json(path / MANIFEST)
        if model_of(manifest) in (name, None):
            yield _plain("ledger", folder, path)


def model_of(manifest: Mapping[str, Any]) -> str | None:
    """Return the definition whose model made a run of the ledger, or None where it is not said."""
    model = manifest.get("meta", {}).get("model")
    return None if model is None else str(model).rpartition(" ")[0]


def told_by_sales(home: Home) -> Iterator[Holder]:
    """Yield the folders of feedback."""
    for folder, path in sealed_folders(home.feedback):
        yield _plain("feedback", folder, path)


def backtested(home: Home, name: str) -> Iterator[Holder]:
    """Yield the as-if predictions among the artifacts that lie in the home itself."""
    for path in sorted(home.artifacts.rglob(_BACKTEST)) if home.artifacts.is_dir() else []:
        said = path.parents[1] / _DEFINITION
        if said.is_file() and tomllib.loads(said.read_text("utf-8")).get("name") != name:
            continue
        at = path.relative_to(home.artifacts).as_posix()
        yield Holder("artifacts", at, path, {path.name: _columns(path)}, {}, (), {})


def links_in(holder: Holder) -> Iterator[tuple[str, str]]:
    """Yield the pairs of an archived export: id of a lead, other id of the same person or deal."""
    for file, table in holder.tables.items():
        if table.startswith("links."):
            for batch in _batches(holder.path / file, _PAIR):
                lead, other = (batch[c].to_pylist() for c in _PAIR)
                yield from zip(lead, other, strict=True)


def _plain(room: str, folder: str, path: Path) -> Holder:
    files = [p.relative_to(path).as_posix() for p in sorted(path.rglob("*.parquet"))]
    return Holder(room, folder, path, {f: _columns(path / f) for f in files}, {}, (), {})


def _columns(path: Path) -> list[str]:
    from pyarrow import parquet

    names = parquet.read_schema(path).names
    return [c for c in _IDS if c in names]


def _batches(path: Path, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Yield the row groups of a file, with those of the columns that it has."""
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        there = [c for c in dict.fromkeys(columns) if c in file.schema_arrow.names]
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, columns=there)


def _named(table: pa.Table, columns: Sequence[str], ids: Collection[str]) -> Any:
    """Tell of each row whether one of its ids is among those given."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pa.array(sorted(ids), pa.string())
    hit = pa.chunked_array([pa.repeat(pa.scalar(False), table.num_rows)])
    for column in columns:
        hit = pc.or_(hit, pc.is_in(table[column].cast(pa.string()), value_set=wanted))
    return hit


def _inverted(mask: Any) -> Any:
    import pyarrow.compute as pc

    return pc.invert(mask)


def _copy(source: Path, target: Any, columns: Sequence[str], ids: Collection[str]) -> int:
    """Copy a Parquet file without the rows that name some ids; return how many rows there are."""
    from pyarrow import parquet

    rows = 0
    with (
        parquet.ParquetFile(source) as file,
        parquet.ParquetWriter(target, file.schema_arrow, compression="zstd") as writer,
    ):
        for group in range(file.num_row_groups):
            part = file.read_row_group(group)
            part = part.filter(_inverted(_named(part, columns, ids)))
            writer.write_table(part)
            rows += part.num_rows
    return rows
