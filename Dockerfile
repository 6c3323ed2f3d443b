# The dashboard and the `shelfcast` command in one image. Build: docker build -t shelfcast .
# Run on a lake: docker run -p 8501:8501 -e SHELFCAST_LAKE=s3://bucket/prefix shelfcast
FROM python:3.11-slim AS app
ENV PYTHONUNBUFFERED=1 OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 NUMBA_CACHE_DIR=/opt/numba
# LightGBM's OpenMP runtime, which slim images lack.
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/shelfcast
COPY requirements.txt .
RUN pip install --no-cache-dir uv && uv pip install --system --no-cache -r requirements.txt
COPY . .
# Kernels are compiled while the image is built, so the first plan in a container does not wait for them.
RUN uv pip install --system --no-cache --no-deps -e . && python -m jobs.warm \
    && useradd --create-home planner && chown -R planner /opt/numba
USER planner
EXPOSE 8501
HEALTHCHECK CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health')"
CMD ["shelfcast", "serve", "--host", "0.0.0.0", "--port", "8501"]
