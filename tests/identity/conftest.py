"""What tests of this room share."""

import json
from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import call_command

from identity.matching import Model
from identity.people_of_file import read_people
from tests.identity import splink_town
from tests.identity.splink_town import Town


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    folder = tmp_path_factory.mktemp("town")
    path, saved = splink_town.write_town(folder), folder / "model.json"
    arguments = [str(path), "--out", str(folder / "clusters.csv"), "--save-model", str(saved), *splink_town.CHOICES]
    call_command("dedupe", *arguments, stdout=StringIO(), stderr=StringIO())
    learned = Model.from_dict(json.loads(saved.read_text("utf-8")))
    assert learned.learned_on > 400
    plain = replace(learned, household=None, household_prior=0.0, housemates=False, frequencies={"given_name": {}})
    return Town(path, read_people(path, chosen=splink_town.COLUMNS), plain, saved)
