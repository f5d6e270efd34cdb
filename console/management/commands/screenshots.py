"""manage.py screenshots: pictures of the admin for the README, taken in headless Chromium of the data at hand."""

import secrets
import threading
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count, Exists, OuterRef
from django.urls import reverse

from access import users
from access.models import User
from access.roles import MANAGE_ACCESS, ROLES
from console.actors import PHOTOGRAPHER
from identity.models import Assignment
from privacy.models import SubjectRequest
from segments.models import Membership, Segment

try:
    from playwright.sync_api import Browser, Page, sync_playwright
except ModuleNotFoundError:
    THERE = False
else:
    THERE = True

IMAGES = Path("docs") / "images"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDTH, HEIGHT = 1440, 1000
VIEWER = "screenshots"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Addresses of pages are nobody's business."""


class Command(BaseCommand):
    """Signs in and takes pictures of the overview, a profile, a segment and a subject request."""

    help = "Take pictures of the admin. Needs the development packages and a Chromium."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, default=IMAGES, help=f"where the pictures go; default: {IMAGES}")
        parser.add_argument("--url", action="append", default=[], help="a page, such as /admin/; may be repeated")
        parser.add_argument("--user", help="whose view; default: somebody who has every role while it lasts")
        parser.add_argument("--chromium", default="/usr/bin/chromium", help="the browser")
        parser.add_argument("--dark", action="store_true", help="in the dark")
        parser.add_argument("--whole", action="store_true", help="the whole page, not only what fits the window")

    def handle(self, *args: Any, **options: Any) -> None:
        if not THERE:
            raise CommandError("Pictures need the development packages: make install-dev")
        if not Path(options["chromium"]).exists():
            raise CommandError(f"There is no browser at {options['chromium']}: name one with --chromium")
        options["out"].mkdir(parents=True, exist_ok=True)
        pages = {_name(url): url for url in options["url"]} or dict(_pages())
        with _viewer(options["user"]) as user, _serving() as address:
            # Playwright runs an event loop in this thread, in which Django allows no query: the session is made before.
            self._take(pages, address, session=_session_of(user), **options)

    def _take(self, pages: dict[str, str], address: str, *, session: str, **options: Any) -> None:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=options["chromium"], args=list(ARGUMENTS))
            page = _window(browser, session, address, dark=options["dark"])
            for name, url in pages.items():
                path = options["out"] / f"{name}.png"
                _shoot(page, f"{address}{url}", path, whole=options["whole"])
                self.stdout.write(str(path))
            browser.close()


def _pages() -> Iterator[tuple[str, str]]:
    """The pages to show, as far as there is something to show on them."""
    yield "overview", reverse("admin:index")
    current = Assignment.objects.current().values("profile")
    richest = current.annotate(
        kinds=Count("source_profile__source__kind", distinct=True),
        reasons=Count("reason", distinct=True),
        parts=Count("id"),
        is_member=Exists(Membership.objects.filter(profile=OuterRef("profile"), left_at=None)),
    )
    best = richest.filter(parts__lte=7).order_by("-is_member", "-kinds", "-reasons", "-parts", "profile").first()
    if best:
        yield "profile", reverse("admin:identity_profile_change", args=[best["profile"]])
    segment = Segment.objects.filter(active=True).annotate(size=Count("memberships")).order_by("-size").first()
    if segment:
        yield "segment", reverse("admin:segments_segment_change", args=[segment.pk])
    request = SubjectRequest.objects.annotate(taken=Count("steps")).order_by("-taken", "-opened_at").first()
    if request:
        yield "subject-request", reverse("admin:privacy_subjectrequest_change", args=[request.pk])


@contextmanager
def _viewer(username: str | None) -> Iterator[User]:
    """The user of that name; or one made for this, who has every role while the pictures are taken and is gone then."""
    if username:
        found = User.objects.filter(username=username).first()
        if found is None:
            raise CommandError(f"There is no user {username!r}")
        yield found
        return
    if not any(other.may(MANAGE_ACCESS) for other in User.objects.exclude(username=VIEWER)):
        raise CommandError("Nobody manages access yet: run manage.py demo or createsuperuser first, or name a --user")
    user = User.objects.filter(username=VIEWER).first()
    user = user or users.add(VIEWER, password=secrets.token_urlsafe(32), roles=[], id=PHOTOGRAPHER)
    user = users.change(user, roles=list(ROLES), is_active=True)
    try:
        yield user
    finally:
        users.remove(user)


@contextmanager
def _serving() -> Iterator[str]:
    """The site at an address of its own, as long as the pictures are taken."""
    handler = StaticFilesHandler(WSGIHandler())
    with make_server("127.0.0.1", 0, handler, server_class=_Server, handler_class=_Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _session_of(user: User) -> str:
    """The key of a session in which this user is signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return session.session_key or ""


def _window(browser: "Browser", session: str, address: str, *, dark: bool) -> "Page":
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="dark" if dark else "light", reduced_motion="reduce"
    )
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": address}])
    return context.new_page()


def _shoot(page: "Page", address: str, path: Path, *, whole: bool) -> None:
    answer = page.goto(address, wait_until="networkidle")
    if answer is None or not answer.ok:
        raise CommandError(f"The page for {path.stem} answered {answer.status if answer else 'nothing'}")
    page.screenshot(path=str(path), full_page=whole)


def _name(url: str) -> str:
    return "-".join(part for part in url.split("?")[0].split("/") if part) or "page"
