# One image for every program: docker build --build-arg PROGRAM=auth .
# PROGRAM is auth, events, tickets, payments, notifications, analytics, ops, edge, sandbox, secrets or standin
# (scripts/program-list.ts).
#
# The base image is pinned by the digest of its platform list (`docker buildx imagetools inspect node:26.10.0-bookworm-slim`
# prints it). Behind a firewall, name your own copy: --build-arg NODE_IMAGE=node:26.10.0-bookworm-slim.
#
# Behind a company's proxy, two build secrets, neither of which ends up in a layer: `ca`, a PEM bundle that npm and pnpm trust,
# and `npmrc`, which names the mirror and its token: docker build --secret id=ca,src=ca.pem --secret id=npmrc,src=.npmrc …
ARG NODE_IMAGE=node:26.10.0-bookworm-slim@sha256:662933cf47f013bc8e4beb31a6116448427a82057ba7c42c97e4c5ba766504c2

# The output is JavaScript and runs anywhere, so this stage always runs on the building machine's own platform. It does not depend
# on PROGRAM: one run serves the images of all programs.
FROM --platform=$BUILDPLATFORM $NODE_IMAGE AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=cache,target=/root/.local/share/pnpm/store \
    --mount=type=secret,id=ca \
    --mount=type=secret,id=npmrc,target=/root/.npmrc \
    if [ -s /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi; \
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
# The files belong to root: the process cannot change its own program.
COPY --from=program /app/ /app/
USER node
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "--enable-source-maps", "main.js"]
