# docker build -t mutagen .  &&  docker run --rm -v "$PWD:/workspace" mutagen run /workspace
# State and reports are left in /workspace/.mutagen; another user than 1000: docker run --user "$(id -u):$(id -g)" …
FROM debian:12-slim AS build
# hadolint ignore=DL3008
RUN apt-get update && \
    apt-get install -y --no-install-recommends ca-certificates cmake gcc git libc6-dev libcmocka-dev libcurl4-openssl-dev libsqlite3-dev make openssl python3 python3-venv && \
    rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY . .
RUN make build

FROM debian:12-slim
# hadolint ignore=DL3008
RUN apt-get update && \
    apt-get install -y --no-install-recommends ca-certificates git libcurl4 libsqlite3-0 python3 python3-pip python3-pytest python3-venv && \
    rm -rf /var/lib/apt/lists/* && \
    useradd --uid 1000 --create-home mutagen && \
    git config --system --add safe.directory '*'
COPY --from=build /build/build/mutagen /usr/local/bin/mutagen
USER 1000
WORKDIR /workspace
ENTRYPOINT ["mutagen"]
