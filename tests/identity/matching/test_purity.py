import subprocess
import sys


def test_matching_imports_no_framework_and_no_data_frames() -> None:
    frameworks = {"django", "pandas", "polars", "scipy", "recordlinkage"}
    code = f"import sys, identity.matching; print(*{frameworks} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""
