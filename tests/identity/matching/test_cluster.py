import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from identity.matching import b_cubed, cluster, log_odds, pairwise_metrics
from identity.matching.ties import _MANY_EDGES, _best_first


def clustered(n: int, edges: dict[tuple[int, int], float], **rules: object) -> list[int]:
    pairs = np.array(list(edges), dtype=np.int32).reshape(-1, 2)
    labels: list[int] = cluster(n, pairs, np.array(list(edges.values()), dtype=np.float64), **rules).tolist()  # type: ignore[arg-type]
    return labels


def test_labels_are_the_lowest_row() -> None:
    assert clustered(4, {(1, 3): 9.0, (2, 3): 8.0}) == [0, 1, 1, 1]


def test_weak_edges_do_not_join() -> None:
    assert clustered(2, {(0, 1): log_odds(0.89)}) == [0, 1]
    assert clustered(2, {(0, 1): log_odds(0.89)}, link_threshold=0.8) == [0, 0]


def test_clusters_join_only_when_the_evidence_between_them_is_positive() -> None:
    assert clustered(3, {(0, 1): 9.0, (1, 2): 5.0, (0, 2): -6.0}) == [0, 0, 2]
    assert clustered(3, {(0, 1): 9.0, (1, 2): 5.0, (0, 2): -4.0}) == [0, 0, 0]


def test_cannot_link_holds_across_a_chain() -> None:
    assert clustered(3, {(0, 1): 9.0, (1, 2): 8.0}, cannot_link=[(0, 2)]) == [0, 0, 2]
    four = {(0, 1): 9.0, (2, 3): 9.0, (1, 2): 8.0}
    assert clustered(4, four, cannot_link=[(3, 0)]) == [0, 0, 2, 2]


def test_must_link_joins_without_evidence() -> None:
    assert clustered(3, {}, must_link=[(0, 2)]) == [0, 1, 0]
    assert clustered(3, {(0, 2): -9.0}, must_link=[(0, 2)]) == [0, 1, 0]


def test_cannot_link_outranks_must_link() -> None:
    labels = clustered(3, {}, must_link=[(0, 1), (1, 2)], cannot_link=[(0, 2)])
    assert labels == [0, 0, 2]


def test_contradictions_hold_across_a_chain_and_yield_to_must_link() -> None:
    def first_and_last(pairs: NDArray[np.int32]) -> NDArray[np.bool_]:
        return np.asarray((pairs.min(axis=1) == 0) & (pairs.max(axis=1) == 2))

    edges = {(0, 1): 9.0, (1, 2): 8.0}
    assert clustered(3, edges, contradicts=first_and_last) == [0, 0, 2]
    assert clustered(3, edges, contradicts=first_and_last, must_link=[(0, 2)]) == [0, 0, 0]


def test_a_must_linked_row_brings_its_contradiction_along() -> None:
    def zero_and_three(pairs: NDArray[np.int32]) -> NDArray[np.bool_]:
        return np.asarray((pairs.min(axis=1) == 0) & (pairs.max(axis=1) == 3))

    labels = clustered(4, {(1, 2): 9.0}, must_link=[(0, 1), (2, 3)], contradicts=zero_and_three)
    assert labels == [0, 0, 2, 2]


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_edges_does_not_matter(seed: int) -> None:
    chance = np.random.default_rng(seed)
    edges = np.array([(i, j) for i in range(12) for j in range(i + 1, 12)], dtype=np.int32)
    weights = chance.normal(0, 6, len(edges))
    shuffled = chance.permutation(len(edges))
    assert (cluster(12, edges, weights) == cluster(12, edges[shuffled], weights[shuffled])).all()


def test_those_whom_evidence_kept_apart_are_asked_again_once_one_has_grown() -> None:
    """Between 0 and 1 more speaks against than for; 2, who joins 1, brings what was wanting."""
    edges = {(0, 1): 8.0, (1, 2): 7.0, (0, 2): 3.0}
    assert clustered(3, edges, link_threshold=0.99) == [0, 0, 0]
    four = {(0, 3): 9.0, (0, 1): 8.0, (1, 3): -9.0, (1, 2): 7.0, (0, 2): 4.0}
    assert clustered(4, four, link_threshold=0.99) == [0, 0, 0, 0]


def test_long_chains_and_many_at_once() -> None:
    count = 3_000
    chain = {(row, row + 1): float(5 + row % 7) for row in range(count - 1)}
    assert clustered(count, chain) == [0] * count
    apart = {(row, row + 1): 9.0 for row in range(0, count, 2)}
    assert clustered(count, apart) == [row - row % 2 for row in range(count)]


