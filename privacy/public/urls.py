"""Routes of the public pages."""

from django.urls import path

from privacy.public import well_known

urlpatterns = [
    path(".well-known/gpc.json", well_known.gpc, name="gpc"),
]
