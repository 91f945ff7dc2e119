#!/usr/bin/env bash
# Asks the running program whatever its description allows, and more: no answer may be a 5xx.
#
#   tests/sdk/schemathesis.sh            on target/debug/linli (LINLI_BINARY: another one), < 60 s
#
# The last line is `schemathesis: passed` or `schemathesis: failed`; exit status 0 or 1. What it
# needs is installed into target/sdk; the server is its own, on a free port, and dies with it.
set -uo pipefail
exec </dev/null
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

BINARY=${LINLI_BINARY:-target/debug/linli}
TOOLS=$PWD/target/sdk/schemathesis
SECONDS_OF_TESTS=${LINLI_SDK_SECONDS:-40}
ROOM=$(mktemp -d /tmp/linli-sdk.XXXXXX) || exit 1
SERVER=""

tidy() {
  if [[ -n $SERVER ]] && kill -TERM "$SERVER" 2>/dev/null; then wait "$SERVER" 2>/dev/null; fi
  rm -rf "$ROOM"
}
trap tidy EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
fail() { echo "$*" >&2; echo "schemathesis: failed"; exit 1; }

[[ -x $BINARY ]] || fail "tests/sdk: $BINARY is missing; run cargo build first"
if ! [[ $TOOLS/pinned.txt -nt tests/sdk/schemathesis.txt ]]; then
  { python3 -m venv "$TOOLS" && "$TOOLS/bin/pip" install -q -r tests/sdk/schemathesis.txt &&
    cp tests/sdk/schemathesis.txt "$TOOLS/pinned.txt"; } || fail "tests/sdk: could not install"
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

post() { curl -s -X POST "$URL$1" -H 'Content-Type: application/json' "${@:3}" -d "$2"; }
field() { "$TOOLS/bin/python" -c "import json,sys; print(json.load(sys.stdin)['$1'])"; }
sign_in() { # openid
  local code
  code=$(post /sandbox/code "{\"openid\":\"$1\"}" | field code)
  post /api/v1/session "{\"code\":\"$code\"}" | field token
}

# The sandbox's own people, and residents of the demo who bind by their phones.
for person in resident steward property chair community newcomer; do
  sign_in "sandbox-$person" >>"$ROOM/tokens"
done
while read -r phone; do
  token=$(sign_in "sandbox-fuzz-$phone")
  code=$(post /sandbox/mini/phone "{\"openid\":\"sandbox-fuzz-$phone\",\"phone\":\"$phone\"}" | field code)
  post /api/v1/me/phone "{\"code\":\"$code\"}" -H "Authorization: Bearer $token" -o /dev/null
  echo "$token" >>"$ROOM/tokens"
done < <(cut -d, -f3 config/demo/people.csv | grep -E '^1[0-9]{10}$' | head -n 30)

# Signing out would spend the tokens.
export LINLI_TOKENS=$ROOM/tokens SCHEMATHESIS_HOOKS=schemathesis_hooks PYTHONPATH=$PWD/tests/sdk
(cd "$ROOM" && timeout 58 "$TOOLS/bin/st" run "$URL/openapi.json" --checks not_a_server_error \
  --exclude-method DELETE --max-time "$SECONDS_OF_TESTS" --request-timeout 10 \
  --suppress-health-check all --warnings off --continue-on-failure --no-color \
  >"$ROOM/report" 2>&1)
status=$?
tail -n 40 "$ROOM/report"
if ((status != 0)); then
  grep -E 'ERROR|panic' "$ROOM/server.log" | tail -n 20
  fail "tests/sdk: see above"
fi
# A run in which hardly anybody was signed in would find nothing. Some never are: a code for a session that
# is none, and whoever had themselves erased before.
refused=$(curl -s "$URL/metrics" | sed -n 's/^linli_faults_total{code="unauthenticated"} //p')
asked=$(sed -n 's/^ *\([0-9]*\) generated, .*/\1/p' "$ROOM/report")
((${asked:-0} > 0 && ${refused:-0} * 5 < asked)) ||
  fail "tests/sdk: $refused of ${asked:-no} requests were not signed in"
echo "tests/sdk: $refused of $asked requests were not signed in"
echo "schemathesis: passed"
