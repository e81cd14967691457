# One image for every service of docker-compose.yml; the page is built in a stage of its own, so
# that the running image holds neither Node nor compilers.

FROM node:24.11.1-bookworm-slim AS page
WORKDIR /build/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY api/schema.yaml /build/api/schema.yaml
COPY frontend/ ./
RUN npm run build

FROM python:3.11.14-slim-bookworm
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 \
    SMARTSCOPE_MODE=production SMARTSCOPE_STATIC_ROOT=/srv/static SMARTSCOPE_DATA_DIR=/srv/data
WORKDIR /srv/smartscope
RUN useradd --system --uid 10001 --home-dir /srv smartscope \
    && mkdir -p /srv/static /srv/data/images /srv/agent && chown -R smartscope /srv/data /srv/agent
COPY requirements.txt ./
RUN pip install -r requirements.txt
COPY manage.py ./
COPY smartscope/ smartscope/
COPY api/ api/
COPY workers/ workers/
COPY frontend/ frontend/
COPY safety_agent/ safety_agent/
COPY --from=page /build/frontend/dist frontend/dist
# The key below exists for this one command; a service without its own refuses to start.
RUN SMARTSCOPE_MODE=development python manage.py collectstatic --no-input
USER smartscope
CMD ["gunicorn", "smartscope.wsgi:application"]
