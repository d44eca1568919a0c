# syntax=docker/dockerfile:1

# One image for every program: docker build --build-arg PROGRAM=auth .
# PROGRAM is auth, events, tickets, payments, notifications, analytics, ops, edge, sandbox or secrets (scripts/program-list.ts).
#
# The base, by the digest of its list of platforms (`docker buildx imagetools inspect node:26.10.0-bookworm-slim` prints it). Whoever cannot
# reach its registry gives another: --build-arg NODE_IMAGE=node:26.10.0-bookworm-slim.
ARG NODE_IMAGE=node:26.10.0-bookworm-slim@sha256:662933cf47f013bc8e4beb31a6116448427a82057ba7c42c97e4c5ba766504c2

# What is built is JavaScript and runs anywhere, so this stage runs on the machine that builds, whatever the image is for. It does
# not know PROGRAM: one run serves the images of all programs.
FROM --platform=$BUILDPLATFORM $NODE_IMAGE AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=cache,target=/root/.local/share/pnpm/store \
    node scripts/bootstrap.mjs scripts/build.ts

FROM build AS program
ARG PROGRAM
RUN mv "dist/${PROGRAM:?which program? --build-arg PROGRAM=auth}" /app

FROM $NODE_IMAGE
ARG PROGRAM
ARG REVISION=unknown
LABEL org.opencontainers.image.title="boxoffice-${PROGRAM}" \
      org.opencontainers.image.description="Boxoffice, event tickets: ${PROGRAM}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /app
# The files stay root's: whoever gets into the process cannot change them.
COPY --from=program /app/ /app/
USER node
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "--enable-source-maps", "main.js"]
