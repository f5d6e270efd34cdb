"""What keeps a page's actions to those who may, and to the method that they need."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed

from console.asking import may
from console.second_factor import ask_again, is_fresh

Parameters = ParamSpec("Parameters")
Admin = TypeVar("Admin")
Answer = TypeVar("Answer", bound=HttpResponseBase)
Guarded = Callable[Concatenate[Admin, HttpRequest, Parameters], HttpResponseBase]


def needs(
    capability: str, *, methods: tuple[str, ...] = ("POST",), fresh: bool = False
) -> Callable[[Callable[Concatenate[Admin, HttpRequest, Parameters], Answer]], Guarded[Admin, Parameters]]:
    """Let only those with the capability in, by these methods; `fresh`: who gave their second factor just now."""

    def guard(view: Callable[Concatenate[Admin, HttpRequest, Parameters], Answer]) -> Guarded[Admin, Parameters]:
        @wraps(view)
        def guarded(
            screen: Admin, request: HttpRequest, /, *args: Parameters.args, **kwargs: Parameters.kwargs
        ) -> HttpResponseBase:
            if not may(request, capability):
                raise PermissionDenied
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            if fresh and not is_fresh(request):
                return ask_again(request)
            return view(screen, request, *args, **kwargs)

        return guarded

    return guard
