# Two images of one installation.
#   The dashboard and the `shelfcast` command:  docker build -t shelfcast .
#     docker run -p 8501:8501 -e SHELFCAST_LAKE=s3://bucket/prefix shelfcast
#   The functions on AWS, one by CMD:           docker build --target lambda -t shelfcast-lambda .
#     CMD lambdas.inventory_processor.handler.handler   (docs/lambdas.md)
FROM python:3.11-slim AS base
ENV PYTHONUNBUFFERED=1 OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 NUMBA_CACHE_DIR=/opt/numba
# LightGBM's OpenMP runtime, which slim images lack.
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/shelfcast
COPY requirements.txt .
RUN pip install --no-cache-dir uv && uv pip install --system --no-cache -r requirements.txt
COPY . .
RUN uv pip install --system --no-cache --no-deps -e .

FROM base AS lambda
# Kernels for any processor: a function's is not the builder's.
ENV NUMBA_CPU_NAME=generic
# Lambda's runtime client, pinned with the other test tools.
RUN grep '^awslambdaric==' requirements-dev.txt | uv pip install --system --no-cache -r - && python -m jobs.warm
# Only /tmp can be written to on Lambda, and numba uses a cache only where it could write.
ENTRYPOINT ["sh", "-c", "[ -d /tmp/numba ] || cp -r /opt/numba /tmp/numba; export NUMBA_CACHE_DIR=/tmp/numba HOME=/tmp; exec python -m awslambdaric \"$@\"", "lambda"]
CMD ["lambdas.inventory_processor.handler.handler"]

# Last, so that it is what a build without a target makes.
FROM base AS app
# Kernels are compiled while the image is built, so the first plan in a container does not wait for them.
RUN python -m jobs.warm && useradd --create-home planner && chown -R planner /opt/numba
USER planner
EXPOSE 8501
HEALTHCHECK CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health')"
CMD ["shelfcast", "serve", "--host", "0.0.0.0", "--port", "8501"]
