"""python requirements/install.py LOCK: install a complete lock file, several pips at a time.

pip works on one core, and most of its time goes into unpacking. Packages of a complete lock need nothing resolved and
do not touch each other, so each pip gets a share of them. Standard library only: nothing is installed yet.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

AT_ONCE = min(4, os.cpu_count() or 1)
# Some packages are a hundred times as large as others: whoever is done with one share takes another.
SHARES = 3 * AT_ONCE if AT_ONCE > 1 else 1
# Compiling 300 MB of libraries in advance takes as long as installing them; Python compiles what it uses. The lock is
# complete (make lint asks), so nothing is resolved: older pips look for newer releases of what has extras, and refuse.
PIP = ("-m", "pip", "-qq", "--disable-pip-version-check")
INSTALL = ("install", "--no-compile", "--no-deps", "--require-hashes", "-r")


def main(lock: Path) -> int:
    """Install what the lock names. Exit code 0 when all of it is; pip says what went wrong."""
    requirements = read(lock.read_text())
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        shares = [Path(folder) / f"{number}.txt" for number in range(SHARES)]
        for number, share in enumerate(shares):
            share.write_text("".join(requirements[number::SHARES]))
        return int(any([*pool.map(_install, shares)]))


def read(lock: str) -> Sequence[str]:
    """The requirements of a lock, each with its hashes."""
    requirements: list[str] = []
    for line in lock.splitlines(keepends=True):
        if line[:1].isalnum():
            requirements.append(line)
        elif requirements and not line.lstrip().startswith("#"):
            requirements[-1] += line
    return requirements


def _install(share: Path) -> int:
    return subprocess.run([sys.executable, *PIP, *INSTALL, str(share)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
