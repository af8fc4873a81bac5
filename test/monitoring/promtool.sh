#!/usr/bin/env bash
# Checks the alert rules with Prometheus' own tool: their syntax, and when they fire. Needs promtool in the PATH.
set -euo pipefail
cd "$(dirname "$0")"
command -v promtool >/dev/null || { echo "promtool is not installed; it comes with Prometheus" >&2; exit 2; }
promtool check rules ../../manifests/monitoring/alerts.yaml
promtool test rules alerts.test.yaml
