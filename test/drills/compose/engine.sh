#!/usr/bin/env bash
# A docker engine of one's own, for drills on a Debian machine that has none, and a base image for machines that reach no
# registry of images. Needs root.
#
#   engine.sh start DIR            installs what is missing from Debian, starts dockerd with all its data under DIR, and
#                                  prints the value for DOCKER_HOST
#   engine.sh base-image NAME:TAG  pulls the image; failing that, makes one of Debian and this machine's own node and npm
#   engine.sh stop DIR             stops exactly that dockerd, and removes DIR
#
# Exit codes: 0 done, 1 failed, 3 not possible here (the reason is on standard error).
set -euo pipefail

packages=(docker.io docker-compose containerd runc iptables nftables debootstrap ca-certificates util-linux)

impossible() {
  echo "$1" >&2
  exit 3
}

require_debian_root() {
  [ "$(id -u)" = 0 ] || impossible 'starting a docker engine needs root'
  command -v apt-get >/dev/null && [ -f /etc/debian_version ] || impossible 'starting a docker engine is known for Debian only'
}

answers() {
  DOCKER_HOST=unix://$1/docker.sock docker version >/dev/null 2>&1
}

install_packages() {
  command -v dockerd >/dev/null && command -v docker-compose >/dev/null && command -v iptables >/dev/null &&
    command -v debootstrap >/dev/null && return
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${packages[@]}"; } >&2 ||
    impossible 'the packages of a docker engine could not be installed'
}

start() {
  local dir=$1
  require_debian_root
  install_packages
  mkdir -p "$dir"/{data,exec}
  if ! answers "$dir"; then
    # Without a default bridge, and with networks out of the range for benchmarks (RFC 2544): nothing of the machine's own
    # is touched or hidden.
    setsid dockerd --data-root "$dir/data" --exec-root "$dir/exec" -p "$dir/dockerd.pid" -H "unix://$dir/docker.sock" \
      --bridge none --default-address-pool base=198.18.16.0/20,size=24 >"$dir/dockerd.log" 2>&1 </dev/null &
    for _ in $(seq 150); do
      answers "$dir" && break
      sleep 0.2
    done
  fi
  answers "$dir" || {
    tail -5 "$dir/dockerd.log" >&2
    impossible 'dockerd does not start here'
  }
  echo "unix://$dir/docker.sock"
}

stop() {
  local dir=$1 pid
  if [ -f "$dir/dockerd.pid" ]; then
    pid=$(cat "$dir/dockerd.pid")
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 150); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.2
    done
  fi
  umount "$dir/exec/netns/default" 2>/dev/null || true
  rm -rf --one-file-system "$dir"
}

# The file of apt sources in either form; the first mirror in it.
debian_mirror() {
  awk '/^URIs:/ { print $2; exit }' /etc/apt/sources.list.d/debian.sources 2>/dev/null |
    grep . || awk '/^deb / { for (i = 2; i <= NF; i++) if ($i ~ /:\/\//) { print $i; exit } }' /etc/apt/sources.list
}

# A global: the trap that removes it runs after the function has returned.
image_root=

base_image() {
  local tag=$1 npm_dir rc
  docker image inspect "$tag" >/dev/null 2>&1 && return
  docker pull -q "$tag" >/dev/null 2>&1 && return
  require_debian_root
  echo "$tag cannot be pulled: making one of Debian and node $(node -v)" >&2
  image_root=$(mktemp -d)
  trap 'rm -rf --one-file-system "$image_root"' EXIT
  debootstrap --variant=minbase --include=ca-certificates,libstdc++6 bookworm "$image_root" "$(debian_mirror)" >/dev/null
  install -D "$(readlink -f "$(command -v node)")" "$image_root/usr/local/bin/node"
  npm_dir=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
  mkdir -p "$image_root/usr/local/lib/node_modules" "$image_root/usr/local/etc"
  cp -r "$npm_dir" "$image_root/usr/local/lib/node_modules/npm"
  ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$image_root/usr/local/bin/npm"
  ln -sf ../lib/node_modules/npm/bin/npx-cli.js "$image_root/usr/local/bin/npx"
  # Packages come from where this machine gets them: its global npm settings and the authorities that it trusts. Settings
  # of a user, where credentials would be, stay here.
  cp /etc/ssl/certs/ca-certificates.crt "$image_root/etc/ssl/certs/"
  for rc in "$(npm config get globalconfig 2>/dev/null)" /usr/etc/npmrc; do
    [ -f "$rc" ] && cp "$rc" "$image_root/usr/local/etc/npmrc" && break
  done
  chroot "$image_root" useradd -m -u 1000 node
  tar -C "$image_root" -c . | docker import \
    -c 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    -c 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' -c 'CMD ["node"]' - "$tag" >/dev/null
}

case "${1:-}" in
  start | stop) [ $# = 2 ] && "$1" "$2" ;;
  base-image) [ $# = 2 ] && base_image "$2" ;;
  *)
    sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
