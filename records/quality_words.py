"""What a rule of quality asks for, in a few words: its bounds or its pattern, never the values of a reference set."""

from typing import Any

LONGEST = 120


def asked_for(rule: dict[str, Any]) -> str:
    """`0–100`, `at least 0`, `^[A-Z]`, `one of 40 values`, `at most 30 days old`, or `it must be there`."""
    match rule["rule"]:
        case "range":
            return _range(rule.get("min"), rule.get("max"))
        case "pattern":
            pattern = str(rule["pattern"])
            return pattern if len(pattern) <= LONGEST else f"{pattern[:LONGEST]}…"
        case "one_of":
            return f"one of {_counted(len(rule['values']), 'value')}"
        case "fresh":
            return f"at most {_counted(rule['days'], 'day')} old"
    return "it must be there"


def _range(low: float | None, high: float | None) -> str:
    if low is None:
        return f"at most {high}"
    return f"at least {low}" if high is None else f"{low}–{high}"


def _counted(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"
