/**
 * Paths as the host will see them, worked out from text alone. `..` after a part that may be a link is physical in the
 * kernel and lexical nowhere, so it is only taken where the part is known to be a real directory.
 */

const REAL = new Set(
  "/ /boot /dev /etc /etc/nginx /etc/ssh /home /media /mnt /opt /proc /root /run /srv /sys /tmp /usr /usr/bin /usr/sbin /usr/lib /usr/local /usr/local/bin /usr/local/sbin /usr/local/lib /usr/share /usr/include /var /var/lib /var/log /var/cache /var/spool /var/tmp /dev/shm".split(
    " ",
  ),
);

/** Links that every host with a merged `/usr`, or every host, has. */
const LINKS: readonly (readonly [string, string])[] = [
  ["/bin", "/usr/bin"],
  ["/sbin", "/usr/sbin"],
  ["/lib", "/usr/lib"],
  ["/lib64", "/usr/lib64"],
  ["/var/run", "/run"],
  ["/var/lock", "/run/lock"],
];

/** A path, and the other name that it has through a well-known link, in both directions. */
export function namesOf(path: string): readonly string[] {
  for (const [link, place] of LINKS) {
    if (path === link || path.startsWith(`${link}/`)) return [path, place + path.slice(link.length)];
    if (path === place || path.startsWith(`${place}/`)) return [path, link + path.slice(place.length)];
  }
  return [path];
}

/** Of Linux, in bytes; no host opens a longer one. */
const PATH_MAX = 4_096;

/** Null: only the host can say where it leads. `cwd` is physical. */
export function absolute(path: string, cwd: string): string | null {
  if (path.length > PATH_MAX) return null;
  const own = split(cwd);
  const isReal = (parts: readonly string[]): boolean => {
    const here = `/${parts.join("/")}`;
    return REAL.has(here) || isPseudo(here) || (parts.length <= own.length && parts.every((part, i) => part === own[i]));
  };
  let parts = path.startsWith("/") ? [] : own;
  const rest = split(path);
  for (const [i, part] of rest.entries()) {
    if (part === ".") continue;
    if (part === "..") {
      if (!isReal(parts)) return null;
      parts = parts.slice(0, -1);
      continue;
    }
    parts = [...parts, part];
    if (i === rest.length - 1) continue;
    const here = parts.join("/");
    if (/^proc\/[^/]+(\/task\/[^/]+)?\/root$/.test(here)) parts = [];
    else if (here === "dev/fd") parts = ["proc", "self", "fd"];
    else if (/^proc\/(thread-)?self\/cwd$/.test(here)) parts = own;
  }
  return `/${parts.join("/")}`;
}

function isPseudo(path: string): boolean {
  return /^\/proc\/(self|[0-9]+)(\/(fd|fdinfo|net|attr|ns|map_files|task(\/[0-9]+)?))?$/.test(path);
}

function split(path: string): string[] {
  return path.split("/").filter((part) => part !== "");
}

const PROGRAM_FOLDERS = new Set(["/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/usr/games"]);

/** The name under which policies know a program: its base name in a standard folder, else its whole path. */
export function programName(path: string): string {
  const cut = path.lastIndexOf("/");
  return PROGRAM_FOLDERS.has(path.slice(0, cut)) ? path.slice(cut + 1) : path;
}

/** Nothing is read or written by name here. */
export function isSink(path: string): boolean {
  return (
    path === "/dev/null" ||
    path === "/dev/zero" ||
    path === "/dev/stdin" ||
    path === "/dev/stdout" ||
    path === "/dev/stderr" ||
    path === "/dev/tty" ||
    path === "/dev/full" ||
    path === "/dev/urandom" ||
    path === "/dev/random"
  );
}
