"""Requests get their workflow: identity, clocks, assignment, papers, reminders, and OpenDSR's way in."""

import datetime

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

# Requests of before: received when opened, never put off; whoever opened them vouched for the person.
BACKFILL = """
UPDATE privacy_subjectrequest SET
    received_at = opened_at, first_due_date = due_date,
    verified_at = opened_at, verified_by = opened_by, verification = 'vouched', assurance = 'low',
    ended_at = CASE
        WHEN state = 'completed' THEN completed_at
        WHEN state = 'rejected' THEN coalesce(
            (SELECT max(at) FROM privacy_requeststep AS step WHERE step.request_id = privacy_subjectrequest.id),
            opened_at
        )
    END
"""


class Migration(migrations.Migration):
    dependencies = [
        ("privacy", "0006_retention_runs"),
    ]

    operations = [
        migrations.CreateModel(
            name="Callback",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("url", models.CharField(max_length=500)),
                ("status", models.CharField(max_length=11)),
                ("queued_at", models.DateTimeField()),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(null=True)),
                ("delivered_at", models.DateTimeField(null=True)),
                ("answer_code", models.PositiveSmallIntegerField(null=True)),
                ("problem", models.CharField(blank=True, max_length=80)),
            ],
        ),
        migrations.CreateModel(
            name="Letter",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=12)),
                ("sealed", models.BinaryField()),
                ("sent_by", models.CharField(max_length=80)),
                ("sent_how", models.CharField(choices=[("email", "email"), ("by_hand", "by hand")], max_length=8)),
                ("sent_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="OpenDsrRequest",
            fields=[
                (
                    "request",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="opendsr_request",
                        serialize=False,
                        to="privacy.subjectrequest",
                    ),
                ),
                ("controller", models.CharField(max_length=80)),
                ("subject_request_id", models.UUIDField()),
                ("dialect", models.CharField(max_length=8)),
                (
                    "callback_urls",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=500), default=list, size=None
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "duty",
                    models.CharField(choices=[("acknowledge", "acknowledge"), ("answer", "answer")], max_length=11),
                ),
                (
                    "stage",
                    models.CharField(
                        choices=[("soon", "soon"), ("tomorrow", "tomorrow"), ("late", "late")], max_length=8
                    ),
                ),
                ("due_date", models.DateField()),
                ("made_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="RequestComment",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("author", models.CharField(max_length=80)),
                ("sealed", models.BinaryField()),
                ("written_at", models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="subjectrequest",
            name="erasure_is_approved_before_it_begins",
        ),
        migrations.AddField(
            model_name="subjectrequest",
            name="papers_key",
            field=models.UUIDField(null=True, unique=True),
        ),
        migrations.AddField(
            model_name="subjectrequest",
            name="acknowledge_by",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="subjectrequest",
            name="acknowledged_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="subjectrequest",
            name="assignee",
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name="subjectrequest",
            name="assurance",
            field=models.CharField(
                blank=True, choices=[("low", "low"), ("substantial", "substantial"), ("high", "high")], max_length=11
            ),
        ),
        migrations.AddField(
            model_name="subjectrequest",
            name="channel",
            field=models.CharField(
                choices=[("console", "console"), ("api", "api"), ("opendsr", "opendsr"), ("form", "form")],
                default="console",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="subjectrequest",
            name="ended_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="subjectrequest",
            name="extended_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="subjectrequest",
            name="extended_for",
            field=models.CharField(
                blank=True, choices=[("complexity", "complexity"), ("number", "number")], max_length=10
            ),
        ),
        migrations.AddField(
            model_name="subjectrequest",
            name="first_due_date",
            field=models.DateField(default=datetime.date(2000, 1, 1)),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="subjectrequest",
            name="received_at",
            field=models.DateTimeField(default=datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.UTC)),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="subjectrequest",
            name="verification",
            field=models.CharField(
                blank=True,
                choices=[
                    ("vouched", "vouched"),
                    ("email_link", "email_link"),
                    ("signed_in", "signed_in"),
                    ("documents", "documents"),
                    ("data_points", "data_points"),
                    ("controller", "controller"),
                ],
                max_length=11,
            ),
        ),
        migrations.AddField(
            model_name="subjectrequest",
            name="verified_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="subjectrequest",
            name="verified_by",
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AlterField(
            model_name="subjectrequest",
            name="kind",
            field=models.CharField(
                choices=[
                    ("access", "access"),
                    ("portability", "portability"),
                    ("rectification", "rectification"),
                    ("erasure", "erasure"),
                    ("restriction", "restriction"),
                    ("objection", "objection"),
                    ("opt_out", "opt out"),
                    ("human_review", "human review"),
                ],
                max_length=14,
            ),
        ),
        migrations.AlterField(
            model_name="subjectrequest",
            name="state",
            field=models.CharField(
                choices=[
                    ("open", "open"),
                    ("approved", "approved"),
                    ("in_progress", "in progress"),
                    ("completed", "completed"),
                    ("rejected", "rejected"),
                    ("called_back", "called back"),
                ],
                default="open",
                max_length=11,
            ),
        ),
        migrations.AddIndex(
            model_name="subjectrequest",
            index=models.Index(fields=["ended_at"], name="request_by_end"),
        ),
        migrations.RunSQL(BACKFILL, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="subjectrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "erasure"), _negated=True),
                    ("state__in", ["open", "rejected", "called_back"]),
                    models.Q(("approved_by", ""), _negated=True),
                    _connector="OR",
                ),
                name="erasure_is_approved_before_it_begins",
            ),
        ),
        migrations.AddConstraint(
            model_name="subjectrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind__in", ("access", "portability", "rectification", "erasure", "human_review")),
                        _negated=True,
                    ),
                    ("state__in", ["open", "rejected", "called_back"]),
                    ("verified_at__isnull", False),
                    _connector="OR",
                ),
                name="identity_is_verified_before_it_goes_on",
            ),
        ),
        migrations.AddConstraint(
            model_name="subjectrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("assurance", ""), ("verification", ""), ("verified_at", None)),
                    models.Q(
                        ("assurance__in", ("low", "substantial", "high")),
                        (
                            "verification__in",
                            ("vouched", "email_link", "signed_in", "documents", "data_points", "controller"),
                        ),
                        ("verified_at__isnull", False),
                        models.Q(("verified_by", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="verification_says_who_how_and_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="subjectrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("due_date", models.F("first_due_date")), ("extended_at", None), ("extended_for", "")),
                    models.Q(
                        ("due_date__gt", models.F("first_due_date")),
                        ("extended_at__isnull", False),
                        ("extended_for__in", ("complexity", "number")),
                    ),
                    _connector="OR",
                ),
                name="due_date_moves_by_an_extension_alone",
            ),
        ),
        migrations.AddField(
            model_name="callback",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="callbacks", to="privacy.subjectrequest"
            ),
        ),
        migrations.AddField(
            model_name="letter",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="letters", to="privacy.subjectrequest"
            ),
        ),
        migrations.AddConstraint(
            model_name="opendsrrequest",
            constraint=models.UniqueConstraint(
                fields=("controller", "subject_request_id"), name="opendsr_request_once"
            ),
        ),
        migrations.AddField(
            model_name="reminder",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="reminders", to="privacy.subjectrequest"
            ),
        ),
        migrations.AddField(
            model_name="requestcomment",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="comments", to="privacy.subjectrequest"
            ),
        ),
        migrations.AddIndex(
            model_name="callback",
            index=models.Index(
                condition=models.Q(("delivered_at", None)), fields=["next_attempt_at"], name="callback_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(
                fields=("request", "duty", "stage", "due_date"), name="reminded_once_a_stage"
            ),
        ),
    ]
