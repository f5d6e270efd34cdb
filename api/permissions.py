"""What a key may call: every view names the scope that each of its methods needs."""

from typing import Any

from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from api.authentication import REALM, key_of
from api.errors import Problem


class HasScope(BasePermission):
    """The key has the scope that the view's `required_scopes` names for this method; without a name, nobody may."""

    def has_permission(self, request: Request, view: Any) -> bool:
        method = "GET" if request.method == "HEAD" else request.method
        if request.auth is None:
            return False
        if not hasattr(view, str(method).lower()):
            raise MethodNotAllowed(str(method))
        if method not in getattr(view, "required_scopes", {}):
            return False
        scope = view.required_scopes[method]
        if scope not in key_of(request).scopes:
            raise Problem(
                403,
                code="missing_scope",
                detail=f"This API key lacks the scope '{scope}'.",
                headers={"WWW-Authenticate": f'{REALM}, error="insufficient_scope", scope="{scope}"'},
                members={"scope": scope},
            )
        return True
