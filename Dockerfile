# syntax=docker/dockerfile:1
# One executable on a small base, as a user that owns nothing, and content with a read-only root: docker run --read-only opensrf-chopchop
# Configure it by OPENSRF_CHOPCHOP_* (see `serve --help`), or mount an opensrf_core.xml and name it in OPENSRF_CHOPCHOP_CONFIG.
# scripts/release/image-by-hand.sh builds and runs the same without Docker.
FROM node:20-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json README.md LICENSE CHANGELOG.md ./
COPY scripts ./scripts
COPY shared ./shared
COPY router ./router
COPY server ./server
ARG COMMIT=unknown
RUN GITHUB_SHA=$COMMIT npm run build:binary

FROM debian:bookworm-slim
COPY --from=build /build/release/opensrf-chopchop /usr/local/bin/opensrf-chopchop
RUN ln -s opensrf-chopchop /usr/local/bin/opensrf_router && useradd --system --user-group --uid 522 --no-create-home --shell /usr/sbin/nologin chopchop
USER 522:522
WORKDIR /
ENV OPENSRF_CHOPCHOP_HOST=0.0.0.0
EXPOSE 5222
# With the default passwords it refuses to listen here: give it others, or say OPENSRF_CHOPCHOP_INSECURE=true where only the container's own network reaches it.
# Needs an account: from the mounted file, or OSRF_USERNAME and OSRF_PASSWORD.
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s CMD opensrf-chopchop status --host 127.0.0.1 ${OPENSRF_CHOPCHOP_CONFIG:+--config "$OPENSRF_CHOPCHOP_CONFIG"}
ENTRYPOINT ["opensrf-chopchop"]
CMD ["serve"]