@pytest.mark.parametrize("seed", range(5))
def test_others_in_the_file_change_nothing(seed: int) -> None:
    """What becomes of some rows is the same alone and beside others that nothing ties to them."""
    chance = np.random.default_rng(seed)
    edges = np.array([(i, j) for i in range(9) for j in range(i + 1, 9)], dtype=np.int32)
    weights = chance.normal(1, 6, len(edges))
    twice = np.concatenate((edges, edges + 9))
    labels = cluster(18, twice, np.concatenate((weights, weights)), link_threshold=0.5)
    assert (labels[:9] == cluster(9, edges, weights, link_threshold=0.5)).all()
    assert (labels[9:] - 9 == labels[:9]).all()


@pytest.mark.parametrize("seed", range(5))
def test_in_portions_rows_are_joined_as_all_at_once(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty households of five, whose rows lie all over the file, and who must be joined beforehand in every other."""
    chance = np.random.default_rng(seed)
    rows = chance.permutation(300).reshape(60, 5)
    pairs = np.sort(np.concatenate([rows[:, [i, j]] for i in range(5) for j in range(i)]), axis=1).astype(np.int32)
    weights = chance.normal(1, 6, len(pairs))
    must = rows[::2, :2].tolist()

    def odd_ones(asked: NDArray[np.int32]) -> NDArray[np.bool_]:
        return asked.sum(axis=1) % 7 == 0

    def joined() -> list[int]:
        labels: list[int] = cluster(
            300, pairs, weights, link_threshold=0.5, must_link=must, contradicts=odd_ones
        ).tolist()
        return labels

    whole = joined()
    monkeypatch.setattr(sys.modules["identity.matching.cluster"], "_TIES_AT_ONCE", 20)
    assert joined() == whole
    assert 60 < len(set(whole)) < 300


@pytest.mark.parametrize("seed", range(5))
def test_what_is_known_to_be_clear_changes_nothing(seed: int) -> None:
    chance = np.random.default_rng(seed)
    pairs = np.stack(np.triu_indices(60, k=1), axis=1).astype(np.int32)
    weights = np.where(pairs[:, 0] // 6 == pairs[:, 1] // 6, chance.normal(3, 3, len(pairs)), -1.0)
    barred = chance.random(len(pairs)) < 0.1
    # As scores are held below a ceiling where a pair contradicts itself.
    weights[barred] = np.minimum(weights[barred], 2.0)
    against = {tuple(pair) for pair in pairs[barred].tolist()}

    def odd_ones(asked: NDArray[np.int32]) -> NDArray[np.bool_]:
        return np.array([tuple(pair) in against for pair in asked.tolist()], dtype=np.bool_)

    plain, told = (
        cluster(60, pairs, weights, link_threshold=0.5, contradicts=odd_ones, clear_above=above).tolist()
        for above in (np.inf, 2.0)
    )
    assert told == plain
    assert 10 < len(set(plain)) < 60


def test_many_equal_edges_are_joined_in_few_steps() -> None:
    """400 rows all alike: in the order of their rows each step would join one of them."""
    pairs = np.stack(np.triu_indices(400, k=1), axis=1).astype(np.int32)
    asked = []

    def never(rows: NDArray[np.int32]) -> NDArray[np.bool_]:
        asked.append(len(rows))
        return np.zeros(len(rows), dtype=np.bool_)

    assert cluster(400, pairs, np.full(len(pairs), 9.0), contradicts=never).tolist() == [0] * 400
    assert len(asked) < 300


def test_pairwise_metrics() -> None:
    quality = pairwise_metrics([0, 0, 0, 3], ["a", "a", "b", "b"])
    assert (quality.precision, quality.recall) == (1 / 3, 1 / 2)
    assert quality.f1 == pytest.approx(0.4)


def test_b_cubed() -> None:
    quality = b_cubed([0, 0, 0, 3], ["a", "a", "b", "b"])
    assert quality.precision == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1) / 4)
    assert quality.recall == pytest.approx((1 + 1 + 1 / 2 + 1 / 2) / 4)


def test_perfect_and_lonely_clusters() -> None:
    assert pairwise_metrics([0, 1], ["a", "b"]).f1 == 1.0
    assert b_cubed([0, 1], ["a", "b"]).f1 == 1.0


def test_of_very_many_edges_the_best_come_first_and_equal_ones_mixed_the_same_way_each_time() -> None:
    weights = np.random.default_rng(3).integers(0, 50, _MANY_EDGES + 1).astype(np.float64)
    mixed = np.random.default_rng(0).permutation(len(weights))
    assert _best_first(weights).tolist() == mixed[np.argsort(-weights[mixed], kind="stable")].tolist()
