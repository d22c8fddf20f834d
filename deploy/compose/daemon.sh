#!/bin/sh
# The image's entry point: `waystation ROLE --node NAME [options]`. The daemon replaces this shell, so that signals reach it.
set -eu
role=${1:-}
main=/app/services/$role/dist/main.js
if [ -z "$role" ] || [ ! -f "$main" ]; then
  echo 'usage: waystation primary|intermediate|secondary --node NAME [options]' >&2
  exit 2
fi
shift
exec node "$main" --cluster /etc/waystation/cluster.yaml --data /data "$@"
