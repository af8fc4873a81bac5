#!/usr/bin/env bash
# Checks rules and dashboard with Prometheus' own programs: syntax, when each rule fires, and that a real Prometheus can evaluate
# all of it on what it scrapes from a real server. Needs promtool and prometheus in the PATH (on Debian: apt-get install prometheus).
# Not part of .ci/run, for their size. Last run on 2026-11-21 with Prometheus 2.42.0: everything passed.
set -euo pipefail
cd "$(dirname "$0")"
rules=../../manifests/monitoring/alerts.yaml
for program in promtool prometheus; do
  command -v "$program" >/dev/null || { echo "$program is not installed; it comes with Prometheus" >&2; exit 2; }
done
promtool check rules "$rules"
promtool test rules alerts.test.yaml
for alert in $(sed -n 's/^ *- alert: //p' "$rules"); do
  grep -q "alertname: $alert\$" alerts.test.yaml || { echo "alerts.test.yaml does not say when $alert fires" >&2; exit 1; }
done
../../node_modules/.bin/node prometheus.ts
