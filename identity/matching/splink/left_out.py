"""What a model says and settings of Splink cannot."""

from identity.matching.model import Model


def left_out(model: Model, *, all_pairs: bool = False) -> list[str]:
    """Return in sentences what the export leaves out, what weighs most first; each is true of this model."""
    remarks = []
    if model.household is not None and model.household_prior:
        remarks.append(
            "The class of housemates: Splink knows matches and strangers only. Two of one household, who share a name, "
            "an address or a phone, look like one person there far more often than here: raise its threshold, or "
            "leave such files to `manage.py dedupe`."
        )
    if model.housemates:
        remarks.append(
            "Contradictions: pairs with plainly different given names, or born a dozen years apart, are held below "
            "0.8 here, and no cluster joins them."
        )
    remarks.append(
        "The rarity of names, places and traits is carried as term frequencies of half weight. Splink counts them "
        "among the records that it is given: if the model was learned from others, common names weigh as they do in "
        "these."
    )
    if not all_pairs:
        remarks.append(
            "Blocking: the fixed keys are written. Pairs that agree only on one or two rarer things, which a file is "
            "also searched for, are not; groups too large to be compared within are left out there and split here."
        )
    remarks.append(
        "Slips in e-mail addresses are counted as Damerau and Levenshtein did, without the limits of optimal string "
        "alignment: a swap around an added letter counts two there and three here."
    )
    remarks.append("Clusters: Splink joins all that is connected; weak bridges are cut here.")
    return remarks
