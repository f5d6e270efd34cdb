"""Where requests go: admin below /admin, API below /api and /v1, people's own pages, health at /livez and /readyz."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("", include("api.urls")),
    path("", include("privacy.public.urls")),
    path("admin/", include("console.second_factor")),
    path("admin/", admin.site.urls),
]
