"""Where requests go: the admin below /admin, the API below /api and /v1, health at /livez and /readyz."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("", include("api.urls")),
    path("admin/", admin.site.urls),
]
