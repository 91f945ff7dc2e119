#!/usr/bin/env bash
# Drives the official account (safe and compatible mode) and the WeCom application by wechatpy, which
# knows nothing of this program: its crypto makes the messages, its parsers read the answers.
#
#   tests/sdk/wechatpy.sh            on target/debug/linli (LINLI_BINARY: another one), < 30 s
#
# The last line is `wechatpy: N passed, M failed`; exit status 0 or 1. What it needs is installed
# into target/sdk by its hashes; the servers are its own, on free ports, and die with it.
set -uo pipefail
exec </dev/null
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

BINARY=${LINLI_BINARY:-target/debug/linli}
TOOLS=$PWD/target/sdk/wechatpy
ROOM=$(mktemp -d /tmp/linli-sdk.XXXXXX) || exit 1
SERVERS=()

tidy() {
  local pid
  for pid in "${SERVERS[@]}"; do
    if kill -TERM "$pid" 2>/dev/null; then wait "$pid" 2>/dev/null; fi
  done
  rm -rf "$ROOM"
}
trap tidy EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
fail() { echo "$*" >&2; echo "wechatpy: 0 passed, 1 failed"; exit 1; }

[[ -x $BINARY ]] || fail "tests/sdk: $BINARY is missing; run cargo build first"
if ! [[ $TOOLS/pinned.txt -nt tests/sdk/wechatpy.txt ]]; then
  { python3 -m venv "$TOOLS" &&
    "$TOOLS/bin/pip" install -q --require-hashes --only-binary=:all: -r tests/sdk/wechatpy.txt &&
    cp tests/sdk/wechatpy.txt "$TOOLS/pinned.txt"; } || fail "tests/sdk: could not install"
fi

# start MODE: a server whose official account is in this mode; its address in URL.
start() {
  local port="" try
  for _ in {1..100}; do
    try=$((15000 + RANDOM % 16000))
    (exec 3<>"/dev/tcp/127.0.0.1/$try") 2>/dev/null || { port=$try; break; }
  done
  [[ -n $port ]] || fail "tests/sdk: no free port"
  URL=http://127.0.0.1:$port
  LINLI__SERVER__LISTEN=127.0.0.1:$port LINLI__DATABASE__URL="sqlite://$ROOM/$1.db?mode=rwc" \
    LINLI__STORAGE__URL="fs://$ROOM/files" LINLI__LOG__FILTER=warn LINLI_CONFIG_DIR=$ROOM \
    LINLI__WECHAT__OFFICIAL__MODE=$1 "$BINARY" serve >"$ROOM/$1.log" 2>&1 &
  SERVERS+=("$!")
  for _ in {1..200}; do
    [[ $(curl -s -o /dev/null -w '%{http_code}' "$URL/readyz") == 200 ]] && return
    kill -0 "$!" 2>/dev/null || { cat "$ROOM/$1.log"; fail "tests/sdk: the server did not start"; }
    sleep 0.1
  done
}

start safe
SAFE=$URL
start compatible
timeout 60 "$TOOLS/bin/python" tests/sdk/wechatpy_drive.py "$SAFE" "$URL"
status=$?
((status == 124)) && echo "wechatpy: 0 passed, 1 failed"
((status == 0)) || tail -n 20 "$ROOM"/*.log >&2
exit $((status != 0))
