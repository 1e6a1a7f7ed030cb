"""The origin of a version: its base, its teacher, and a recipe that tells models apart."""

from datetime import UTC, datetime

from sentiment.promotion.saved_models import ORIGIN
from sentiment.training.comparison import ModelResult
from sentiment.training.winner import origin_of

NOW = datetime.now(UTC)


def test_what_bert_started_from_is_known_of_its_version():
    result = ModelResult("bert", "run", "uri", {}, {"base_model": "my-bert", "seed": 0}, (), ())
    origin = origin_of(result, result, ["digest"], NOW)

    assert (origin["family"], origin["base_model"]) == ("bert", "my-bert")
    assert "base_model" in ORIGIN


def test_another_teacher_makes_another_recipe():
    pupil = ModelResult("keras", "run", "uri", {}, {"seed": 0, "is_taught": True}, (), ())
    teachers = [
        None,
        *(
            ModelResult("bert", "run", "uri", {}, {"base_model": name}, (), ())
            for name in ("minilm", "my-bert")
        ),
    ]

    origins = [origin_of(pupil, teacher, ["digest"], NOW) for teacher in teachers]

    assert len({origin["recipe"] for origin in origins}) == 3
    assert [origin.get("teacher") for origin in origins] == [None, "minilm", "my-bert"]
    assert "teacher" in ORIGIN
