"""FastAPI with a queue before a Transformers pipeline, batched as its guide advises.

Source: Transformers' documentation, "Web server inference", with its dynamic batching. Unlike
there, the pipeline runs on a thread, so that the server takes requests meanwhile, and a batch takes
what has come in already without a wait.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import torch
from fastapi import FastAPI
from pydantic import BaseModel
from transformers import pipeline

MOST_TEXTS = 32
Waiting = asyncio.Queue[tuple[str, "asyncio.Future[dict[str, Any]]"]]


class Request(BaseModel):
    """One text to label."""

    text: str


class Answer(BaseModel):
    """The label and its score."""

    label: str
    score: float


async def run(waiting: Waiting) -> None:
    """Label the waiting texts, batch by batch, for the server's lifetime."""
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    classify: Any = pipeline("text-classification", model=os.environ["BENCH_MODEL"], device="cpu")

    def compute(texts: list[str]) -> list[dict[str, Any]]:
        with torch.inference_mode():
            found: list[dict[str, Any]] = classify(texts, batch_size=len(texts), truncation=True)
            return found

    while True:
        batch = [await waiting.get()]
        while len(batch) < MOST_TEXTS and not waiting.empty():
            batch.append(waiting.get_nowait())
        found = await asyncio.to_thread(compute, [text for text, _ in batch])
        for (_, answer), said in zip(batch, found, strict=True):
            if not answer.done():
                answer.set_result(said)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Start the one task that has the model."""
    app.state.waiting = asyncio.Queue()
    task = asyncio.create_task(run(app.state.waiting))
    yield
    task.cancel()


app = FastAPI(lifespan=lifespan)


@app.post("/predict")
async def predict(request: Request) -> Answer:
    """Label one text."""
    answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
    await app.state.waiting.put((request.text, answer))
    return Answer(**await answer)
