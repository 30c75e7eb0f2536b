# The page and the HTTP API on a CPU:
#   docker build -t jcarsr . && docker run --rm --read-only --tmpfs /tmp -p 127.0.0.1:8000:8000 jcarsr
FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN python -m venv /opt/jcarsr \
    && /opt/jcarsr/bin/pip install --no-cache-dir --constraint constraints.txt '.[web,heif]'

FROM python:3.12-slim
RUN useradd --system --no-create-home jcarsr
COPY --from=build /opt/jcarsr /opt/jcarsr
ENV PATH=/opt/jcarsr/bin:$PATH PYTHONDONTWRITEBYTECODE=1
USER jcarsr
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["jcarsr", "serve", "--host", "0.0.0.0"]
