"""Words that share too few letters are not asked whether they are alike, and are not."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from identity.matching.column import encode
from identity.matching.distinct import similar, similar_across, similar_words
from identity.matching.letters import letters, may_be_alike

# Few letters, so that many words are nearly alike; two of one kind; others beyond one byte.
words = st.lists(st.text("abcn\u00e9\U0001f600.", min_size=1, max_size=9), min_size=1, max_size=12)


@given(words)
@example(
    [
        "christian",
        "christoph",
        "hans",
        "hnas",
        "hans peter",
        "anna",
        "nana",
        "ann",
        "a",
        "ab",
        "alexandr",
        "alexandrovna",
    ]
)
def test_words_alike_are_asked(values: list[str]) -> None:
    column, other = encode(values), encode(reversed(values))
    x, y = (side.ravel().astype(np.int32) for side in np.indices((len(column.values), len(column.values))))
    alike = similar_words(column.texts(x), column.texts(y))
    assert not (alike & ~may_be_alike(column.once(letters), x, column.once(letters), y)).any()
    assert (similar(column, x, y) == alike).all()
    crosswise = similar_words(column.texts(x), other.texts(y))
    assert (similar_across(column, x, other, y) == crosswise).all()


def test_words_of_other_letters_are_not_asked() -> None:
    column = encode(["moser", "huber", "moder", "anna", "annabella", "hans", "hnas"])
    x, y = (np.array(side, dtype=np.int32) for side in ([0, 0, 3, 5], [1, 2, 4, 6]))
    assert may_be_alike(column.once(letters), x, column.once(letters), y).tolist() == [False, True, False, True]
