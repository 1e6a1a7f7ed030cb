"""How to read a champion's scores, as labels of production say: a file beside the pointer.

The model's files stay as they are: a temperature changes no label, and so needs no gate and no new
version. In a container's image the variable SENTIMENT_CALIBRATION takes the file's place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, TypeAdapter, ValidationError

import models
from sentiment import durable
from sentiment.champions import store
from sentiment.config import MODEL_NAME, read_settings
from sentiment.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable

CALIBRATION_FILE = f"{MODEL_NAME}.calibration"
VARIABLE = "SENTIMENT_CALIBRATION"
_KEPT = 10  # models


@dataclass(frozen=True)
class Calibration:
    """How to read the scores of one model in production.

    Attributes:
        tag: The model's tag in the store.
        temperature: The scores are softened by it, after the model's own temperature.
        uncertain_below: Of the labels with at least this score few are wrong; None: no score is
            shown to be enough.
        labels: How many labels of people it rests on; 0 where nothing was learned.
        learned_at: ISO 8601, in UTC.
    """

    tag: str
    temperature: Annotated[float, Field(ge=1 / 64, le=64)] = 1.0
    uncertain_below: Annotated[float, Field(ge=0, le=1)] | None = None
    labels: int = field(default=0, compare=False)  # scores are read alike, whatever it rests on
    learned_at: str = field(default="", compare=False)


_FORMAT = TypeAdapter(Calibration)


def format_calibrations(calibrations: Iterable[Calibration]) -> str:
    """Return calibrations as JSON Lines, those of the models that were calibrated last."""
    latest = sorted(calibrations, key=lambda one: one.learned_at)[-_KEPT:]
    return "".join(f"{_FORMAT.dump_json(one).decode()}\n" for one in latest)


def parse_calibrations(content: str, source: str) -> dict[str, Calibration]:
    """Return the calibrations of JSON Lines by tag; the inverse of `format_calibrations`.

    Raises:
        StoreError: A line holds none, or one that no score can be read by.
    """
    try:
        found = [_FORMAT.validate_json(line) for line in content.splitlines()]
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))} {each['msg']}" for each in error.errors())
        raise StoreError(
            f"{source} holds no calibration ({wrong.strip()}): remove it, "
            "then run 'python -m flows.calibrate'"
        ) from error
    return {one.tag: one for one in found}


def read_calibration(tag: str) -> Calibration:
    """Return the calibration of a stored model; of a model that has none, one that changes nothing.

    Raises:
        StoreError: It cannot be read.
    """
    return _read().get(tag, Calibration(tag))


def keep_calibration(calibration: Calibration) -> None:
    """Keep what was learned of a model's scores, unless what is known was learned later.

    Services read it at their next look. A rollback finds that of the earlier champion.

    Raises:
        StoreError: What is known cannot be read, or the variable of an image would hide it.
    """
    if read_settings().calibration:
        raise StoreError(
            f"{VARIABLE} is set, and so nothing that is learned would be served: "
            "unset it, or calibrate where the image is built and build it anew"
        )
    known = _read()
    if newest(calibration, known.get(calibration.tag)) is calibration:
        content = format_calibrations((known | {calibration.tag: calibration}).values())
        durable.replace(store.store_home() / CALIBRATION_FILE, content.encode())


def newest(one: Calibration, other: Calibration | None) -> Calibration:
    """Return the calibration that was learned later, `one` where both were learned at once."""
    return one if other is None or one.learned_at >= other.learned_at else other


def _read() -> dict[str, Calibration]:
    content, source = read_settings().calibration, VARIABLE
    if not content:
        path = store.store_home() / CALIBRATION_FILE
        try:
            content, source = path.read_text("utf-8"), str(path)
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeError) as error:
            raise StoreError(f"{path} cannot be read ({type(error).__name__}): mend or remove it") from error
    return parse_calibrations(content, source)


def load_calibrated(stored: store.StoredModel, calibration: Calibration) -> models.Classifier:
    """Return a stored model whose scores are those that the service answers.

    Raises:
        ModelError: It cannot be read.
    """
    model = models.load(stored.path)
    model.temperature_ *= calibration.temperature
    return model
