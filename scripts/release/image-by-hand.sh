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
(cd "$work/build" && npm ci --ignore-scripts --no-audit --no-fund >/dev/null && GITHUB_SHA=$(git -C "$work/clone" rev-parse HEAD) npm run --silent build:binary >/dev/null 2>&1)
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
cat >"$work/run.sh" <<'RUN'
set -euo pipefail
root=$1 user=$2 command=$3 health=$4
shift 4
step() { echo "ok  $*"; }
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -o remount,bind,ro "$root"
inside() { env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${environment[@]}" chroot --userspec="$user" "$root" "$@"; }
environment=("$@" OPENSRF_CHOPCHOP_PORT=35222 OPENSRF_CHOPCHOP_USER=opensrf:secret OSRF_PASSWORD=secret OSRF_PORT=35222)
inside /bin/sh -c 'touch /tmp/x' 2>/dev/null && { echo "the root file system can be written"; exit 1; }
step 'nothing can be written'
(exec env -i "${environment[@]}" PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin chroot --userspec="$user" "$root" sh -c "exec $command") >"$root.log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
for _ in $(seq 100); do grep -q listening "$root.log" && break; sleep 0.1; done
grep -q '"listening"' "$root.log" || { cat "$root.log"; exit 1; }
step "$command: $(sed -n 's/.*"c2s":\(\[[^]]*\]\).*/listens on \1/p' "$root.log"), as uid $(stat -c %u "/proc/$server")"
inside sh -c "$health" >"$root.health" || { cat "$root.health"; exit 1; }
step "HEALTHCHECK: $(head -1 "$root.health")"
kill -TERM "$server"
code=0
wait "$server" || code=$?
[ "$code" = 0 ] || { echo "SIGTERM: exit code $code"; exit 1; }
step 'SIGTERM ends it in order, exit code 0'
inside sh -c "$health" >/dev/null 2>&1 && { echo 'the health check says yes to nothing'; exit 1; }
step 'HEALTHCHECK fails without a server'
RUN
unshare --mount bash "$work/run.sh" "$root" "$user" "$command" "$health" "${environment[@]}"
