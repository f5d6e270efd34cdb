"""Users: who may sign in, and in which roles."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path

from access import second_factor, users
from access.models import User
from access.roles import MANAGE_ACCESS, ROLES
from access.users import LastManager
from console.capabilities import OF_ROLES
from console.guards import needs
from console.screen import Screen, badge
from console.showing import day, moment
from console.telling import telling

PASSWORD = forms.PasswordInput({"autocomplete": "new-password"})


class Roles(forms.Form):
    """What a user may do."""

    roles = forms.MultipleChoiceField(
        choices=[(role.slug, role.name) for role in ROLES.values()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Without a role, a user cannot sign in to the admin.",
    )
    is_active = forms.BooleanField(label="May sign in", required=False, initial=True)


class NewPassword(forms.Form):
    """A password for a user."""

    password = forms.CharField(widget=PASSWORD, min_length=12, help_text="At least 12 characters, not a common one.")


class NewUser(forms.Form):
    """A user to be added."""

    username = forms.CharField(label="User name", max_length=80)
    password = forms.CharField(widget=PASSWORD, help_text="At least 12 characters, not a common one.")
    roles = Roles.base_fields["roles"]


class UserScreen(Screen):
    """People who work with the product."""

    may_view = MANAGE_ACCESS
    may_add = MANAGE_ACCESS
    list_display = ("username", "role_names", "state", "signed_in", "since")
    sortable_by = ()
    intro = "People who work with the product. What they may do follows from their roles alone."

    def get_queryset(self, request: HttpRequest) -> "QuerySet[User]":
        return User.objects.order_by("-is_active", "username")

    @admin.display(description="Roles")
    def role_names(self, user: User) -> str:
        return ", ".join(ROLES[role].name for role in user.roles if role in ROLES) or "–"

    @badge("State", {"active": "good", "inactive": "bad"})
    def state(self, user: User) -> str:
        return "active" if user.is_active else "inactive"

    @admin.display(description="Last signed in")
    def signed_in(self, user: User) -> str:
        return moment(user.last_login)

    @admin.display(description="Added")
    def since(self, user: User) -> str:
        return day(user.created_at)

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("<uuid:id>/password/", guard(self.password), name="access_user_password"),
            path("<uuid:id>/second-factor/", guard(self.second_factor), name="access_user_second_factor"),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return self.add_user(request)

    @needs(MANAGE_ACCESS, methods=("GET", "POST"))
    def add_user(self, request: HttpRequest) -> HttpResponseBase:
        form = NewUser(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                user = users.add(**form.cleaned_data)
                messages.success(request, f"{user.username} may sign in now.")
                return redirect("admin:access_user_changelist")
            except ValidationError as error:
                form.add_error(None, error)
        return self.page(
            request, "console/form_page.html", title="Add user", form=form, submit="Add user", capabilities=OF_ROLES
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return self.show(request, object_id)

    @needs(MANAGE_ACCESS, methods=("GET", "POST"))
    def show(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        user = self.get_object(request, object_id)
        if user is None:
            return redirect("admin:access_user_changelist")
        form = Roles(request.POST or None, initial={"roles": user.roles, "is_active": user.is_active})
        if request.method == "POST" and form.is_valid():
            with telling(request, LastManager, done="Saved."):
                users.change(user, **form.cleaned_data)
            return redirect("admin:access_user_change", user.pk)
        return self.page(
            request,
            "console/users/page.html",
            title=user.username,
            one=user,
            form=form,
            password=NewPassword(),
            has_second_factor=second_factor.has_one(user),
            capabilities=OF_ROLES,
        )

    @needs(MANAGE_ACCESS, fresh=True)
    def second_factor(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Take away the second factor of somebody who lost theirs."""
        second_factor.take_away(get_object_or_404(User, pk=id))
        messages.success(request, "Taken away: at the next sign-in they set up a new one.")
        return redirect("admin:access_user_change", id)

    @needs(MANAGE_ACCESS)
    def password(self, request: HttpRequest, id: UUID) -> HttpResponse:
        form = NewPassword(request.POST)
        if form.is_valid():
            try:
                users.set_password(get_object_or_404(User, pk=id), form.cleaned_data["password"])
                messages.success(request, "The password is changed, and their sessions have ended.")
            except ValidationError as error:
                form.add_error(None, error)
        for problem in (text for texts in form.errors.values() for text in texts):
            messages.error(request, str(problem))
        return redirect("admin:access_user_change", id)
