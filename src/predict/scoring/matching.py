"""Matching: rows of a list found in the CRM, people by id or e-mail, firms by domain; exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from predict.crm.tables import Crm

#: What says of a lead whether it is still to be worked on.
_FLAGS = ("reached", "closed", "customer", "open_deal")


def people(crm: Crm, rows: ir.Table, ends: ir.Table, as_of_us: int) -> ir.Table:
    """Find the person of each row among the leads: by id, else by e-mail address.

    An address that several leads share stands for the newest of them that is still open, else for
    the newest; that somebody is a customer, in an open deal or not to be contacted holds whichever
    of the leads says so. Addresses are compared as hashes, never alike but for case.

    Parameters
    ----------
    crm : Crm
        The opened export.
    rows : Ibis table
        ``row``, ``lead_id`` and ``mail_hash``, and whatever else is to be kept.
    ends : Ibis table
        From `predict.scoring.fates.ends_of`.
    as_of_us : int
        Leads created at or after it are found by their id only.

    Returns
    -------
    Ibis table
        ``rows`` with ``lead_no``, ``matched_by`` ("id", "e-mail" or missing), ``mail_leads`` (how
        many leads have the address), ``owner`` of the lead in the open deal, ``blocked`` and the
        flags of ``ends``, which are false where nobody was found.
    """
    import ibis

    leads = crm.leads.select("lead_no", "lead_id", "mail_key", "owner", "created_us", "suppressed")
    leads = leads.left_join(ends, "lead_no").select(
        *leads.columns, **{f: ends[f].fill_null(False) for f in _FLAGS}
    )
    leads = crm.workspace.materialise(leads, "leads_ends")
    by_id = leads.select(
        id_no="lead_no",
        known_id="lead_id",
        id_owner="owner",
        id_blocked="suppressed",
        **{f"id_{f}": f for f in _FLAGS},
    )
    by_mail = crm.workspace.materialise(_by_mail(leads, as_of_us), "leads_by_mail")
    found = rows.left_join(by_id, rows.lead_id == by_id.known_id)
    found = found.left_join(by_mail, found.mail_hash == by_mail.mail_key)
    is_id = found.id_no.notnull()
    columns = {
        "lead_no": is_id.ifelse(found.id_no, found.mail_no),
        "matched_by": ibis.cases(
            (is_id, "id"), (found.mail_no.notnull(), "e-mail"), else_=ibis.null("string")
        ),
        "mail_leads": is_id.ifelse(0, found.mail_leads.fill_null(0)),
        "owner": is_id.ifelse(found.id_owner, found.mail_owner),
        "blocked": is_id.ifelse(found.id_blocked, found.mail_blocked.fill_null(False)),
        **{f: is_id.ifelse(found[f"id_{f}"], found[f"mail_{f}"].fill_null(False)) for f in _FLAGS},
    }
    return found.select(*rows.columns, **columns)


def _by_mail(leads: ir.Table, as_of_us: int) -> ir.Table:
    """Return one row per address: whom it stands for, and what holds of any lead that has it."""
    import ibis

    known = leads.filter(leads.mail_key.notnull() & (leads.created_us < as_of_us))
    over = known.reached | known.closed
    newest = [over.cast("int8"), ibis.desc("created_us"), ibis.desc("lead_no")]
    ranked = known.mutate(
        place=ibis.row_number().over(ibis.window(group_by="mail_key", order_by=newest)),
        deal_place=ibis.row_number().over(
            ibis.window(
                group_by="mail_key",
                order_by=[ibis.desc("open_deal"), ibis.desc("created_us"), ibis.desc("lead_no")],
            )
        ),
    )
    first = ranked.place == 0
    return ranked.group_by("mail_key").aggregate(
        mail_no=ranked.lead_no.max(where=first),
        mail_leads=ranked.count(),
        mail_owner=ranked.owner.max(where=ranked.deal_place == 0),
        mail_blocked=ranked.suppressed.any(),
        # An old lead of the person that was lost, or reached the stage once, says nothing of the
        # one that is open now.
        mail_reached=ranked.reached.any(where=first),
        mail_closed=ranked.closed.any(where=first),
        mail_customer=ranked.customer.any(),
        mail_open_deal=ranked.open_deal.any(),
    )


def firms(crm: Crm, rows: ir.Table, as_of_us: int) -> ir.Table:
    """Find the account of strangers by the domain of their e-mail or web address.

    A domain stands for an account where the CRM says so: by the web address of the account, else
    by the addresses of its leads, if all leads with the domain are of one account. Mailbox
    providers stand for nobody.

    Parameters
    ----------
    crm : Crm
        The opened export.
    rows : Ibis table
        ``mail_domain``, ``site_domain``, ``account_id``, ``lead_no``, ``matched_by``.
    as_of_us : int
        Leads created at or after it say nothing.

    Returns
    -------
    Ibis table
        The rows with ``account_id`` filled and ``matched_by`` saying how, for strangers that name
        no account of their own.
    """
    import ibis

    if not crm.has_accounts:
        return rows
    domains = crm.workspace.materialise(_domains(crm, as_of_us), "domains")
    mail = domains.select(by_mail="domain", mail_account="account")
    site = domains.select(by_site="domain", site_account="account")
    found = rows.left_join(mail, rows.mail_domain == mail.by_mail)
    found = found.left_join(site, found.site_domain == site.by_site)
    open_ = found.lead_no.isnull() & found.account_id.isnull()
    said = ibis.coalesce(found.mail_account, found.site_account)
    how = ibis.cases(
        (~open_ | said.isnull(), found.matched_by),
        (found.mail_account.notnull(), "firm by e-mail domain"),
        else_="firm by website",
    )
    kept = [c for c in rows.columns if c not in ("account_id", "matched_by")]
    return found.select(*kept, account_id=open_.ifelse(said, found.account_id), matched_by=how)


def _domains(crm: Crm, as_of_us: int) -> ir.Table:
    """Return ``domain`` and the one ``account`` it stands for."""
    import ibis

    from predict.crm.profile import FREE_MAIL

    free = [*FREE_MAIL, *crm.definition.reading.free_mail]
    leads = crm.leads.filter(
        crm.leads.mail_domain.notnull()
        & crm.leads.account_id.notnull()
        & (crm.leads.created_us < as_of_us)
    )
    pairs = [leads.select(domain="mail_domain", account="account_id", rank=ibis.literal(1))]
    account = f"k:{crm.definition.account_key}"
    for part in crm.related:
        if part.sites is not None and part.key == account:
            sites = part.sites.filter(~part.sites.domain.isin(free))
            pairs.append(sites.select("domain", account="key", rank=ibis.literal(0)))
    every = ibis.union(*pairs) if len(pairs) > 1 else pairs[0]
    per = every.group_by("domain", "rank").aggregate(
        account=every.account.min(), accounts=every.account.nunique()
    )
    # Two accounts with one domain: neither is guessed, and the leads are not asked instead.
    best = ibis.window(group_by="domain", order_by="rank")
    ranked = per.mutate(place=ibis.row_number().over(best))
    one = ranked.filter((ranked.place == 0) & (ranked.accounts == 1))
    return one.select("domain", "account")
