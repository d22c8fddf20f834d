#!/bin/sh
# wayctl in the tools container: for the cluster that is mounted there, unless another one is named.
exec node /app/services/wayctl/bin/wayctl.js --cluster /etc/waystation/cluster.yaml "$@"
