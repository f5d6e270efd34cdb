"""The terms on which the signals of a source are read, with every purpose that sells or shares among the opt-outs."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from consent.models import Purpose
from consent.signals import meaning
from consent.signals.meaning import Terms


def terms_in_force(mapping: Mapping[str, Any]) -> Terms:
    """The terms in a source's mapping; whatever is flagged as sale or sharing is opted out of besides."""
    terms = meaning.terms(mapping)
    sold = Purpose.objects.filter(sale_or_sharing=True).values_list("slug", flat=True)
    return replace(terms, opt_out=terms.opt_out.union(sold))
