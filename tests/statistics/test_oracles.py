"""Published data sets against the values that independent libraries give for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.statistics.conftest import ReadOracle, ReadRatings
from workbench.statistics import (
    DawidSkene,
    Level,
    Ratings,
    Weighting,
    cohen_kappa,
    dawid_skene,
    krippendorff_alpha,
    majority,
    pairwise_agreement,
    percent_agreement,
    position_bias,
)

PRECISION = 1e-6
LLMFAO_ORDER = ("left", "tie", "right")
WEIGHTED = {
    Weighting.NOMINAL: "cohen_kappa",
    Weighting.LINEAR: "cohen_kappa_linear",
    Weighting.QUADRATIC: "cohen_kappa_quadratic",
}


def assert_agreement(ratings: Ratings, expected: dict[str, Any], *levels: Level) -> None:
    """α with its interval, percent agreement and the pairs, as far as the oracle has them."""
    for level in levels:
        alpha = krippendorff_alpha(ratings, level)
        assert alpha.value == pytest.approx(expected[f"krippendorff_alpha_{level}"], abs=PRECISION)
        assert alpha.interval is not None
        assert alpha.interval[0] < alpha.value < alpha.interval[1]
        assert alpha.n_units == expected["items_with_2plus"]
        assert alpha.n_annotators == expected["annotators"]
    percent = percent_agreement(ratings)
    assert percent.value == pytest.approx(
        expected["observed_agreement_mean_over_items"], abs=PRECISION
    )
    # irrCAC's interval of the nominal coefficient is analytic; ours must be of about that width.
    if "irrCAC_krippendorff" in expected and Level.NOMINAL in levels and ratings.n_units > 500:
        low, high = expected["irrCAC_krippendorff"]["ci"]
        interval = krippendorff_alpha(ratings, Level.NOMINAL).interval
        assert interval == pytest.approx((low, high), abs=0.15 * (high - low))


def assert_pairs(ratings: Ratings, names: list[str], expected: dict[str, Any]) -> None:
    for weighting, key in WEIGHTED.items():
        matrix = pairwise_agreement(ratings, weighting=weighting)
        for pair, values in expected.items():
            one, other = (names.index(name) for name in pair.split("|"))
            assert matrix.n_shared[one, other] == values["n"]
            assert matrix.percent[one, other] == pytest.approx(values["agreement"], abs=PRECISION)
            if key in values:
                assert matrix.kappa[one, other] == pytest.approx(values[key], abs=PRECISION)


def test_pandalm(read_ratings: ReadRatings, read_oracle: ReadOracle) -> None:
    ratings = read_ratings("pandalm/annotations.csv")
    expected = read_oracle("pandalm")["handout__pandalm"]
    assert krippendorff_alpha(ratings, Level.NOMINAL).value == pytest.approx(0.8642206852, abs=1e-9)
    assert_agreement(ratings, expected["agreement"], Level.NOMINAL)
    assert_pairs(
        ratings, ["annotator1", "annotator2", "annotator3"], expected["agreement"]["pairwise"]
    )
    votes = np.bincount(majority(ratings).winners)
    assert (
        dict(zip(ratings.categories, votes.tolist(), strict=True))
        == (expected["majority_label_counts"])
    )


def test_pandalm_judge_models(
    read_ratings: ReadRatings,
    read_table: Callable[[str], pd.DataFrame],
    read_oracle: ReadOracle,
) -> None:
    humans = majority(read_ratings("pandalm/annotations.csv")).winners
    labels = ["0", "1", "2", "garbage"]
    items = sorted(read_table("pandalm/annotations.csv")["item_id"].unique())
    for judge, rows in read_table("pandalm/llm_judges.csv").groupby("judge"):
        verdicts = rows.set_index("item_id")["label"].loc[items]
        codes = np.array([labels.index(v) if v in labels else 3 for v in verdicts])
        expected = read_oracle("pandalm")["handout__pandalm"]["llm_judge_vs_majority"][judge]
        kappa = cohen_kappa(humans, codes, 4)
        assert kappa.value == pytest.approx(expected["cohen_kappa"], abs=PRECISION)


def test_llmfao(read_ratings: ReadRatings, read_oracle: ReadOracle) -> None:
    expected = read_oracle("llmfao")["handout__llmfao"]
    ratings = read_ratings("llmfao/annotations.csv.gz", order=LLMFAO_ORDER)
    assert krippendorff_alpha(ratings, Level.NOMINAL).value == pytest.approx(0.2905951039, abs=1e-9)
    assert_agreement(ratings, expected["agreement"], Level.NOMINAL)
    numbers = {label: number for number, label in enumerate(LLMFAO_ORDER, start=-1)}
    ordered = read_ratings("llmfao/annotations.csv.gz", number=numbers.__getitem__)
    ordinal = expected["agreement_ordinal_left_tie_right"]
    assert_agreement(ordered, ordinal, Level.NOMINAL, Level.ORDINAL, Level.INTERVAL)


def test_ukp_convarg1(read_ratings: ReadRatings, read_oracle: ReadOracle) -> None:
    ratings = read_ratings("ukp_convarg1/annotations.csv.gz")
    expected = read_oracle("ukp_convarg1")["handout__ukp_convarg1"]["agreement"]
    assert krippendorff_alpha(ratings, Level.NOMINAL).value == pytest.approx(0.3766572126, abs=1e-9)
    assert_agreement(ratings, expected, Level.NOMINAL)
    assert np.count_nonzero(majority(ratings).winners < 0) == 420


def test_anesthesia(read_ratings: ReadRatings, read_oracle: ReadOracle) -> None:
    ratings = read_ratings("anesthesia_ds1979/annotations.csv", number=int, first_replicate=True)
    expected = read_oracle("anesthesia_ds1979")["handout__anesthesia"]["agreement_first_reading"]
    ordinal = krippendorff_alpha(ratings, Level.ORDINAL)
    assert ordinal.value == pytest.approx(0.8118922564, abs=1e-9)
    assert_agreement(ratings, expected, Level.NOMINAL, Level.ORDINAL, Level.INTERVAL)
    assert_pairs(ratings, [f"observer{i}" for i in range(1, 6)], expected["pairwise"])


def test_realsumm_content_units(read_ratings: ReadRatings, read_oracle: ReadOracle) -> None:
    ratings = read_ratings(
        "realsumm_scu/annotations.csv.gz", unit=("item_id", "step"), annotator="annotator_slot"
    )
    expected = read_oracle("realsumm_scu")["handout__realsumm"]
    assert_agreement(ratings, expected["agreement"], Level.NOMINAL)
    assert np.count_nonzero(majority(ratings).winners < 0) == expected["majority"]["tie"]


def test_steps_of_one_summary_widen_the_interval(
    read_table: Callable[[str], pd.DataFrame], read_ratings: ReadRatings
) -> None:
    path = "realsumm_scu/annotations.csv.gz"
    ratings = read_ratings(path, unit=("item_id", "step"), annotator="annotator_slot")
    items, _ = pd.factorize(read_table(path)["item_id"])
    clusters = np.zeros(ratings.n_units, dtype=np.int64)
    clusters[ratings.units] = items
    clustered = krippendorff_alpha(ratings, Level.NOMINAL, clusters=clusters)
    independent = krippendorff_alpha(ratings, Level.NOMINAL)
    assert clustered.value == independent.value
    assert clustered.interval is not None
    assert independent.interval is not None
    assert np.diff(clustered.interval) > 1.3 * np.diff(independent.interval)


def test_xsum_factuality(read_ratings: ReadRatings, read_oracle: ReadOracle) -> None:
    ratings = read_ratings("xsum_hallucination/factuality_annotations.csv")
    expected = read_oracle("xsum_hallucination")["handout__xsum"]["agreement"]
    assert_agreement(ratings, expected, Level.NOMINAL)
    assert_pairs(ratings, ["wid_0", "wid_1", "wid_2"], expected["pairwise"])


@pytest.mark.parametrize("level", list(Level))
def test_krippendorff_2011(
    read_ratings: ReadRatings, read_oracle: ReadOracle, level: Level
) -> None:
    ratings = read_ratings("reference_examples/krippendorff2011.csv", number=int)
    expected = read_oracle("reference_examples")["krippendorff2011"]
    alpha = krippendorff_alpha(ratings, level)
    assert alpha.value == pytest.approx(expected["computed"][level], abs=PRECISION)
    assert alpha.value == pytest.approx(expected["published"][level], abs=0.0006)
    assert (alpha.n_units, alpha.n_pairable) == (11, 40)


def test_krippendorff_binary(read_ratings: ReadRatings, read_oracle: ReadOracle) -> None:
    ratings = read_ratings("reference_examples/krippendorff_binary.csv")
    expected = read_oracle("reference_examples")["krippendorff_binary"]["computed"]
    alpha = krippendorff_alpha(ratings, Level.NOMINAL)
    assert alpha.value == pytest.approx(expected["nominal"], abs=PRECISION)
    kappa = pairwise_agreement(ratings).kappa[0, 1]
    assert kappa == pytest.approx(expected["cohen_kappa"], abs=PRECISION)


def test_fleiss_table(read_ratings: ReadRatings, read_oracle: ReadOracle) -> None:
    ratings = read_ratings("reference_examples/fleiss_10x14.csv", number=int)
    expected = read_oracle("reference_examples")["fleiss_10x14"]["computed"]
    for level in (Level.NOMINAL, Level.ORDINAL):
        alpha = krippendorff_alpha(ratings, level).value
        assert alpha == pytest.approx(expected[f"alpha_{level}"], abs=PRECISION)
    assert percent_agreement(ratings).value == pytest.approx(expected["P_bar"], abs=PRECISION)


@pytest.mark.parametrize("example", ["gwet_raw_4raters", "gwet_raw_5observers"])
def test_gwet_tables(read_ratings: ReadRatings, read_oracle: ReadOracle, example: str) -> None:
    ratings = read_ratings(f"reference_examples/{example}.csv", number=float)
    expected = read_oracle("reference_examples")[example]["computed"]
    for level, weights in ((Level.NOMINAL, "identity"), (Level.INTERVAL, "quadratic")):
        alpha = krippendorff_alpha(ratings, level).value
        assert alpha == pytest.approx(expected[weights]["krippendorff"]["value"], abs=PRECISION)


def test_weighted_kappa(read_oracle: ReadOracle) -> None:
    example = read_oracle("reference_examples")["cohen_weighted_toy"]
    first, second = np.array(example["a"]) - 1, np.array(example["b"]) - 1
    for weighting, key in zip(Weighting, ("kappa", "linear", "quadratic"), strict=True):
        kappa = cohen_kappa(first, second, 5, weighting=weighting)
        assert kappa.value == pytest.approx(example["computed"][key], abs=PRECISION)
    items = np.tile(np.arange(len(first)), 2)
    annotators = np.repeat([0, 1], len(first))
    both = Ratings(
        items, annotators, np.concatenate([first, second]), len(first), 2, (1, 2, 3, 4, 5)
    )
    for level in (Level.NOMINAL, Level.ORDINAL, Level.INTERVAL):
        alpha = krippendorff_alpha(both, level).value
        assert alpha == pytest.approx(example["computed"][f"alpha_{level}"], abs=PRECISION)


@pytest.mark.parametrize("name", ["bluebird", "rte", "possent", "web"])
def test_crowd_labels_agreement(
    read_ratings: ReadRatings, read_oracle: ReadOracle, name: str
) -> None:
    ratings = read_ratings(f"crowd_labels/{name}_annotations.csv")
    expected = read_oracle("crowd_labels")[f"handout__crowd_{name}"]
    assert_agreement(ratings, expected["agreement"], Level.NOMINAL)
    assert np.count_nonzero(majority(ratings).winners < 0) == expected["aggregation"]["mv_ties"]


@pytest.mark.parametrize("name", ["bluebird", "rte", "possent"])
def test_dawid_skene_meets_the_reference(
    read_ratings: ReadRatings,
    read_table: Callable[[str], pd.DataFrame],
    read_oracle: ReadOracle,
    name: str,
) -> None:
    ratings = read_ratings(f"crowd_labels/{name}_annotations.csv")
    expected = read_oracle("crowd_labels")[f"reference_EM__handout__crowd_{name}"]["no_smoothing"]
    fit = dawid_skene(ratings)
    assert fit.converged
    assert fit.iterations == expected["iterations"]
    assert fit.log_likelihood == pytest.approx(expected["log_likelihood"], abs=PRECISION)
    assert fit.log_likelihoods[0] == pytest.approx(expected["ll_after_1"], abs=PRECISION)
    priors = dict(zip(ratings.categories, fit.priors.tolist(), strict=True))
    assert priors == pytest.approx(expected["priors"], abs=PRECISION)
    is_right = _right(fit, ratings, name, read_table)
    assert len(is_right) == expected["gold_items"]
    assert np.count_nonzero(~is_right) == expected["errors"]


def test_dawid_skene_on_web_where_the_likelihood_is_flat(
    read_ratings: ReadRatings,
    read_table: Callable[[str], pd.DataFrame],
    read_oracle: ReadOracle,
) -> None:
    ratings = read_ratings("crowd_labels/web_annotations.csv")
    expected = read_oracle("crowd_labels")["reference_EM__handout__crowd_web"]["no_smoothing"]
    for iterations in (1, 2, 5, 10):
        fit = dawid_skene(ratings, max_iterations=iterations, tolerance=0.0)
        accuracy = _right(fit, ratings, "web", read_table).mean()
        assert accuracy == pytest.approx(expected[f"accuracy_at_iter_{iterations}"], abs=0.002)
    assert fit.log_likelihoods[0] == pytest.approx(expected["ll_after_1"], abs=PRECISION)


def test_dawid_skene_on_the_table_of_1979(
    read_ratings: ReadRatings, read_oracle: ReadOracle
) -> None:
    ratings = read_ratings("anesthesia_ds1979/annotations.csv")
    expected = read_oracle("anesthesia_ds1979")["handout__anesthesia_all_readings"]
    fit = dawid_skene(ratings)
    assert ratings.n_judgments == 45 * 7
    assert fit.iterations == expected["iterations"]
    assert fit.log_likelihood == pytest.approx(expected["log_likelihood"], abs=PRECISION)
    items = sorted(expected["posterior"])
    np.testing.assert_allclose(
        fit.posteriors, [expected["posterior"][item] for item in items], atol=PRECISION
    )
    for annotator, rates in enumerate(expected["error_rates"].values()):
        table = [[rates[truth][answer] for answer in "1234"] for truth in "1234"]
        np.testing.assert_allclose(fit.confusion[annotator], table, atol=PRECISION)


def test_position_bias_of_a_judge_model(
    read_oracle: ReadOracle, read_table: Callable[[str], pd.DataFrame]
) -> None:
    verdicts = read_table("qlora_vicuna80/gpt4_judgments.csv.gz")
    decisive = verdicts[verdicts["label"].isin(["first", "second"])]
    share = position_bias((decisive["label"] == "first").to_numpy(), np.arange(len(decisive)))
    expected = read_oracle("qlora_vicuna80")["handout__qlora_vicuna80"]
    assert share.value == pytest.approx(expected["first_share_of_decisive"], abs=PRECISION)


def _right(
    fit: DawidSkene, ratings: Ratings, name: str, read_table: Callable[[str], pd.DataFrame]
) -> np.ndarray:
    """Whether the likeliest category is the known one, for each item with one."""
    items = sorted(read_table(f"crowd_labels/{name}_annotations.csv")["item_id"].unique())
    labels = np.array(ratings.categories)[fit.posteriors.argmax(axis=1)]
    inferred = pd.Series(labels, index=items)
    gold = read_table(f"crowd_labels/{name}_gold.csv").set_index("item_id")["gold"]
    return (inferred[gold.index] == gold).to_numpy()
