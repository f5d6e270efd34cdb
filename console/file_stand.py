"""How the load of a file stands, as its page and the page of its source show it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from console.actors import names_of
from console.charts import parts_of
from records.file_loads import OUTCOMES
from records.models import (
    ARRIVING,
    EXPIRED,
    FAILED,
    LOADED,
    LOADING,
    TAKEN_BACK,
    TRIED,
    TRYING,
    FileLoad,
)
from records.readers.charset import called

FORMATS = {"csv": "CSV", "ndjson": "JSON lines", "parquet": "Parquet", "": "File"}
# Each state in words, its tone, and its icon.
WORDS = {
    ARRIVING: ("arriving", "info", "upload"),
    TRYING: ("being tried", "info", "fact_check"),
    TRIED: ("waits for your yes", "warn", "fact_check"),
    LOADING: ("loading", "info", "database_upload"),
    LOADED: ("loaded", "good", "task_alt"),
    FAILED: ("cannot be loaded", "bad", "error"),
    EXPIRED: ("discarded: nobody said yes within a day", "warn", "schedule"),
    TAKEN_BACK: ("taken back", "warn", "undo"),
}
UNDER_WAY = (ARRIVING, TRYING, LOADING)


@dataclass(frozen=True)
class Stand:
    """A load: what it is called, its state in words, how far it is, and what became of its rows."""

    load: FileLoad
    what: str
    words: str
    tone: str
    icon: str
    percent: float
    under_way: bool
    by: str
    outcomes: list[Any]

    @property
    def waits(self) -> bool:
        """Whether it waits for a yes."""
        return self.load.state == TRIED and self.load.ended_at is None


def stands(loads: Iterable[FileLoad]) -> list[Stand]:
    """How these loads stand."""
    rows = list(loads)
    names = names_of(load.started_by for load in rows)
    return [_stand(load, names.get(load.started_by, load.started_by)) for load in rows]


def _stand(load: FileLoad, by: str) -> Stand:
    words, tone, icon = WORDS[load.state]
    if load.state == TRIED and load.only_try:
        words, tone = "tried", "good"
    return Stand(
        load=load,
        what=_what(load),
        words=words,
        tone=tone,
        icon=icon,
        percent=100 * load.read / load.size if load.size else 0,
        under_way=load.state in UNDER_WAY,
        by="manage.py ingest" if by == "command" else by,
        outcomes=parts_of({name: getattr(load, name) for name in OUTCOMES}),
    )


def _what(load: FileLoad) -> str:
    parts = [FORMATS[load.format], called(load.encoding) if load.encoding else "", "gzipped" if load.packed else ""]
    return ", ".join(part for part in parts if part)
