"""What all public pages share: the visitor's language, no script, no cookie, nothing cached, nothing passed on."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from privacy.links import BadLink

View = Callable[..., HttpResponse]
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Language": "",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Language",
    "X-Robots-Tag": "noindex, nofollow",
}


def public(*methods: str) -> Callable[[View], View]:
    """A page that anybody may open who has its address, in the language that their browser asks for.

    No cookie is set or read: what a form may do follows from the secret in its address, or it is open to everybody.
    So there is no session that another site could ride on, and the answer is the same for everyone.
    """

    def decorate(view: View) -> View:
        @csrf_exempt
        @require_http_methods([*methods, "HEAD"])
        @wraps(view)
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            language = language_of(request)
            with translation.override(language):
                try:
                    response = view(request, *args, **kwargs)
                except BadLink:
                    response = show("privacy/public/bad_link.html", status=404)
            for name, value in HEADERS.items():
                response.headers[name] = value or language
            return response

        return page

    return decorate


def language_of(request: HttpRequest) -> str:
    """The language among ours that the browser likes best."""
    known = dict(settings.LANGUAGES)
    for wanted, _ in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        language = str(wanted).split("-")[0]
        if language in known:
            return language
    return "en"


def show(template: str, context: dict[str, Any] | None = None, *, status: int = 200) -> HttpResponse:
    """The page, with what every page needs to know."""
    shared = {"organization": settings.ORGANIZATION, "language": translation.get_language()}
    return HttpResponse(render_to_string(template, shared | (context or {})), status=status)


def see_other(address: str) -> HttpResponse:
    """Go on to this page, so that going back or reloading sends nothing twice."""
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response


def client_of(request: HttpRequest) -> str:
    """The network address that asks, as the proxy in front says it where one is configured."""
    if settings.CLIENT_ADDRESS_HEADER:
        forwarded = request.headers.get(settings.CLIENT_ADDRESS_HEADER, "")
        return forwarded.rpartition(",")[2].strip() or str(request.META.get("REMOTE_ADDR", ""))
    return str(request.META.get("REMOTE_ADDR", ""))
