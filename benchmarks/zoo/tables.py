"""Poisons of whole tables: ids, copies of leads, colleagues, stamps, joins."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.zoo.worlds import DAY, EXPORTED, World

_WEB = ("page view", "first_touch", "last_touch", "previous_touch")


def id_order(w: World) -> None:
    """Numbers given in the order of the outcome: at conversion the record is written anew."""
    n, moved = len(w.won), w.won & (w.rng.random(len(w.won)) < w.rng.uniform(0.5, 1.0))
    number = np.empty(n, dtype=int)
    order = np.lexsort((np.arange(n), moved))  # the moved ones after all others
    number[order] = np.arange(n)
    if w.rng.random() < 0.5:
        w.variant = "column"
        w.poison("record no", number.astype(float), kind="number", plain="c01", blocks=True)
        return
    w.variant = "lead id"
    _rename(w, dict(zip(w.leads["id"], [f"L{500_000 + i}" for i in number], strict=True)))
    w.right |= {"lead_id", "leads", "id", "leads.id", "leads.lead_id"}


def duplicated(w: World) -> None:
    """Leads that are in the CRM twice, under two ids and two accounts, with one outcome."""
    n = len(w.leads)
    chosen = np.flatnonzero(w.rng.random(n) < w.rng.uniform(0.04, 0.12))
    ids = w.leads["id"].to_numpy()
    twin = {ids[i]: f"D{700_000 + i}" for i in chosen}
    again = w.leads.iloc[chosen].copy()
    again["id"] = again["id"].map(twin)
    again["account"] = None
    again["created"] = again["created"] + pd.to_timedelta(
        w.rng.integers(60, 7_200, len(again)), unit="s"
    )
    w.leads = pd.concat([w.leads, again], ignore_index=True)
    w.won_at = pd.concat([w.won_at, w.won_at.iloc[chosen]], ignore_index=True)
    w.won_at = w.won_at.where(w.won_at.isna() | (w.won_at > w.leads["created"] + DAY / 24))
    w.lost_at = pd.concat([w.lost_at, w.lost_at.iloc[chosen]], ignore_index=True)
    for name, rows in w.events.items():
        copied = rows[rows["lead"].isin(list(twin))]
        copied = copied.assign(lead=copied["lead"].map(twin))
        w.events[name] = pd.concat([rows, copied], ignore_index=True)
    w.variant = "two ids"
    w.right |= {"leads", "lead_id", "rows"}


def spill_over(w: World) -> None:
    """Colleagues' rows after the win: counted at the account, or filed under its first day."""
    won = pd.Series(w.won).groupby(w.leads["account"]).max()
    is_won = w.firms["id"].map(won).fillna(False).astype(bool).to_numpy()
    if w.rng.random() < 0.5:
        w.variant = "account column"
        people = w.firms["id"].map(w.leads["account"].value_counts()).fillna(0).to_numpy()
        more = w.rng.poisson(np.where(is_won, w.rng.uniform(3, 7), 0.3))
        name = "contacts" if w.rng.random() < 0.5 else "c50"
        w.firms[name] = (people + more).astype(float)
        w.firm_columns[name] = "number"
        w.right.add(f"account.{name}")
        w.blocks = True
        return
    # The deal brings users; the import files them and their visits under the day of the lead.
    w.variant = "colleagues' rows"
    filed = np.flatnonzero(w.won & (w.rng.random(len(w.won)) < w.rng.uniform(0.6, 0.95)))
    lead = w.leads.iloc[np.repeat(filed, 2)]
    start = lead["created"] - pd.to_timedelta(w.rng.integers(1, 5, len(lead)), unit="D")
    users = lead.copy()
    users["id"] = [f"N{900_000 + i}" for i in range(len(users))]
    users["created"] = start.to_numpy()
    # They are users, not leads: nobody sells to them, and so they are never won or lost.
    w.leads = pd.concat([w.leads, users], ignore_index=True)
    nothing = pd.Series(pd.NaT, index=range(len(users)), dtype=w.won_at.dtype)
    w.won_at = pd.concat([w.won_at, nothing], ignore_index=True)
    closed = pd.Series(start.to_numpy() + np.timedelta64(30, "s"), dtype=w.lost_at.dtype)
    w.lost_at = pd.concat([w.lost_at, closed], ignore_index=True)
    at = start.to_numpy() + pd.to_timedelta(w.rng.integers(1, 9, len(users)), unit="h").to_numpy()
    rows = pd.DataFrame({"lead": users["id"].to_numpy(), "at": at, "page": "product"})
    w.events["web"] = pd.concat([w.events["web"], rows], ignore_index=True)
    w.right |= {"events.web", "account", "related.account"}
    w.begins = ("account__",)


def zone_slip(w: World) -> None:
    """Stamps hours early: what was sent at the win seems to have been sent before the look."""
    hours = int(w.rng.integers(5, 13))
    mail = w.events["mail"]
    w.events["mail"] = mail.assign(at=mail["at"] - pd.Timedelta(hours=hours))
    w.variant = "mail"
    w.right |= {"events.mail"}
    w.begins = ("confirmation", "click", "first_touch", "last_touch", "previous_touch")


def late_arrival(w: World) -> None:
    """Typed in after the win with a date of the first days.

    When it was typed is not mapped; half of the exports hold it, half do not even say.
    """
    typed = np.flatnonzero(w.won & (w.rng.random(len(w.won)) < w.rng.uniform(0.5, 0.95)))
    created = w.leads["created"].iloc[typed]
    back = pd.to_timedelta(w.rng.uniform(-2, 6, len(typed)) * 86_400, unit="s").floor("s")
    rows = pd.DataFrame(
        {"lead": w.leads["id"].iloc[typed].to_numpy(), "at": created.to_numpy() + back.to_numpy()}
    )
    w.variant = "typed at" if w.rng.random() < 0.5 else "no stamp"
    if w.variant == "typed at":
        typed_at = w.won_at.iloc[typed] + 3 * DAY
        rows["typed"] = typed_at.where(typed_at < EXPORTED, EXPORTED).to_numpy()
    w.events["visits"] = pd.concat([w.events["visits"], rows], ignore_index=True)
    w.right |= {"events.visits"}
    w.begins = ("demo",)


def one_sided_join(w: World) -> None:
    """Rows of the won are lost, or stand under the id of the contact that the lead became."""
    gone = set(w.leads["id"].to_numpy()[w.won & (w.rng.random(len(w.won)) < w.rng.uniform(0.7, 1))])
    rows = w.events["web"]
    hit = rows["lead"].isin(gone)
    w.variant = "lost" if w.rng.random() < 0.5 else "re-pointed"
    if w.variant == "lost":
        w.events["web"] = rows[~hit]
    else:
        w.events["web"] = rows.assign(lead=rows["lead"].where(~hit, "P" + rows["lead"].str[1:]))
    w.right |= {"events.web"}
    w.begins = _WEB
    w.blocks = True


def _rename(w: World, new: dict[str, str]) -> None:
    w.leads["id"] = w.leads["id"].map(new)
    for name, rows in w.events.items():
        w.events[name] = rows.assign(lead=rows["lead"].map(new))
