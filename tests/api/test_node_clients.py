"""The official Node clients of Segment and Rudder, unmodified, sending over HTTP to this installation."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from records.models import QuarantinedRecord, Record
from tests.api.conftest import Shop
from tests.api.test_clients import host, shop  # noqa: F401  # fixtures

PACKAGES = ("@segment/analytics-node@3", "@rudderstack/rudder-sdk-node@3")
KINDS = ["alias", "group", "identify", "page", "screen", "track", "track"]
SCRIPT = Path(__file__).with_name("node_clients.mjs")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (shutil.which("node") and shutil.which("npm")), reason="needs node and npm"),
    pytest.mark.django_db(transaction=True, databases=["default", "keystore"]),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the clients are installed, beside the script that uses them."""
    folder = tmp_path_factory.mktemp("node")
    shutil.copy(SCRIPT, folder)
    install = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the clients cannot be installed here: {done.stderr[-200:]}")
    return folder


@pytest.mark.parametrize(("client", "gzip"), [("segment", True), ("rudder", True), ("rudder", False)])
def test_every_call_lands(client: str, gzip: bool, folder: Path, shop: Shop, host: str) -> None:  # noqa: F811
    named = {"CLIENT": client, "HOST": host, "WRITE_KEY": shop.write_key, "GZIP": "1" if gzip else "0"}
    done = subprocess.run(
        ["node", SCRIPT.name],
        cwd=folder,
        env=os.environ | named,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {"failed": []}
    assert sorted(Record.objects.values_list("kind", flat=True)) == KINDS
    assert QuarantinedRecord.objects.count() == 0
    assert Record.objects.get(event="Order Completed").properties["amount"] == 42.5
