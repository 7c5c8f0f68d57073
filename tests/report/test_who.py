import numpy as np
import pandas as pd

from predict.report.who import who


def test_headers_of_two_systems_and_two_languages() -> None:
    salesforce = pd.DataFrame(
        {"FirstName": ["Ada"], "LastName": ["King"], "Company": ["Acme"], "Title": ["CTO"],
         "LeadSource": ["Web"], "Phone": ["1"], "Id": ["00Q"]}
    )  # fmt: skip
    assert who(salesforce).iloc[0].to_dict() == {
        "name": "Ada King", "title": "CTO", "firm": "Acme", "phone": "1", "source": "Web",
    }  # fmt: skip
    german = pd.DataFrame(
        {"Vorname": ["Ada"], "Nachname": ["King"], "Firma": ["Acme"], "E-Mail": ["a@b.de"]}
    )
    assert who(german).iloc[0].to_dict() == {"name": "Ada King", "firm": "Acme", "email": "a@b.de"}


def test_first_and_last_name_win_over_a_column_called_name() -> None:
    frame = pd.DataFrame({"Name": ["Acme deal"], "First name": [None], "Last name": ["King"]})
    assert who(frame)["name"].tolist() == ["King"]


def test_nothing_known_and_nothing_there() -> None:
    assert who(pd.DataFrame({"x": [1, 2]}, index=[5, 6])).shape == (2, 0)
    frame = pd.DataFrame({"email": [None, np.nan, "a@b.de\n"]}, index=[5, 6, 7])
    found = who(frame)
    assert found["email"].tolist() == ["", "", "a@b.de"]
    assert found.index.tolist() == [5, 6, 7]
