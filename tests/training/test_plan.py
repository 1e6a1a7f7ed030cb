"""The plan of a training: profiles that fit the models, and a retraining like the champion's."""

import models
from sentiment.training.plan import HYPERPARAMETERS, ROWS, Plan, plan_like


def test_every_profile_fits_the_models_constructors():
    assert set(HYPERPARAMETERS) == set(ROWS)
    for by_family in HYPERPARAMETERS.values():
        for family, hyperparameters in by_family.items():
            assert models.create(family, seed=1, **hyperparameters).hyperparameters["seed"] == 1


def test_like_is_compared_with_like_unless_somebody_chooses_otherwise():
    champion = {"family": "bert", "profile": "full", "base_model": "my-bert"}

    assert plan_like(champion) == Plan("full", ("bert",), "my-bert")
    assert plan_like(champion, profile="full") == Plan("full", ("bert",), "my-bert")
    assert plan_like(champion, profile="quick") == Plan("quick", ("bert",))
    assert plan_like(champion, families="all", seed=1) == Plan(
        "full", ("tfidf", "keras", "bert"), "my-bert", 1
    )
    assert plan_like({}) == Plan("quick", ("tfidf", "keras", "bert"))


def test_a_champion_that_learned_from_a_bert_is_retrained_with_one():
    champion = {"profile": "quick", "family": "keras", "teacher": "my-bert"}
    plan = plan_like(champion)
    assert plan == Plan("quick", ("keras", "bert"), "my-bert", teacher_only=True)
    assert plan.candidates == {"keras"}  # like is compared with like: the teacher does not compete
    assert plan.teacher_first == ["bert", "keras"]
    assert plan_like({"profile": "quick", "family": "keras"}) == Plan("quick", ("keras",))
    assert plan_like(champion, families="all").candidates == {"tfidf", "keras", "bert"}
