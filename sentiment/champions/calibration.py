"""How to read a champion's scores, as labels of production say: a file beside the pointer.

The model's files stay as they are: a temperature changes no label, and so needs no gate and no new
version. In a container's image the variable SENTIMENT_CALIBRATION takes the file's place. No model
is loaded here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from sentiment import durable
from sentiment.champions import store
from sentiment.config import MODEL_NAME
from sentiment.errors import StoreError

CALIBRATION_FILE = f"{MODEL_NAME}.calibration"
VARIABLE = "SENTIMENT_CALIBRATION"


@dataclass(frozen=True)
class Calibration:
    """How to read the scores of one model in production.

    Attributes:
        tag: The model's tag in the store.
        temperature: The scores are softened by it, after the model's own temperature.
        uncertain_below: Of the labels with at least this score few are wrong; None: no score is
            shown to be enough.
        labels: How many labels of people it rests on.
        learned_at: ISO 8601, in UTC.
    """

    tag: str
    temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    uncertain_below: Annotated[float, Field(ge=0, le=1)] | None = None
    labels: int = 0
    learned_at: str = ""


_FORMAT = TypeAdapter(Calibration)


def format_calibration(calibration: Calibration) -> str:
    """Return a calibration as JSON on one line."""
    return _FORMAT.dump_json(calibration).decode()


def parse_calibration(content: str, source: str) -> Calibration:
    """Return the calibration that JSON holds; the inverse of `format_calibration`.

    Raises:
        StoreError: It holds none, or one that no score can be read by.
    """
    try:
        return _FORMAT.validate_json(content)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))} {each['msg']}" for each in error.errors())
        raise StoreError(
            f"{source} holds no calibration ({wrong.strip()}): remove it, "
            "then run 'python -m flows.calibrate'"
        ) from error


def read_calibration(tag: str) -> Calibration:
    """Return the calibration of a stored model; of a model that has none, one that changes nothing.

    Raises:
        StoreError: It cannot be read.
    """
    content, source = os.environ.get(VARIABLE, ""), VARIABLE
    if not content:
        path = store.store_home() / CALIBRATION_FILE
        try:
            content, source = path.read_text("utf-8"), str(path)
        except FileNotFoundError:
            return Calibration(tag)
        except (OSError, UnicodeError) as error:
            raise StoreError(f"{path} cannot be read ({type(error).__name__}): mend or remove it") from error
    calibration = parse_calibration(content, source)
    return calibration if calibration.tag == tag else Calibration(tag)


def write_calibration(calibration: Calibration) -> None:
    """Write the calibration of the champion in one step; services read it at their next look."""
    content = format_calibration(calibration) + "\n"
    durable.replace(store.store_home() / CALIBRATION_FILE, content.encode())
