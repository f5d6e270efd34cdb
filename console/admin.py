"""Registers every admin class with the admin site; the screens themselves are in `console/screens`."""

from django.contrib import admin
from django.contrib.auth.models import Group

from console.screens.profiles import ProfileScreen
from identity.models import Profile

admin.site.unregister(Group)
admin.site.index_template = "console/overview.html"
admin.site.register(Profile, ProfileScreen)
