"""The reversible window of an erasure: approved, it waits; it can be called back, or carried out at once.

How long it waits is `ERASURE_WINDOW_DAYS`. Meanwhile the person's data are kept and not used; `requests.call_back` ends
the wait for good.
"""

from django.utils import timezone

from privacy.erasure import erase
from privacy.holds import Held
from privacy.models import APPROVED, IN_PROGRESS, ErasureCase

SCHEDULE = "schedule"


def execute_due() -> int:
    """Carry out every erasure whose window has passed, and go on with those that were interrupted. Returns how many.

    Safe to run twice and at the same time; one that fails does not keep the others from being carried out.
    """
    cases = ErasureCase.objects.filter(request__state__in=[APPROVED, IN_PROGRESS], execute_after__lte=timezone.now())
    failures: list[Exception] = []
    done = 0
    for case in cases.select_related("request").order_by("execute_after", "pk"):
        try:
            erase(case.request, actor=SCHEDULE, now=timezone.now())
            done += 1
        except Held:
            continue  # it waits for the end of the legal hold, as its page says
        except Exception as error:
            failures.append(error)
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {done + len(failures)} erasures were not carried out", failures)
    return done
