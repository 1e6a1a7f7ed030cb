# The image of everything but the service: learning jobs, MLflow, Prefect, the page and the local monitor (docs/azure-learning.md).
# The service has an image of its own, without training tools (docs/image.md). Build it from the repository's root:
#   docker build --file infra/learning.Dockerfile --tag sentiloop-learning .
# `python -m infra.base_images` renews the digest.
ARG PYTHON_IMAGE=docker.io/library/python:3.11-slim@sha256:e88e9763f943ec1834f992a4b51e0f24500486803e8bc534e5767af9ea65f6ce

FROM ${PYTHON_IMAGE} AS build
# PyTorch's builds for processors: PyPI's own bring several gigabytes of CUDA.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ARG LISTS="locks/learning.txt locks/torch.txt data-packages.txt"
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_INPUT=1
WORKDIR /app
COPY pyproject.toml data-packages.txt README.md LICENSE ./
COPY locks ./locks
# Each package by its hash, and wheels only, so that no package's code runs here. The secret `pip` may hold a pip.conf that names your index.
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    python -m venv /venv \
    && for list in ${LISTS}; do \
        /venv/bin/pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: \
            --extra-index-url "${TORCH_INDEX}" --requirement "${list}" || exit 1; \
    done \
    && /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --editable .

FROM ${PYTHON_IMAGE}
ARG COMMIT=""
LABEL org.opencontainers.image.title="Sentiloop's learning" \
      org.opencontainers.image.description="Jobs, MLflow, Prefect and the page of Sentiloop" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${COMMIT}"
RUN groupadd --gid 1034 sentiloop \
    && useradd --uid 1034 --gid 1034 --home-dir /home/sentiloop --no-create-home --shell /usr/sbin/nologin sentiloop \
    && install --directory --owner=1034 --group=1034 /home/sentiloop/home
# All that is written goes to SENTIMENT_HOME. PYTHONPATH: MLflow's and Prefect's own processes find `infra.entra_login` by it.
ENV DO_NOT_TRACK=1 \
    BENTOML_DO_NOT_TRACK=True \
    HF_HUB_OFFLINE=1 \
    HOME=/home/sentiloop/home \
    PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    SENTIMENT_COMMIT="${COMMIT}" \
    SENTIMENT_HOME=/home/sentiloop/home \
    SENTIMENT_HOST=0.0.0.0 \
    TMPDIR=/home/sentiloop/home
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
USER 1034:1034
VOLUME /home/sentiloop/home
ENTRYPOINT ["python", "-m"]
CMD ["infra.learning_job", "--help"]
