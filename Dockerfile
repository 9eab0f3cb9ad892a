# One image for every role: `docker run custody-ledger run intake`.
FROM python:3.13-slim AS build
COPY requirements-runtime.txt /src/
RUN python -m venv /opt/custody && /opt/custody/bin/pip install --no-cache-dir --require-hashes -r /src/requirements-runtime.txt
COPY pyproject.toml README.md LICENSE /src/
COPY ledger /src/ledger
COPY producers /src/producers
COPY consumers /src/consumers
COPY projections /src/projections
COPY readers /src/readers
COPY custody /src/custody
RUN /opt/custody/bin/pip install --no-cache-dir --no-deps --no-build-isolation /src

FROM python:3.13-slim
RUN useradd --system --uid 10001 --create-home custody && install -d -o custody -g custody /var/lib/custody
COPY --from=build /opt/custody /opt/custody
ENV PATH=/opt/custody/bin:$PATH CUSTODY_DATA=/var/lib/custody PYTHONUNBUFFERED=1
USER custody
VOLUME /var/lib/custody
ENTRYPOINT ["custody"]
CMD ["--help"]
