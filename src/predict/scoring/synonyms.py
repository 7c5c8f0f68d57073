"""Synonyms: what headers of foreign lists commonly mean, in English, German and both vendors'."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

#: Meaning → the headers it goes by, the most exact first; written as `plain` leaves them.
#: Between columns of one meaning the one named earlier here wins, and the other is said.
SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "lead_id": ("leadid", "recordid", "id", "crmid", "contactid", "leadnummer", "datensatzid",
                "hsobjectid", "caseidsafe", "leadid18", "leadrecordid"),
    "account_id": ("accountid", "companyid", "associatedcompanyids", "associatedcompanyid",
                   "primaryassociatedcompanyid", "firmenid", "kundennummer", "accountnummer"),
    "created_at": ("createdat", "createddate", "createdate", "created", "creationdate",
                   "datecreated", "erstelltam", "erstellungsdatum", "angelegtam", "anlagedatum",
                   "scannedat", "scandate", "registeredat", "registrationdate", "eingegangenam"),
    "source": ("source", "leadsource", "originalsource", "originaltrafficsource", "quelle",
               "leadquelle", "channel", "kanal", "herkunft", "hsanalyticssource", "utmsource"),
    "campaign": ("campaign", "campaignname", "kampagne", "kampagnenname", "utmcampaign",
                 "aktion", "originalsourcedrilldown1", "originalsourcedata1"),
    "list": ("list", "listname", "liste", "event", "eventname", "veranstaltung", "messe",
             "tradeshow", "show"),
    "owner": ("owner", "leadowner", "contactowner", "ownerid", "hubspotownerid", "inhaber",
              "betreuer", "zustaendig", "accountmanager"),
    "email": ("email", "emailaddress", "workemail", "businessemail", "companyemail", "mail",
              "emailadresse", "emailgeschaeftlich", "geschaeftlicheemail", "mailadresse",
              "mailaddress", "emails", "emailprivate", "privateemail"),
    "salutation": ("salutation", "anrede", "prefix", "namensanrede"),
    "first_name": ("firstname", "givenname", "vorname", "forename", "first"),
    "last_name": ("lastname", "surname", "familyname", "nachname", "last", "familienname"),
    "full_name": ("fullname", "name", "contactname", "leadname", "contact", "person",
                  "ansprechpartner", "kontakt", "attendee", "visitor", "teilnehmer", "besucher"),
    "company": ("company", "companyname", "firm", "firma", "unternehmen", "organisation",
                "organization", "accountname", "account", "firmenname", "unternehmensname",
                "employer", "arbeitgeber", "associatedcompany"),
    "job_title": ("jobtitle", "title", "titel", "position", "jobposition", "role", "jobrole",
                  "berufsbezeichnung", "stellenbezeichnung", "funktion", "positionimunternehmen",
                  "designation", "beruf", "stelle", "rolle", "job"),
    "seniority": ("seniority", "senioritaet", "hierarchie", "level", "karrierestufe"),
    "department": ("department", "abteilung", "jobfunction", "bereich", "fachbereich"),
    "industry": ("industry", "branche", "sector", "sektor", "industrie", "wirtschaftszweig",
                 "industriezweig", "vertical"),
    "employees": ("employees", "numberofemployees", "numemployees", "mitarbeiter",
                  "mitarbeiterzahl", "anzahlmitarbeiter", "anzahldermitarbeiter", "headcount",
                  "beschaeftigte", "employeecount", "companysize", "unternehmensgroesse",
                  "firmengroesse", "nrofemployees", "staff"),
    "revenue": ("annualrevenue", "revenue", "umsatz", "jahresumsatz", "turnover"),
    "country": ("country", "countryregion", "land", "countrycode", "laendercode", "mailingcountry",
                "billingcountry", "laenderkennzeichen", "nation", "staat", "landregion", "iso"),
    "state": ("state", "stateregion", "stateprovince", "province", "bundesland", "kanton",
              "region", "mailingstate"),
    "city": ("city", "town", "ort", "stadt", "mailingcity", "wohnort", "standort"),
    "postal_code": ("postalcode", "zip", "zipcode", "postcode", "plz", "postleitzahl",
                    "mailingpostalcode"),
    "street": ("street", "address", "streetaddress", "strasse", "adresse", "anschrift",
               "mailingstreet", "strassehausnummer"),
    "phone": ("phone", "phonenumber", "telephone", "telefon", "tel", "telefonnummer",
              "businessphone", "telefongeschaeftlich", "festnetz", "phonework"),
    "mobile": ("mobilephone", "mobile", "mobil", "handy", "mobilephonenumber", "mobilnummer",
               "handynummer", "mobiltelefon", "cell"),
    "website": ("website", "websiteurl", "webseite", "homepage", "url", "companydomainname",
                "companydomain", "domain", "internet", "web"),
}  # fmt: skip

#: Meanings that a page or an import file shows and that no score is made of.
SHOWN = frozenset(
    ("salutation", "first_name", "last_name", "full_name", "company", "city", "postal_code",
     "street", "state", "phone", "mobile", "website")
)  # fmt: skip

_MEANINGS = {name: meaning for meaning, names in SYNONYMS.items() for name in names}
_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "æ": "ae"})


def plain(header: str) -> str:
    """Return a header without case, accents, blanks and signs; Salesforce's ``__c`` goes too.

    Examples
    --------
    >>> plain("E-Mail "), plain("Unternehmensgröße"), plain("Lead_Source__c"), plain("PLZ")
    ('email', 'unternehmensgroesse', 'leadsource', 'plz')
    """
    text = unicodedata.normalize("NFC", header).casefold().strip().translate(_LETTERS)
    text = re.sub(r"__c$", "", text)
    text = unicodedata.normalize("NFKD", text)
    return "".join(c for c in text if c.isalnum() and not unicodedata.combining(c))


def meaning_of(header: str) -> str | None:
    """Return what a header commonly means, or None where it is not one of the declared ones.

    Examples
    --------
    >>> meaning_of("Berufsbezeichnung"), meaning_of("Country/Region"), meaning_of("Notes")
    ('job_title', 'country', None)
    """
    return _MEANINGS.get(plain(header))


def place_of(header: str) -> int:
    """Return how exact a header is among those of its meaning: 0 is the most exact.

    Examples
    --------
    >>> place_of("E-Mail") < place_of("Private e-mail")
    True
    """
    meaning = meaning_of(header)
    return SYNONYMS[meaning].index(plain(header)) if meaning else len(_MEANINGS)
