"""Where requests go: admin below /admin, API below /api and /v1, people's own pages, health at /livez and /readyz."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

to_the_overview = RedirectView.as_view(pattern_name="admin:index")

urlpatterns = [
    path("", to_the_overview, name="home"),
    path("", include("api.urls")),
    path("", include("privacy.public.urls")),
    path("admin/", include("console.second_factor")),
    # The admin's own list of what a package has; the sidebar says it better.
    re_path(r"^admin/(?:access|consent|identity|outbox|privacy|records|segments|vault)/$", to_the_overview),
    path("admin/", admin.site.urls),
]
