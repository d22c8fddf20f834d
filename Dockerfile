# One image for all daemons, and one with the operator's tools on top.
#
#   docker build --target daemon -t waystation .
#   docker build --target tools -t waystation-tools .
#
# Nothing but Node is needed of the base image; the build reaches npm's registry as that image is set up to, and the
# tools target Debian's packages.
ARG NODE_IMAGE=node:24-bookworm-slim

# What npm needs to know, apart from the sources: so dependencies are installed again only when they change.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /sources
COPY . .
RUN mkdir /manifests \
  && find . -name package.json -exec cp --parents {} /manifests \; \
  && cp package-lock.json .npmrc /manifests \
  && if [ -d services/wayctl/bin ]; then cp --parents -r services/wayctl/bin /manifests; fi

FROM ${NODE_IMAGE} AS all-modules
WORKDIR /app
COPY --from=manifests /manifests ./
RUN npm ci --no-audit --no-fund

FROM all-modules AS modules
RUN npm prune --omit=dev --no-audit --no-fund && find node_modules -mindepth 1 -type d -empty -delete

FROM all-modules AS build
COPY . .
RUN npm run -s build:parity \
  && npx tsc -b services/primary services/intermediate services/secondary services/wayctl
# What runs, and no more: no sources, no types, no maps.
RUN mkdir /out \
  && find packages services -type f \
       \( -path '*/dist/*.js' -o -path '*/wasm/*.wasm' -o -path '*/bin/*' -o -name package.json \) \
       -not -path '*/node_modules/*' -exec cp --parents {} /out \; \
  && cp -r package.json proto /out \
  && cp --parents deploy/compose/health.js deploy/compose/daemon.sh deploy/compose/wayctl.sh /out

FROM ${NODE_IMAGE} AS daemon
# glibc's allocator keeps an arena per thread otherwise, and in each what payloads have left behind (packages/daemon/src/heap.ts).
ENV NODE_ENV=production MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=1048576 MALLOC_TRIM_THRESHOLD_=2097152
WORKDIR /app
COPY --from=modules /app/node_modules ./node_modules
COPY --from=build /out ./
# A volume that is mounted for the first time takes over content and owner of the folder that it covers: with these
# folders, daemons that are not root can write to it. /data is for the journal and what the node knows of itself, /disks/N
# for one disk each.
RUN install -d -o node -g node /data /disks \
  && for disk in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do install -d -o node -g node "/disks/$disk"; done \
  && install -m 755 deploy/compose/daemon.sh /usr/local/bin/waystation
USER node
HEALTHCHECK --interval=3s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "/app/deploy/compose/health.js", "127.0.0.1:7400"]
ENTRYPOINT ["waystation"]

FROM daemon AS tools
USER root
RUN apt-get update -qq \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
       nbdkit libnbd-bin python3-libnbd qemu-utils fio e2fsprogs \
  && rm -rf /var/lib/apt/lists/* \
  && install -m 755 deploy/compose/wayctl.sh /usr/local/bin/wayctl
WORKDIR /home/node
USER node
HEALTHCHECK NONE
ENTRYPOINT []
CMD ["sleep", "infinity"]
