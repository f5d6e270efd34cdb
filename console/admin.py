"""Registers every admin class with the admin site; the screens themselves stand in `console/screens`."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group

from access.models import ApiKey, User
from consent.models import Act, Purpose
from console.screens.alarm_listeners import AlarmListenerScreen
from console.screens.answers import AnswerScreen
from console.screens.api_keys import ApiKeyScreen
from console.screens.audit import AuditScreen
from console.screens.consents import ActScreen
from console.screens.emergencies import EmergencyScreen
from console.screens.features import FeatureScreen
from console.screens.held_changes import HeldChangeScreen
from console.screens.ledger import AssignmentScreen
from console.screens.limits import LimitScreen
from console.screens.matches import MatchScreen
from console.screens.profiles import ProfileScreen
from console.screens.purposes import PurposeScreen
from console.screens.quarantine import QuarantineScreen
from console.screens.recipients import RecipientScreen
from console.screens.requests import RequestScreen
from console.screens.retention import RetentionScreen
from console.screens.rules import RuleScreen
from console.screens.segments import SegmentScreen
from console.screens.sources import SourceScreen
from console.screens.users import UserScreen
from console.signing_in import SignIn
from identity.models import Assignment, IdentifierLimit, Match, Profile, RuleVersion, Verdict
from outbox.models import AlarmListener, Recipient
from privacy.models import EmergencyReveal, SubjectRequest
from records.models import QuarantinedRecord, RetentionRule, Source
from segments.models import HeldChange, ImputationPolicy, Segment
from vault.models import AuditEntry

# Roles stand in `access.roles`; Django's groups and their permissions are not used.
admin.site.unregister(Group)
# Second factors are managed on their own pages and by `access`, never as rows.
admin.site.unregister([Authenticator, EmailAddress])
admin.site.index_template = "console/overview.html"
admin.site.login_template = "console/login.html"
admin.site.login_form = SignIn
admin.site.logout_template = "console/logged_out.html"
admin.site.password_change_template = "console/password_change.html"
admin.site.password_change_done_template = "console/password_changed.html"

admin.site.register(Profile, ProfileScreen)
admin.site.register(Match, MatchScreen)
admin.site.register(Verdict, AnswerScreen)
admin.site.register(Assignment, AssignmentScreen)
admin.site.register(IdentifierLimit, LimitScreen)
admin.site.register(RuleVersion, RuleScreen)
admin.site.register(Segment, SegmentScreen)
admin.site.register(ImputationPolicy, FeatureScreen)
admin.site.register(HeldChange, HeldChangeScreen)
admin.site.register(Purpose, PurposeScreen)
admin.site.register(Act, ActScreen)
admin.site.register(SubjectRequest, RequestScreen)
admin.site.register(RetentionRule, RetentionScreen)
admin.site.register(EmergencyReveal, EmergencyScreen)
admin.site.register(Source, SourceScreen)
admin.site.register(Recipient, RecipientScreen)
admin.site.register(AlarmListener, AlarmListenerScreen)
admin.site.register(QuarantinedRecord, QuarantineScreen)
admin.site.register(ApiKey, ApiKeyScreen)
admin.site.register(User, UserScreen)
admin.site.register(AuditEntry, AuditScreen)
