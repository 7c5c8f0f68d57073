"""Coverage: whose rows found their lead, and whether those of later winners did as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from predict.crm.stamps import DAY
from predict.definition.complaints import dotted
from predict.history.horizons import Followed

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from predict.crm.tables import Crm

#: Winners and others are compared over this time after creation: at equal age.
SAME_AGE_DAYS = 30.0
#: What is filed within so many seconds of the success is part of it.
TOGETHER_SECONDS = 60


def joins(crm: Crm, leads: ir.Table) -> pd.DataFrame:
    """Return how many rows of each table found a lead, and what is lost.

    Parameters
    ----------
    crm : Crm
        The opened export.
    leads : Ibis table
        ``lead_no``, ``created_us``, ``y`` of the leads old enough to judge.

    Returns
    -------
    DataFrame
        ``table`` (key path), ``rows``, ``joined``, ``leads`` with at least one row; for events
        ``winners``, ``winners_with``, ``others``, ``others_with``: leads old enough to judge, and
        those with a row in their first `SAME_AGE_DAYS` days. For related profiles ``rows`` are
        leads and ``joined`` those that found theirs.
    """
    import pandas as pd

    told = []
    per_table = _per_table(crm, leads) if crm.definition.events else {}
    for name in crm.definition.events:
        rows = crm.counts.get(f"events {name}", 0)
        lost = crm.counts.get(f"events {name} of no lead", 0)
        told.append(
            {
                "table": f"events.{name}",
                "rows": rows,
                "joined": rows - lost,
                **per_table.get(name, {"leads": 0, "winners_with": 0, "others_with": 0}),
            }
        )
    with_outcome = int(crm.outcomes.lead_no.nunique().execute())
    for name in crm.definition.outcomes:
        rows = crm.counts.get(f"outcomes {name}", 0)
        lost = crm.counts.get(f"outcomes {name} of no lead", 0)
        found = {"table": f"outcomes.{name}", "rows": rows, "joined": rows - lost}
        told.append(found | ({"leads": with_outcome} if len(crm.definition.outcomes) == 1 else {}))
    for finding in crm.findings:
        if finding.code == "related-join":
            n, found_n = int(finding.counts["leads"]), int(finding.counts["found"])
            told.append({"table": finding.subject, "rows": n, "joined": found_n, "leads": found_n})
    told += _links(crm)
    columns = ["table", "rows", "joined", "leads", "winners_with", "others_with"]
    frame = pd.DataFrame(told, columns=columns)
    row = leads.aggregate(n=leads.count(), won=leads.y.sum().fill_null(0)).to_pandas()
    frame["winners"] = int(row["won"][0])
    frame["others"] = int(row["n"][0]) - int(row["won"][0])
    return frame


def _per_table(crm: Crm, leads: ir.Table) -> dict[str, dict[str, int]]:
    events = crm.events
    age = round(SAME_AGE_DAYS * DAY)
    young = events.filter(events.occurred_us < events.created_us + age)
    young = young.select("table", "lead_no").distinct().inner_join(leads, "lead_no")
    seen = young.group_by("table").aggregate(
        winners_with=young.y.sum(), others_with=(1 - young.y).sum()
    )
    all_ = events.group_by("table").aggregate(leads=events.lead_no.nunique())
    frame = all_.left_join(seen, "table").select("table", "leads", "winners_with", "others_with")
    frame = frame.order_by("table").to_pandas().fillna(0)
    rows = frame.set_index("table").astype(int).to_dict("index")
    return {str(name): {str(k): int(v) for k, v in row.items()} for name, row in rows.items()}


def _links(crm: Crm) -> list[dict[str, object]]:
    """Return, per link, the rows that name another id and the leads that have one."""
    from predict.crm.identity import id_pairs, resolve
    from predict.crm.ids import EMAIL, ID
    from predict.crm.reader import Part, Reader

    reader = Reader(crm.workspace, crm.definition)
    told: list[dict[str, object]] = []
    for name, spec in crm.definition.links.items():
        kinds = (reader.id_type(spec.kinds), EMAIL if spec.kind == "email" else ID)
        pairs = id_pairs(reader, name, Part(crm.leads), kinds)
        known = resolve(pairs, "carrier", spec.kinds, crm.links)
        row = known.aggregate(
            rows=known.count(), joined=known.lead_no.count(), leads=known.lead_no.nunique()
        ).to_pandas()
        counts: dict[str, object] = {k: int(row[k][0]) for k in ("rows", "joined", "leads")}
        told.append({"table": dotted(("links", name)), **counts})
    return told


def kinds(crm: Crm, followed: Followed) -> pd.DataFrame:
    """Return the kinds of events, and which of them come in the same breath as the success.

    Returns
    -------
    DataFrame
        ``table``, ``by``, ``kind``, ``rows``, ``leads``, ``winners`` (reached the agreed stage
        and have the kind), ``together`` (of these, with a row within `TOGETHER_SECONDS` of
        reaching it); by rows, the most first.
    """
    events = crm.events
    stage = crm.definition.conversion.stage
    came = followed.arrivals.filter(followed.arrivals.stage == stage)
    came = came.select("lead_no", delay_us="delay_us")
    rows = events.left_join(came, "lead_no")
    near = (rows.occurred_us - rows.created_us - rows.delay_us).abs()
    close = (near <= TOGETHER_SECONDS * 1_000_000).fill_null(False)
    frame = (
        rows.group_by(["table", "by", "kind"])
        .aggregate(
            rows=rows.count(),
            leads=rows.lead_no.nunique(),
            winners=rows.lead_no.nunique(where=rows.delay_us.notnull()),
            together=rows.lead_no.nunique(where=close),
        )
        .to_pandas()
    )
    frame = frame.sort_values(["rows", "table", "kind"], ascending=[False, True, True])
    return frame.reset_index(drop=True)
