"""python -m tests.mutation [BEGINNING ...] [--sample N]: break the consent decision in small ways; a test must fail.

Only mutants whose names begin so, and so many of them by chance (the same ones each time). What is listed as equivalent
must live, and is looked at unless a sample is asked for. The last line printed is JSON:
{"killed": 899, "total": 900, "survived": ["consent/rules.py conclude: ..."]}.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cdp.settings")
django.setup()

from tests.mutation.change import ROOT  # noqa: E402  # after the set-up
from tests.mutation.consent import mutants  # noqa: E402
from tests.mutation.equivalent import EQUIVALENT  # noqa: E402

AT_ONCE = 2
SEED = 14
ALIVE = "alive"
KILLED = ("killed", "out of time")


def main(beginnings: Sequence[str], sample: int | None) -> int:
    """Run them, two at a time. Exit code 0 when all die that must, and all live that are listed as equivalent."""
    chosen = [name for name in mutants() if name.startswith(tuple(beginnings) or "")]
    if sample is not None:
        mortal = [name for name in chosen if name not in EQUIVALENT]
        chosen = random.Random(SEED).sample(mortal, min(sample, len(mortal)))
    fates = _run(chosen)
    survived = [name for name in chosen if name not in EQUIVALENT and fates[name] not in KILLED]
    mistaken = [name for name in chosen if name in EQUIVALENT and fates[name] != ALIVE]
    for name in mistaken:
        print(f"listed as equivalent and {fates[name]}: {name}")  # noqa: T201
    for name in survived:
        print(f"{fates[name]}: {name}")  # noqa: T201
    total = sum(name not in EQUIVALENT for name in chosen)
    print(f"{len(chosen) - total} more are listed as equivalent")  # noqa: T201
    print(json.dumps({"killed": total - len(survived), "total": total, "survived": survived}))  # noqa: T201
    return int(bool(survived or mistaken))


def _run(chosen: list[str]) -> dict[str, str]:
    """What became of each, by name."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        shares = [chosen[number::AT_ONCE] for number in range(min(AT_ONCE, len(chosen)))]
        found = pool.map(_at_a_desk, shares, [Path(folder) / str(number) for number in range(len(shares))])
        return {name: outcome for fates in found for name, outcome in fates.items()}


def _at_a_desk(share: list[str], place: Path) -> dict[str, str]:
    """Some of the mutants, one after the other, with an embedded PostgreSQL of their own."""
    place.mkdir()
    names, fates = place / "mutants.json", place / "fates.jsonl"
    names.write_text(json.dumps(share))
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "KEYSTORE_URL")}
    # A mutant's statement that runs away ends by itself.
    own = {"ONYM_HOME": str(place / "home"), "PGOPTIONS": "-c statement_timeout=60s"}
    command = [sys.executable, "-m", "tests.mutation.desk", str(names), str(fates)]
    run = subprocess.run(command, cwd=ROOT, env=kept | own, capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(f"the tests of the mutants did not run:\n{run.stdout[-3000:]}\n{run.stderr[-3000:]}")
    rows = [json.loads(line) for line in fates.read_text().splitlines()]
    return {row["name"]: row["outcome"] for row in rows}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("beginnings", nargs="*")
    parser.add_argument("--sample", type=int)
    arguments = parser.parse_args()
    sys.exit(main(arguments.beginnings, arguments.sample))
