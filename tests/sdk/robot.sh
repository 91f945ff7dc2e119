#!/usr/bin/env bash
# Drives the robot's callback by @wecom/crypto, and connects @wecom/aibot-node-sdk to the pretended
# platform's long connection: packages that know nothing of this program (tests/sdk/node/robot.js).
#
#   tests/sdk/robot.sh            on target/debug/linli (LINLI_BINARY: another one), < 30 s
#
# The last line is `robot: N passed, M failed`; exit status 0 or 1. What it needs is installed into
# target/sdk by the lock file; the server is its own, on a free port, and dies with it.
set -uo pipefail
exec </dev/null
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

BINARY=${LINLI_BINARY:-target/debug/linli}
TOOLS=$PWD/target/sdk/node
ROOM=$(mktemp -d /tmp/linli-sdk.XXXXXX) || exit 1
SERVER=""

tidy() {
  if [[ -n $SERVER ]] && kill -TERM "$SERVER" 2>/dev/null; then wait "$SERVER" 2>/dev/null; fi
  rm -rf "$ROOM"
}
trap tidy EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
fail() { echo "$*" >&2; echo "robot: 0 passed, 1 failed"; exit 1; }

command -v npm >/dev/null || fail "tests/sdk: node and npm are needed (https://nodejs.org)"
[[ -x $BINARY ]] || fail "tests/sdk: $BINARY is missing; run cargo build first"
mkdir -p "$TOOLS"
if ! cmp -s tests/sdk/node/package-lock.json "$TOOLS/installed.json"; then
  cp tests/sdk/node/package.json tests/sdk/node/package-lock.json "$TOOLS/"
  (cd "$TOOLS" && npm ci --silent --no-audit --no-fund --ignore-scripts) >"$ROOM/npm.log" 2>&1 ||
    { tail -n 20 "$ROOM/npm.log"; fail "tests/sdk: npm could not install"; }
  cp tests/sdk/node/package-lock.json "$TOOLS/installed.json"
fi

port=""
for _ in {1..100}; do
  try=$((15000 + RANDOM % 16000))
  (exec 3<>"/dev/tcp/127.0.0.1/$try") 2>/dev/null || { port=$try; break; }
done
[[ -n $port ]] || fail "tests/sdk: no free port"
URL=http://127.0.0.1:$port
LINLI__SERVER__LISTEN=127.0.0.1:$port LINLI__DATABASE__URL="sqlite://$ROOM/linli.db?mode=rwc" \
  LINLI__STORAGE__URL="fs://$ROOM/files" LINLI__LOG__FILTER=warn LINLI_CONFIG_DIR=$ROOM \
  "$BINARY" serve >"$ROOM/server.log" 2>&1 &
SERVER=$!
for _ in {1..200}; do
  [[ $(curl -s -o /dev/null -w '%{http_code}' "$URL/readyz") == 200 ]] && break
  kill -0 "$SERVER" 2>/dev/null || { cat "$ROOM/server.log"; fail "tests/sdk: the server did not start"; }
  sleep 0.1
done

NODE_PATH=$TOOLS/node_modules timeout 60 node tests/sdk/node/robot.js "$URL"
status=$?
((status == 124)) && echo "robot: 0 passed, 1 failed"
((status == 0)) || tail -n 20 "$ROOM/server.log" >&2
exit $((status != 0))
