import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { resourceName } from "../../domain/micro-action.ts";
import { CATALOGUE } from "./catalogue.generated.ts";
import { ProgramEntry } from "./catalogue-schema.ts";
import { describeShell } from "./describe.ts";
import { catalogueSource } from "./generate-catalogue.ts";
import { SPECIAL } from "./special.ts";

const folder = path.join(import.meta.dirname, "catalogue");

test("SG-30 the generated catalogue is that of the YAML files (`npx vitest -u` writes it)", async () => {
  const files = Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((file) => [file, readFileSync(path.join(folder, file), "utf8")]),
  );
  await expect(catalogueSource(files)).toMatchFileSnapshot("./catalogue.generated.ts");
});

test("SG-30 the catalogue knows at least 250 programs, and each entry says what a word of it may do", () => {
  const entries = Object.entries(CATALOGUE);
  expect(entries.length + Object.keys(SPECIAL).length).toBeGreaterThanOrEqual(250);
  for (const [name, entry] of entries) expect(ProgramEntry.safeParse(entry).success, name).toBe(true);
});

/** Names of programs that are known to give a shell, or to read or write any file, to whoever may run them. */
const KNOWN_DOORS =
  "aa-exec agetty ansible-playbook apache2ctl apt apt-get ar aria2c ash awk base32 base64 bash batcat bc bpftrace bundle busctl busybox byebug bzip2 capsh cat certbot chmod choom chown chroot cmp column comm composer cowsay cp cpan cpio cpulimit crontab csh csplit curl cut dash dd debugfs dialog diff dig distcc dmesg dmidecode dmsetup dnf docker dosbox dotnet dpkg dvips easy_install eb ed efax elvish emacs enscript env eqn ex exiftool expand expect facter file find fish flock fmt fold ftp gawk gcc gcore gdb gem genisoimage ghc gimp ginsh git grep gtester gzip hd head hexdump highlight hping3 iconv iftop install ionice ip irb jjs join journalctl jq jrunscript julia knife ksh ksu kubectl latex latexmk ld.so ldconfig less lftp ln loginctl logsave look ltrace lua luatex make man mawk minicom more mosquitto mount msgcat msgfilter mtr multitime mv mysql nano nasm nawk nc ncdu ncftp neofetch nft nice nl nm nmap node nohup npm nroff nsenter octave od openssl openvpn openvt paste pdb perf perl pexec php pic pico pidstat pip pkexec pr pry psftp psql puppet pwsh python rake readelf red redis-cli restic rev rlwrap rpm rpmquery rsync ruby run-parts rview sash scp screen script sed service setarch setfacl sftp sg shuf slsh smbclient socat sort split sqlite3 ss ssh ssh-keygen ssh-keyscan sshpass start-stop-daemon stdbuf strace strings su sudo sysctl systemctl tac tail tar task taskset tasksh tclsh tcpdump tee telnet terraform tftp tic time timeout tmux top troff ul unexpand uniq unshare unsquashfs unzip update-alternatives vagrant valgrind vi view vigr vim vipw w3m watch wc wget whiptail wireshark wish xargs xdotool xmore xxd xz yarn yash yelp yum zathura zip zsh zypper".split(
    " ",
  );

test("SG-16 programs that are known to be doors are described, and a shell or a secret is not had from them", () => {
  const unknown = KNOWN_DOORS.filter((name) => !Object.hasOwn(CATALOGUE, name) && !Object.hasOwn(SPECIAL, name) && name !== "eb");
  expect(unknown).toEqual([]);
  const where = { cwd: "/srv/app", home: "/home/deploy", user: "deploy", environment: {} };
  const silent = KNOWN_DOORS.filter((name) => {
    // The file is named to each of them; what only counts or shows it has a micro-action on it, the others are opaque.
    const described = describeShell(`${name} /etc/shadow /etc/shadow`, where);
    if ("refusal" in described) return false;
    return !described.microActions.some(
      ({ action, resource }) => action !== "shell:exec" || (resource.kind === "program" && resource.program === "/etc/shadow"),
    );
  });
  // What these do is in their subcommands and options; their words name no file.
  expect(silent).toEqual(SILENT);
});

/** Line → what is said of its door. */
const BY_OPTION: Readonly<Record<string, string>> = {
  "apt -o APT::Update::Pre-Invoke::=id update": "shell:opaque",
  "apt-get -o APT::Update::Pre-Invoke::=id update": "shell:opaque",
  "busctl --machine x list": "shell:exec busctl remote",
  "dmesg -F /etc/shadow": "file:read /etc/shadow",
  "dmidecode --dump-bin /srv/x": "file:write /srv/x",
  "dnf --setopt pluginpath=/tmp install x": "shell:opaque",
  "dpkg --pre-invoke=id -i x": "shell:exec id",
  "ip -batch /etc/shadow": "shell:exec ip batch",
  "journalctl --file=/etc/shadow": "file:read /etc/shadow",
  "loginctl --host x list": "shell:exec loginctl remote",
  "mount -o bind /bin/sh /bin/mount": "shell:exec mount mount",
  "nft -f /etc/shadow": "file:read /etc/shadow",
  "pidstat -e id": "shell:exec pidstat run",
  "rpm --eval '%(id)'": "shell:opaque",
  "ss -a -F /etc/shadow": "file:read /etc/shadow",
  "sysctl -p /etc/shadow": "shell:exec sysctl set",
  "systemctl edit x": "shell:exec systemctl edit",
  "tar xf x.tar -I id": "shell:exec id",
  "yum -c /tmp/x install y": "shell:opaque",
  "zypper --root /tmp install x": "shell:opaque",
};
const SILENT = Object.keys(BY_OPTION).map((line) => line.split(" ")[0]);

/** The long name of an option means what the short one does. */
const BY_LONG_OPTION: Readonly<Record<string, string>> = {
  "openssl enc -in /etc/shadow": "file:read /etc/shadow",
  "ss --diag=/srv/x": "file:write /srv/x",
  "ss --filter=/etc/shadow": "file:read /etc/shadow",
  "pmap --create-rc-to=/srv/x 1": "file:write /srv/x",
  "pmap --create-rc 1": "shell:exec pmap write",
  "hexdump --format-file=/etc/shadow x": "file:read /etc/shadow",
  "patch --output=/srv/x a": "file:write /srv/x",
};

test.each([...Object.entries(BY_OPTION), ...Object.entries(BY_LONG_OPTION)])("SG-16 %s: %s", (line, expected) => {
  const described = describeShell(line, { cwd: "/srv/app", home: "/home/deploy", user: "deploy", environment: {} });
  if ("refusal" in described) throw new Error(described.refusal.message);
  const found = described.microActions.map(({ action, resource, context }) => {
    const subcommand = JSON.stringify(context?.command)?.match(/"subcommand":"(.*?)"/)?.[1] ?? "";
    return action === "shell:opaque"
      ? action
      : [action, resourceName(resource), subcommand].filter((part) => part !== "").join(" ");
  });
  expect(found).toContain(expected);
});
