"""The twelve months that the records tell of."""

import datetime
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Window:
    """From an instant (included) to an instant (excluded), both in UTC."""

    start_at: datetime.datetime
    end_at: datetime.datetime

    def part(self, begin: float, end: float) -> "Window":
        """The stretch between two fractions of this window."""
        length = self.end_at - self.start_at
        return Window(self.start_at + length * begin, self.start_at + length * end)

    def moment(self, rng: Random) -> datetime.datetime:
        """An instant inside, more likely in the late afternoon than at night."""
        day = self.start_at + (self.end_at - self.start_at) * rng.random()
        at = day.replace(hour=int(rng.triangular(6, 23, 17)), minute=rng.randrange(60), second=rng.randrange(60))
        return self.hold(at)

    def hold(self, at: datetime.datetime) -> datetime.datetime:
        """The instant, or the nearest one inside."""
        return min(max(at, self.start_at), self.end_at - datetime.timedelta(seconds=1))


def year_until(until: datetime.date) -> Window:
    """The twelve months that end at 00:00 UTC of the given day."""
    end_at = datetime.datetime.combine(until, datetime.time(), tzinfo=datetime.UTC)
    return Window(end_at - datetime.timedelta(days=365), end_at)


def iso(at: datetime.datetime) -> str:
    """ISO 8601 in UTC with whole seconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_milliseconds(at: datetime.datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as browsers and phones write it."""
    return at.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
