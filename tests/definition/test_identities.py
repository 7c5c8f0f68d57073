"""Links, people and ids in a definition: what goes together, and what is said where it does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from predict.definition.identities import in_order
from predict.definition.schema import Definition

Refused = Callable[[str], str]
TEXT = """
name = "d"
conversion = { stage = "won", within_days = 30 }
[leads]
lead_id = "Id"
created_at = "Created"
source = "LeadSource"
columns = { Title = "fixed", Email = "personal" }
[outcomes.stage]
lead_id = "Id"
stage = "won"
entered_at = "at"
"""
PEOPLE = '[people.contact]\nlead_id = "ContactId"\ncreated_at = "CreatedDate"\n'


def link(name: str, start: str) -> str:
    return f'[links.{name}]\nid = "x"\nid_of = {start}\nother_id = "y"\n'


def test_links_may_start_from_links(refused: Refused) -> None:
    text = TEXT + link("deal", '["contact", "lead"]') + link("account", '"deal"')
    text += '[links.contact]\nlead_id = "Id"\nother_id = "C"\n'
    links = Definition.parse(text).links
    assert in_order(links) == ("contact", "deal", "account")
    assert (links["deal"].carrier, links["contact"].carrier) == ("x", "Id")
    said = refused(text.replace('id_of = "deal"', 'id_of = "deel"'))
    assert "links.account.id_of" in said
    assert "did you mean deal?" in said


def test_circles_of_links_are_named(refused: Refused) -> None:
    text = TEXT + link("a", '"b"') + link("b", '["lead", "c"]') + link("c", '"a"')
    text += link("behind", '"a"')  # stands on the circle's account; the circle is told once
    said = refused(text)
    assert "links.a.id_of" in said
    assert "a → b → c → a" in said
    assert "things must be put right" not in said
    assert "a → a" in refused(TEXT + link("a", '"a"'))


@pytest.mark.parametrize(
    ("keys", "where", "what"),
    [
        ('other_id = "y"', "links.n", "which lead"),
        ('id = "x"\nother_id = "y"', "links.n.id", "whose id"),
        ('lead_id = "x"\nid = "z"\nid_of = "lead"\nother_id = "y"', "links.n.lead_id", "not both"),
        ('lead_id = "x"\nother_id = "y"\nseperator = ";"', "links.n.seperator", "mean separator?"),
        ('lead_id = "x"\nother_id = "y"\nkind = "mail"', "links.n.kind", "did you mean email?"),
        ('id = "x"\nid_of = "lead"\nother_id = "y"\nkind = "merged"', "links.n.id", "into leads"),
        ('lead_id = "x"\nother_id = "y"\nseparator = ""', "links.n.separator", "not be empty"),
    ],
)
def test_what_is_wrong_with_a_link(refused: Refused, keys: str, where: str, what: str) -> None:
    said = refused(f"{TEXT}[links.n]\n{keys}\n")
    assert where in said
    assert what in said


def test_the_leads_own_id_needs_no_link(refused: Refused) -> None:
    said = refused(f'{TEXT}[links.lead]\nlead_id = "x"\nother_id = "y"\n')
    assert "links.lead" in said
    assert "another name" in said


@pytest.mark.parametrize(
    ("keys", "where", "what"),
    [
        ('unless = "contakt"', "people.contact.unless", "did you mean contact?"),
        ('rename = { Job = "Titel" }', "people.contact.rename.Job", "did you mean Title?"),
        ('rename = { Job = "Budget" }', "people.contact.rename.Job", "declare it"),
        ('rename = { A = "Title", B = "Title" }', "people.contact.rename", "2 headers become"),
        ('rename = { A = "Id" }', "people.contact.rename", "2 headers become"),
        ('owner = "OwnerId"', "people.contact.owner", "leads have no such column"),
        ('sauce = "S"', "people.contact.sauce", "did you mean source?"),
        ('columns = { A = "fixed" }', "people.contact.columns", "unknown key"),
    ],
)
def test_what_is_wrong_with_people(refused: Refused, keys: str, where: str, what: str) -> None:
    links = '[links.contact]\nlead_id = "Id"\nother_id = "C"\n'
    said = refused(TEXT + links + PEOPLE + keys)
    assert where in said
    assert what in said


def test_people_have_outcomes_of_their_own(refused: Refused) -> None:
    flat = TEXT.split("[outcomes", maxsplit=1)[0].replace("within_days = 30", "within_days = 0")
    flat = flat.replace('source = "L', 'outcome_column = "y"\noutcome_values = ["1"]\nsource = "L')
    assert "people.contact" in refused(flat + PEOPLE)
    assert Definition.parse(TEXT + PEOPLE).people["contact"].created_at == "CreatedDate"


def test_ids_and_free_mailboxes(refused: Refused) -> None:
    said = refused('ids = "salesfroce"\n' + TEXT)
    assert "ids" in said and "did you mean salesforce?" in said
    text = TEXT + '[reading]\nfree_mail = ["Mail.Example"]\n'
    assert Definition.parse(text).reading.free_mail == ("mail.example",)
    for odd in ("nobody", "a@b.example", "mail example.com", "mail..example"):
        assert "must be domains" in refused(text.replace("Mail.Example", odd))
    assert Definition.parse(text).differences(Definition.parse(TEXT)) == ["reading"]
