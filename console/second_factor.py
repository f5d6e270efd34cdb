"""Signing in with a second factor: no page of the admin opens before it, and some ask for it again."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from access import limits, second_factor
from console.asking import user_of
from console.telling import sentence

PROVED_AT, PROVED_BY, SECRET = "second_factor_at", "second_factor_of", "second_factor_secret"
FRESH = timedelta(minutes=5)
OPEN_TO_ALL = ("admin:login", "admin:logout", "admin:jsi18n", "second_factor", "second_factor_set_up")


class Code(forms.Form):
    """A code of the authenticator app."""

    code = forms.CharField(
        max_length=24,
        widget=forms.TextInput(
            {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True, "placeholder": "123456"}
        ),
    )


class SecondFactor:
    """Middleware: whoever is signed in sees nothing of the admin until their second factor is set up and given."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.MFA_REQUIRED and request.path.startswith(reverse("admin:index")) and not self._may_pass(request):
            page = "second_factor" if second_factor.has_one(user_of(request)) else "second_factor_set_up"
            after = request.get_full_path() if request.method == "GET" else reverse("admin:index")
            return redirect(f"{reverse(page)}?{urlencode({'next': after})}")
        return self.get_response(request)

    def _may_pass(self, request: HttpRequest) -> bool:
        """Without a sign-in the admin itself asks for one."""
        if not request.user.is_authenticated or request.path in {reverse(name) for name in OPEN_TO_ALL}:
            return True
        return request.session.get(PROVED_BY) == str(user_of(request).pk)


def is_fresh(request: HttpRequest) -> bool:
    """Whether the second factor was given within five minutes; always, where none is required."""
    return not settings.MFA_REQUIRED or second_factor.proven_lately(request.session.get(PROVED_AT), within=FRESH)


def ask_again(request: HttpRequest) -> HttpResponse:
    """To the page that asks for a code, and from there back to the page that was left."""
    back = request.headers.get("Referer", "")
    after = back if _is_ours(back, request) else reverse("admin:index")
    return redirect(f"{reverse('second_factor')}?{urlencode({'next': after, 'again': 1})}")


@never_cache
@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """A code, asked for after the password and before what is delicate."""
    if not request.user.is_authenticated:
        return redirect("admin:login")
    user, form = user_of(request), Code(request.POST or None)
    if not second_factor.has_one(user):
        return redirect("second_factor_set_up")
    if request.method == "POST" and form.is_valid():
        try:
            second_factor.prove(user, form.cleaned_data["code"], now=timezone.now())
            return _pass(request)
        except (second_factor.WrongCode, limits.TooMany) as error:
            form.add_error("code", sentence(str(error)))
    return render(
        request,
        "console/second_factor/enter.html",
        {"form": form, "again": "again" in request.GET},
        status=_status(form),
    )


@never_cache
@require_http_methods(["GET", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """At the first sign-in: a secret for the app, a code that proves it, and recovery codes, shown once."""
    if not request.user.is_authenticated:
        return redirect("admin:login")
    user, form = user_of(request), Code(request.POST or None)
    if second_factor.has_one(user):
        return redirect("second_factor")
    secret = request.session.setdefault(SECRET, second_factor.new_secret())
    if request.method == "POST" and form.is_valid():
        try:
            codes = second_factor.set_up(user, secret=secret, code=form.cleaned_data["code"], now=timezone.now())
            after = _pass(request).url
            del request.session[SECRET]
            return render(request, "console/second_factor/codes.html", {"codes": codes, "after": after})
        except (second_factor.WrongCode, limits.TooMany) as error:
            form.add_error("code", sentence(str(error)))
    picture = second_factor.picture_of(second_factor.address_of(user, secret))
    return render(
        request,
        "console/second_factor/set_up.html",
        {"form": form, "picture": picture, "secret": secret},
        status=_status(form),
    )


def _status(form: Code) -> int:
    return 400 if form.is_bound else 200


def _pass(request: HttpRequest) -> HttpResponseRedirect:
    request.session.cycle_key()
    request.session[PROVED_AT] = timezone.now().timestamp()
    request.session[PROVED_BY] = str(user_of(request).pk)
    after = request.GET.get("next", "")
    return HttpResponseRedirect(after if _is_ours(after, request) else reverse("admin:index"))


def _is_ours(address: str, request: HttpRequest) -> bool:
    return url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())


urlpatterns = [
    path("second-factor/", enter, name="second_factor"),
    path("second-factor/set-up/", set_up, name="second_factor_set_up"),
]
