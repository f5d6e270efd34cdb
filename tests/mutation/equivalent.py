"""Changes of the consent decision that change no answer, each with why. A test fails when one is no longer made."""

EQUIVALENT = {
    "consent/purposes.py RULE: ORDER BY valid_from DESC, id DESC LIMIT 1  ->  ORDER BY valid_from DESC, id DESC "
    "LIMIT (1 + 1)": "only the first row is read",
    "consent/purposes.py DECLARING: ORDER BY source_id, valid_from DESC, id DESC  ->  ORDER BY source_id DESC, "
    "valid_from DESC, id DESC": "the sources come in any order",
    "consent/restrictions.py STANDING: AND (lifted.occurred_at, lifted.id) > (begun.occurred_at, begun.id)  ->  "
    "AND (lifted.occurred_at, lifted.id) >= (begun.occurred_at, begun.id)": "no row both begins and lifts",
    "consent/restrictions.py kinds: return set().union(*(standing[id] for id in source_profiles if id in "
    "standing)) if standing else set()  ->  return set().union(*(standing[id] for id in source_profiles if id in "
    "standing)) if True else set()": "a short way for the many people under no restriction",
    "consent/restrictions.py _append: Restriction.objects.bulk_create(rows, batch_size=2_000)  ->  "
    "Restriction.objects.bulk_create(rows)": "how many rows are written at a time",
    "consent/restrictions.py _append: Restriction.objects.bulk_create(rows, batch_size=2_000)  ->  "
    "Restriction.objects.bulk_create(rows, batch_size=2001)": "how many rows are written at a time",
    "consent/evidence.py Evidence.covered: rests_on_contract = self.version is not None and "
    "self.version.rule.legal_basis == CONTRACT  ->  rests_on_contract = (self.version.rule.legal_basis == "
    "CONTRACT)": "asked of those who are allowed, and without a rule nobody is",
    "consent/evidence.py LATEST: ORDER BY source_profile_id, channel, occurred_at DESC, state DESC, verified, "
    "notice, jurisdiction  ->  ORDER BY source_profile_id DESC, channel, occurred_at DESC, state DESC, verified, "
    "notice, jurisdiction": "source profiles come in any order",
    "consent/evidence.py LATEST: ORDER BY source_profile_id, channel, occurred_at DESC, state DESC, verified, "
    "notice, jurisdiction  ->  ORDER BY source_profile_id, channel DESC, occurred_at DESC, state DESC, verified, "
    "notice, jurisdiction": "channels come in any order",
    "consent/evidence.py LATEST: SELECT word.*, max(occurred_at) FILTER (WHERE channel = '') OVER (PARTITION BY "
    "source_profile_id) AS on_all_at  ->  SELECT word.*, min(occurred_at) FILTER (WHERE channel = '') OVER "
    "(PARTITION BY source_profile_id) AS on_all_at": "there is one last word on all channels",
    "consent/evidence.py LATEST: ORDER BY source_profile_id, state = 'pending', (%(channel)s = '' AND state = "
    "'withdrawn') DESC, occurred_at DESC,  ->  ORDER BY source_profile_id DESC, state = 'pending', (%(channel)s ="
    " '' AND state = 'withdrawn') DESC, occurred_at DESC,": "source profiles come in any order",
    "consent/recheck.py PORTION: PORTION = 500  ->  PORTION = 501": "how many are asked about at a time",
    "consent/recheck.py ON_RECORD: (SELECT count(*) FROM consent_annulment AS annulment JOIN consent_act AS act "
    "ON act.id = annulment.act_id  ->  (SELECT count(*) FROM consent_annulment AS annulment LEFT JOIN consent_act"
    " AS act ON act.id = annulment.act_id": "an annulment has an act",
    "consent/explanation.py explain: named = Notice.objects.filter(hash__in={act.notice for act in acts if "
    "act.notice}, purpose=purpose)  ->  named = Notice.objects.filter(hash__in={act.notice for act in acts if "
    "True}, purpose=purpose)": "no notice is known by an empty hash",
    "consent/many.py ON_ANY_CHANNEL: ELSE max(says) FILTER (WHERE occurred_at = latest_at) END AS says  ->  ELSE "
    "min(says) FILTER (WHERE occurred_at = latest_at) END AS says": "the last words that differ are weighed before",
    "consent/many.py ON_ANY_CHANNEL: max(occurred_at) FILTER (WHERE channel = '') OVER theirs AS on_all_at  ->  "
    "min(occurred_at) FILTER (WHERE channel = '') OVER theirs AS on_all_at": "there is one last word on all channels",
    "consent/many.py UNEXPIRED_WHERE_SAID: %(days)s::int, 1000000)) > %(at)s  ->  %(days)s::int)) > %(at)s": "what "
    "has no end has not ended",
    "consent/many.py UNEXPIRED_WHERE_SAID: %(days)s::int, 1000000)) > %(at)s  ->  %(days)s::int, (1000000 + 1))) > "
    "%(at)s": "no word is that old",
    'consent/many.py SOURCES: SOURCES = "JOIN records_sourceprofile AS source_profile ON source_profile.id = '
    'asked.source_profile_id"  ->  SOURCES = "LEFT JOIN records_sourceprofile AS source_profile ON '
    'source_profile.id = asked.source_profile_id"': "an assignment has a source profile",
    'consent/many.py _statement: sources=SOURCES if contract else "",  ->  sources=SOURCES if True else "",': (
        "joined, and not asked"
    ),
    "consent/many.py _words: unexpired = UNEXPIRED_WHERE_SAID if rule.expires_in else UNEXPIRED if "
    'rule.expires_after is not None else "true"  ->  unexpired = UNEXPIRED_WHERE_SAID if True else UNEXPIRED if '
    'rule.expires_after is not None else "true"': "the long way to the same day",
    "consent/many.py _words: unexpired = UNEXPIRED_WHERE_SAID if rule.expires_in else UNEXPIRED if "
    'rule.expires_after is not None else "true"  ->  unexpired = UNEXPIRED_WHERE_SAID if rule.expires_in else '
    'UNEXPIRED if True else "true"': "an end that is not known has not come",
    "consent/many.py DECIDED: JOIN consent_restriction USING (source_profile_id) WHERE {{where}}  ->  JOIN "
    "consent_restriction USING (source_profile_id) WHERE true": "more people are weighed one by one",
    "consent/many.py decide_all: cursor.execute(IN_ORDER)  ->  pass": "how fast, not who",
    "consent/many.py decide_all: return Allowed(np.frombuffer(found, np.uint8).reshape(-1, ID_BYTES))  ->  return"
    " Allowed(np.frombuffer(found, np.uint8).reshape(-2, ID_BYTES))": "any number below zero says the same",
}
