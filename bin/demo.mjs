// `npm run demo`: installs, builds, and runs the demo company in this process.
import { installPackages, installSystemPackages } from "./install.mjs";

installPackages();
const missing = installSystemPackages([["openssh-server", "/usr/sbin/sshd"]]);
if (missing.length > 0)
  process.stderr.write(
    "  OpenSSH's server is not installed and cannot be installed from here; the demo host is the one built on ssh2\n",
  );
process.argv.splice(2, 0, "demo");
await import("./gatehouse.mjs");
