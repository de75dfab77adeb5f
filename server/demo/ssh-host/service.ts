import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import type { Account } from "./account.ts";
import type { Tree } from "./tree.ts";

const run = promisify(execFile);

export async function startService(account: Account, tree: Tree): Promise<void> {
  await systemctl(account, tree, "start");
}

export async function stopService(account: Account, tree: Tree): Promise<void> {
  await systemctl(account, tree, "stop");
}

async function systemctl(account: Account, tree: Tree, verb: "start" | "stop"): Promise<void> {
  await run("/bin/bash", ["--noprofile", "--norc", path.join(tree.programs, "systemctl"), verb, "shop-api"], {
    cwd: account.root,
    env: { NODE_ENV: "production", PATH: "/usr/bin:/bin", HOME: account.home },
    ...(process.getuid?.() === 0 ? { uid: account.uid, gid: account.gid } : {}),
  });
}

/**
 * A small service manager for the one service of the demo host, with the words of `systemctl`: start, stop, restart,
 * reload, status, is-active, list-units. Everything else goes to the system's own where there is one.
 */
export function systemctlScript(root: string): string {
  return `#!/bin/bash
# Service manager of the demo host. Knows one unit, shop-api; hands everything else on.
root='${root}'
run="$root/run"; log="$root/shop-api.journal"; pid_file="$run/shop-api.pid"
words=(); for word in "$@"; do case $word in -*) ;; *) words+=("$word");; esac; done
verb=\${words[0]:-list-units}; unit=\${words[1]:-}; unit=\${unit%.service}
alive() { [[ -s $pid_file ]] && kill -0 "$(<"$pid_file")" 2>/dev/null; }
note() { printf '%s %s systemd[1]: %s\\n' "$(date '+%b %d %H:%M:%S')" "$(hostname)" "$1" >> "$log"; }
start() {
  alive && return 0
  note 'Started shop-api.service - Shop API.'
  setsid "$root/bin/shop-api" </dev/null >>"$log" 2>&1 &
  echo $! > "$pid_file"
}
stop() {
  alive || { rm -f "$pid_file"; return 0; }
  local pid; pid=$(<"$pid_file")
  kill -TERM -- "-$pid" 2>/dev/null || kill -TERM "$pid"
  for _ in {1..50}; do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
  rm -f "$pid_file"
  note 'Stopped shop-api.service - Shop API.'
}
status() {
  if alive; then state='active (running)'; code=0; else state='inactive (dead)'; code=3; fi
  printf '● shop-api.service - Shop API\\n     Loaded: loaded (%s/bin/shop-api; enabled)\\n     Active: %s' "$root" "$state"
  if [[ $code == 0 ]]; then
    printf ' since %s\\n   Main PID: %s (shop-api)\\n' "$(date -r "$pid_file" '+%a %Y-%m-%d %H:%M:%S %Z')" "$(<"$pid_file")"
  else printf '\\n'; fi
  printf '\\n'; tail -n 5 "$log" 2>/dev/null
  return $code
}
case $verb/$unit in
  list-units/) printf '  UNIT              LOAD   ACTIVE   SUB     DESCRIPTION\\n  shop-api.service  loaded %s Shop API\\n' \\
    "$(alive && echo 'active   running' || echo 'inactive dead   ')" ;;
  start/shop-api) start ;;
  stop/shop-api) stop ;;
  restart/shop-api|reload/shop-api|try-restart/shop-api) stop; start ;;
  status/shop-api|status/) status ;;
  is-active/shop-api) if alive; then echo active; else echo inactive; exit 3; fi ;;
  is-enabled/shop-api) echo enabled ;;
  *) if [[ -x /usr/bin/systemctl ]]; then exec /usr/bin/systemctl "$@"; fi
     echo "Unit \${unit:-?}.service could not be found." >&2; exit 4 ;;
esac
`;
}

/** The journal of the one service: `journalctl [-u shop-api] [-n N] [-f]`. */
export function journalctlScript(root: string): string {
  return `#!/bin/bash
# Journal of the demo host: that of shop-api; for other units the system's own where there is one.
count=200; follow=; unit=
while (($#)); do
  case $1 in
    -u|--unit) unit=$2; shift ;;
    --unit=*) unit=\${1#*=} ;;
    -n|--lines) count=$2; shift ;;
    -n*) count=\${1#-n} ;;
    --lines=*) count=\${1#*=} ;;
    -f|--follow) follow=-f ;;
  esac
  shift
done
case $unit in
  ''|shop-api|shop-api.service) exec tail -n "$count" $follow '${root}/shop-api.journal' ;;
  *) if [[ -x /usr/bin/journalctl ]]; then exec /usr/bin/journalctl -u "$unit" -n "$count" --no-pager; fi
     echo '-- No entries --' ;;
esac
`;
}

/** The service itself: logs an order every few seconds, the way a careless program does. */
export function serviceScript(home: string): string {
  return `#!/bin/bash
# Shop API of the demo host: writes what it does to its journal and its log.
trap 'echo "shop-api: received SIGTERM, draining"; exit 0' TERM
echo "shop-api: listening on 127.0.0.1:8080 (pid $$)"
people=(ada.lovelace grace.hopper alan.turing edsger.dijkstra barbara.liskov)
order=48100
while :; do
  person=\${people[order % 5]}
  line="level=info msg=\\"order placed\\" order=$((order++)) email=$person@example.test ip=203.0.113.$((order % 250)) ms=$((order * 7 % 90 + 5))"
  ((order % 11 == 0)) && line="level=error msg=\\"payment declined\\" order=$order card=4111-1111-1111-1111 retry=2"
  echo "$line"
  printf '%s %s\\n' "$(date -u +%FT%TZ)" "$line" >> '${home}/shop-api/logs/app.log'
  sleep 5 & wait $!
done
`;
}
