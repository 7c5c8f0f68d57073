"""Countries: one country however a list writes it, told in the writing that the CRM uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

#: ISO code → English and German names, and what else it is called.
# fmt: off
NAMES: Mapping[str, tuple[str, ...]] = {
    "DE": ("Germany", "Deutschland", "DEU", "D", "Federal Republic of Germany"),
    "AT": ("Austria", "Österreich", "AUT"), "CH": ("Switzerland", "Schweiz", "CHE"),
    "LI": ("Liechtenstein", "LIE"), "NL": ("Netherlands", "Niederlande", "NLD", "The Netherlands",
                                           "Holland"),
    "BE": ("Belgium", "Belgien", "BEL"), "LU": ("Luxembourg", "Luxemburg", "LUX"),
    "FR": ("France", "Frankreich", "FRA"), "IT": ("Italy", "Italien", "ITA"),
    "ES": ("Spain", "Spanien", "ESP"), "PT": ("Portugal", "PRT"),
    "GB": ("United Kingdom", "Vereinigtes Königreich", "GBR", "UK", "Great Britain",
           "Großbritannien", "England"),
    "IE": ("Ireland", "Irland", "IRL"), "DK": ("Denmark", "Dänemark", "DNK"),
    "SE": ("Sweden", "Schweden", "SWE"), "NO": ("Norway", "Norwegen", "NOR"),
    "FI": ("Finland", "Finnland", "FIN"), "IS": ("Iceland", "Island", "ISL"),
    "PL": ("Poland", "Polen", "POL"), "CZ": ("Czech Republic", "Tschechien", "CZE", "Czechia",
                                             "Tschechische Republik"),
    "SK": ("Slovakia", "Slowakei", "SVK"), "HU": ("Hungary", "Ungarn", "HUN"),
    "SI": ("Slovenia", "Slowenien", "SVN"), "HR": ("Croatia", "Kroatien", "HRV"),
    "RO": ("Romania", "Rumänien", "ROU"), "BG": ("Bulgaria", "Bulgarien", "BGR"),
    "GR": ("Greece", "Griechenland", "GRC"), "RS": ("Serbia", "Serbien", "SRB"),
    "EE": ("Estonia", "Estland", "EST"), "LV": ("Latvia", "Lettland", "LVA"),
    "LT": ("Lithuania", "Litauen", "LTU"), "UA": ("Ukraine", "UKR"),
    "TR": ("Turkey", "Türkei", "TUR", "Türkiye"), "CY": ("Cyprus", "Zypern", "CYP"),
    "MT": ("Malta", "MLT"), "IL": ("Israel", "ISR"), "NA": ("Namibia", "NAM"),
    "AE": ("United Arab Emirates", "Vereinigte Arabische Emirate", "ARE", "UAE"),
    "SA": ("Saudi Arabia", "Saudi-Arabien", "SAU"), "ZA": ("South Africa", "Südafrika", "ZAF"),
    "US": ("United States", "Vereinigte Staaten", "USA", "United States of America"),
    "CA": ("Canada", "Kanada", "CAN"), "MX": ("Mexico", "Mexiko", "MEX"),
    "BR": ("Brazil", "Brasilien", "BRA"), "AR": ("Argentina", "Argentinien", "ARG"),
    "CL": ("Chile", "CHL"), "CO": ("Colombia", "Kolumbien", "COL"),
    "AU": ("Australia", "Australien", "AUS"), "NZ": ("New Zealand", "Neuseeland", "NZL"),
    "CN": ("China", "CHN"), "JP": ("Japan", "JPN"), "KR": ("South Korea", "Südkorea", "KOR",
                                                          "Korea, Republic of"),
    "IN": ("India", "Indien", "IND"), "SG": ("Singapore", "Singapur", "SGP"),
    "HK": ("Hong Kong", "Hongkong", "HKG"), "TW": ("Taiwan", "TWN"),
    "TH": ("Thailand", "THA"), "MY": ("Malaysia", "MYS"), "ID": ("Indonesia", "Indonesien", "IDN"),
    "VN": ("Vietnam", "VNM"), "PH": ("Philippines", "Philippinen", "PHL"),
    "EG": ("Egypt", "Ägypten", "EGY"), "MA": ("Morocco", "Marokko", "MAR"),
    "NG": ("Nigeria", "NGA"), "KE": ("Kenya", "Kenia", "KEN"),
}
# fmt: on
_CODES = {written.casefold(): code for code, names in NAMES.items() for written in (code, *names)}


def is_country(text: str) -> bool:
    """Tell whether a text is the code or the name of a country.

    Examples
    --------
    >>> is_country("Österreich"), is_country("at"), is_country("Vienna")
    (True, True, False)
    """
    return text.strip().casefold() in _CODES


def as_written(levels: Iterable[str]) -> dict[str, str]:
    """Return, for every writing of the countries among some values, the value itself.

    Parameters
    ----------
    levels : iterable of str
        Values of the CRM's column, the most frequent first where two write one country.

    Returns
    -------
    dict of str to str
        Lower-case writing → the CRM's value; nothing for values that are no countries.

    Examples
    --------
    >>> known = as_written(["DE", "Austria"])
    >>> known["deutschland"], known["aut"], "japan" in known
    ('DE', 'Austria', False)
    """
    known: dict[str, str] = {}
    for level in levels:
        code = _CODES.get(level.strip().casefold())
        if code is None:
            continue
        for written in (level, code, *NAMES[code]):
            known.setdefault(written.strip().casefold(), level)
    return known
