#!/usr/bin/env bash
# Does what the Dockerfile says where there is no Docker, and tries the result as Docker would run it: read-only root, its user, its health check, signals.
#   scripts/release/image-by-hand.sh [BASE]     as root; BASE: a folder with Debian bookworm (debootstrap --variant=minbase), made if it is not there
# The first stage runs on this machine's Node instead of node:20-bookworm-slim; of the second one, COPY, RUN, USER, ENV, HEALTHCHECK, ENTRYPOINT and CMD
# are taken from the Dockerfile itself.
set -euo pipefail
cd "$(dirname "$0")/../.."
base=${1:-$(mktemp -d)/base}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

step() { echo "ok  $*"; }
# The instructions of the last stage, each on a line.
last_stage() { awk '/^FROM/ { lines = ""; next } !/^#/ { lines = lines $0 "\n" } END { printf "%s", lines }' Dockerfile; }
instruction() { last_stage | sed -n "s/^$1 //p"; }

[ -d "$base/bin" ] || debootstrap --variant=minbase bookworm "$base" >"$work/debootstrap.log"
step "base: Debian $(cat "$base/etc/debian_version"), $(du -sm "$base" | cut -f1) MB"

# Only what .dockerignore lets through.
git clone --quiet --no-hardlinks . "$work/clone"
mkdir "$work/build"
sed -n 's/^!//p' .dockerignore | while read -r path; do cp -r "$work/clone/$path" "$work/build/"; done
(cd "$work/build" && npm ci --ignore-scripts --no-audit --no-fund && GITHUB_SHA=$(git -C "$work/clone" rev-parse HEAD) npm run --silent build:binary) >"$work/build.log" 2>&1 ||
  { cat "$work/build.log"; exit 1; }
step "stage build: npm ci --ignore-scripts && npm run build:binary"

root=$work/root
cp -a "$base" "$root"
read -r _ from to <<<"$(instruction COPY)"
cp "$work/build/${from#/build/}" "$root$to"
chroot "$root" /bin/sh -c "$(instruction RUN)"
step "stage image: $(du -sm "$root" | cut -f1) MB, COPY and RUN done"

user=$(instruction USER)
mapfile -t environment < <(instruction ENV)
command=$(node -p 'JSON.parse(process.argv[1]).concat(JSON.parse(process.argv[2])).join(" ")' "$(instruction ENTRYPOINT)" "$(instruction CMD)")
health=$(instruction HEALTHCHECK | sed 's/^.* CMD //')
# What is mounted: a site's files, and those of the example.
mkdir "$root/conf" "$work/conf"
cp test/fixtures/core/3.2-three-domains.xml "$work/conf/opensrf_core.xml"
cp test/fixtures/opensrf-xml/minimal.xml "$work/conf/opensrf.xml"
chmod -R a+rX "$work/conf"
mapfile -t compose < <(node -p 'Object.entries(require("yaml").parse(require("fs").readFileSync("docs/examples/compose.yaml", "utf8")).services.jabber.environment).map(([k, v]) => `${k}=${v}`).join("\n")')

cat >"$work/run.sh" <<'RUN'
set -euo pipefail
root=$1 user=$2 command=$3 health=$4 conf=$5 compose=$6
shift 6
image=("$@" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
step() { echo "ok  $*"; }
fail() { echo "$*"; cat "$root.log"; exit 1; }
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --bind "$conf" "$root/conf"
mount -o remount,bind,ro "$root/conf"
mount -o remount,bind,ro "$root"
ip link set lo up
inside() { env -i "${image[@]}" "${given[@]}" chroot --userspec="$user" "$root" "$@"; }
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true' EXIT

given=()
inside /bin/sh -c 'touch /tmp/x' 2>/dev/null && fail "the root file system can be written"
step 'nothing can be written'

# As Docker runs it: CMD behind ENTRYPOINT without a shell, stopped by SIGTERM.
#   tried WHAT VARIABLE=VALUE...
tried() {
  local what=$1 code=0
  shift
  given=("$@")
  : >"$root.log"
  # shellcheck disable=SC2086
  (exec env -i "${image[@]}" "${given[@]}" chroot --userspec="$user" "$root" $command) >"$root.log" 2>&1 &
  server=$!
  for _ in $(seq 100); do grep -q '"listening"' "$root.log" && break; kill -0 "$server" 2>/dev/null || break; sleep 0.1; done
  grep -q '"listening"' "$root.log" || fail "$what: does not start"
  [ "$(stat -c %u "/proc/$server")" = "${user%:*}" ] || fail "$what: runs as another user"
  inside sh -c "$health" >"$root.health" 2>&1 || { cat "$root.health"; fail "$what: HEALTHCHECK fails"; }
  kill -TERM "$server"
  wait "$server" || code=$?
  server=
  [ "$code" = 0 ] || fail "$what: SIGTERM: exit code $code"
  inside sh -c "$health" >/dev/null 2>&1 && fail "$what: HEALTHCHECK says yes to nothing"
  step "$what: $command $(sed -n 's/.*"c2s":\(\[[^]]*\]\).*/listens on \1/p' "$root.log") as $user; HEALTHCHECK yes ($(head -1 "$root.health")), after SIGTERM exit code 0, HEALTHCHECK no"
}

tried 'accounts by environment' OPENSRF_CHOPCHOP_USER=opensrf:secret OSRF_PASSWORD=secret
tried 'accounts by a mounted opensrf_core.xml' OPENSRF_CHOPCHOP_CONFIG=/conf/opensrf_core.xml
tried 'default passwords, said to be welcome' OPENSRF_CHOPCHOP_INSECURE=true
mapfile -t given <<<"$compose"
tried 'compose.yaml' "${given[@]}"

given=()
# shellcheck disable=SC2086
inside $command >"$root.log" 2>&1 && fail 'default passwords are taken off the loopback interface'
step "default passwords: $(tail -1 "$root.log")"
inside opensrf_router >"$root.log" 2>&1 && fail 'opensrf_router without arguments does something'
grep -q 'usage: opensrf_router' "$root.log" || fail 'opensrf_router is not there'
step "opensrf_router: $(tail -1 "$root.log")"
step "opensrf-chopchop --version: $(inside opensrf-chopchop --version)"
RUN
# Ports are the container's own.
unshare --mount --net bash "$work/run.sh" "$root" "$user" "$command" "$health" "$work/conf" "$(printf '%s\n' "${compose[@]}")" "${environment[@]}"
