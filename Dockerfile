# syntax=docker/dockerfile:1
# One image for API, workers and jobs; the command says which.

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/whistle
WORKDIR /src
COPY requirements.lock ./
RUN /opt/whistle/bin/pip install --require-hashes -r requirements.lock
COPY . .
RUN /opt/whistle/bin/pip install --no-deps --no-build-isolation . \
    && /opt/whistle/bin/python -m api.document > console/openapi.json

FROM node:22-slim AS console
WORKDIR /src
COPY console/package.json console/package-lock.json console/.npmrc ./
RUN npm ci --no-progress
COPY console ./
COPY --from=build /src/console/openapi.json ./
RUN npm run -s types && npx vite build && node tools/pack.mjs dist

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin whistle \
    && install --directory --owner whistle --mode 0700 /var/lib/whistle/keys /var/lib/whistle/witness
ENV PATH=/opt/whistle/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TZ=UTC WHISTLE_DATA_DIR=/tmp/whistle
COPY --from=build /opt/whistle /opt/whistle
WORKDIR /app
COPY --chown=root:root . .
COPY --from=console /src/dist console/dist
USER whistle
EXPOSE 8010
STOPSIGNAL SIGTERM
CMD ["python", "-m", "uvicorn", "api.app:app", "--host", "0.0.0.0", "--port", "8010", "--loop", "uvloop", \
     "--http", "api.protocol:Bounded", "--no-access-log", "--no-server-header", "--no-proxy-headers", "--timeout-graceful-shutdown", "15"]
