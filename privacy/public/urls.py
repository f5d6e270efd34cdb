"""Routes of the public pages. No address holds anything about a person: a token is random, and ends."""

from django.urls import path

from privacy.public import views, well_known

urlpatterns = [
    path(".well-known/gpc.json", well_known.gpc, name="gpc"),
    path("privacy/", views.ask, name="ask"),
    path("privacy/asked/", views.asked, name="asked"),
    path("privacy/choices/<str:token>/", views.preferences, name="preferences"),
    path("privacy/request/<str:token>/", views.subject_request, name="subject-request"),
    path("privacy/request/<str:token>/answer/", views.download, name="subject-request-answer"),
    path("privacy/confirm/<str:token>/", views.confirm_opt_in, name="opt-in"),
]
