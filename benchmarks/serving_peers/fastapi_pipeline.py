"""FastAPI over a Transformers pipeline: the usual way.

The model is loaded once, at start; the endpoint is a plain `def`.

Source: FastAPI's documentation, "Lifespan Events" (one model for all requests) and "Concurrency and
async / await" (`def` for what blocks).
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import torch
from fastapi import FastAPI
from pydantic import BaseModel
from transformers import pipeline

loaded: dict[str, Any] = {}


class Request(BaseModel):
    """One text to label."""

    text: str


class Answer(BaseModel):
    """The label and its score."""

    label: str
    score: float


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Load the model before the first request."""
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    loaded["classify"] = pipeline("text-classification", model=os.environ["BENCH_MODEL"], device="cpu")
    yield
    loaded.clear()


app = FastAPI(lifespan=lifespan)


@app.post("/predict")
def predict(request: Request) -> Answer:
    """Label one text."""
    with torch.inference_mode():
        return Answer(**loaded["classify"](request.text, truncation=True)[0])
