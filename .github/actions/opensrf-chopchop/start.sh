#!/usr/bin/env bash
# Starts the server in the background and leaves where it is in the environment of later steps. Needs Node on the PATH, as actions/setup-node leaves it.
# The action is part of the package's own repository, so the package is what it was checked out with.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
folder=$(mktemp -d "${RUNNER_TEMP:-/tmp}/opensrf-chopchop.XXXXXX")

if [ ! -f "$root/dist/server/main.js" ]; then
  echo "::group::npm ci"
  npm ci --no-audit --no-fund --prefix "$root"
  echo "::endgroup::"
fi

options=(--port 0 --daemon --ready-file "$folder/ready.json" --config-dir "$folder" --pid-file "$folder/server.pid" --log-file "$folder/server.log")
for domain in ${INPUT_DOMAINS:-localhost}; do options+=(--domain "$domain"); done
[ -z "${INPUT_STUBS:-}" ] || options+=(--stubs "$INPUT_STUBS")
[ -z "${INPUT_REPLAY:-}" ] || options+=(--replay "$INPUT_REPLAY")
[ -z "${INPUT_SETTINGS:-}" ] || options+=(--with-settings "$INPUT_SETTINGS")
# shellcheck disable=SC2206 # they are several words
options+=(${INPUT_OPTIONS:-})
# For the report of a failed job.
case " ${INPUT_OPTIONS:-}" in *" --control-"*) ;; *) options+=(--control-socket "$folder/control.sock" --control-file "$folder/control.json") ;; esac
[ -z "${GITHUB_STATE:-}" ] || echo "folder=$folder" >> "$GITHUB_STATE"

node "$root/dist/server/main.js" serve "${options[@]}"

node -e '
const { c2s: [{ host, port }], domains: [domain] } = JSON.parse(require("node:fs").readFileSync(process.argv[1] + "/ready.json", "utf8"));
const core = require("node:fs").readFileSync(process.argv[1] + "/opensrf_core.xml", "utf8");
const found = (name) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(core)[1];
const env = {
  OSRF_HOSTNAME: "localhost", OSRF_HOST: host, OSRF_PORT: port, OSRF_DOMAIN: domain, OSRF_USERNAME: found("username"), OSRF_PASSWORD: found("passwd"),
  OSRF_ROUTER: found("router_name"), OSRF_CONFIG: process.argv[1] + "/opensrf_core.xml", OSRF_CONFIG_DIR: process.argv[1],
};
const { appendFileSync } = require("node:fs");
const lines = (values) => Object.entries(values).map(([name, value]) => `${name}=${value}\n`).join("");
appendFileSync(process.env.GITHUB_ENV, lines(env));
appendFileSync(process.env.GITHUB_OUTPUT, lines({ host, port, "config-dir": process.argv[1] }));
' "$folder"
