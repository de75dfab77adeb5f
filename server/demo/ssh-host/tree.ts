import { chmod, lchown, lstat, mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Account } from "./account.ts";
import { accessLog, applicationLog, PRIVATE_KEY, SECRETS } from "./made-up.ts";
import { journalctlScript, serviceScript, systemctlScript } from "./service.ts";

export interface Tree {
  readonly programs: string;
}

/** Writes what is missing of the demo's files and gives them to the account. What a visitor changed stays. */
export async function growTree(account: Account): Promise<Tree> {
  const { root, home } = account;
  const programs = path.join(root, "bin");
  const shop = path.join(home, "shop-api");
  for (const folder of [
    programs,
    path.join(root, "run"),
    path.join(shop, "logs"),
    path.join(shop, "config"),
    path.join(shop, "certs"),
    path.join(home, ".ssh"),
  ])
    await mkdir(folder, { recursive: true });
  for (const [name, text] of [
    ["systemctl", systemctlScript(root)],
    ["journalctl", journalctlScript(root)],
    ["shop-api", serviceScript(home)],
  ] as const) {
    await writeFile(path.join(programs, name), text);
    await chmod(path.join(programs, name), 0o755);
  }
  const files: Readonly<Record<string, string>> = {
    "shop-api/logs/app.log": applicationLog(2_000),
    "shop-api/logs/access.log": accessLog(5_000),
    "shop-api/logs/app.log.1": applicationLog(500),
    "shop-api/config/app.yaml":
      "http:\n  port: 8080\n  workers: 4\ndatabase:\n  host: 127.0.0.1\n  name: shop\n  pool: 20\nfeatures:\n  refunds: true\n",
    "shop-api/config/nginx.conf":
      "server {\n  listen 80;\n  server_name shop.example.test;\n  location / { proxy_pass http://127.0.0.1:8080; }\n}\n",
    "shop-api/package.json": `${JSON.stringify({ name: "shop-api", version: "4.12.1", private: true }, null, 2)}\n`,
    "shop-api/.env": SECRETS,
    "shop-api/certs/tls.key": PRIVATE_KEY,
    "shop-api/README": "Logs are in logs/, the configuration in config/. Restart with: systemctl restart shop-api\n",
    ".ssh/id_ed25519": PRIVATE_KEY,
  };
  for (const [name, text] of Object.entries(files)) await writeOnce(path.join(home, name), text);
  await chmod(path.join(shop, ".env"), 0o600);
  await chmod(path.join(home, ".ssh/id_ed25519"), 0o600);
  await writeOnce(path.join(root, "shop-api.journal"), "");
  if (process.getuid?.() === 0) {
    for (const given of [home, path.join(root, "run"), path.join(root, "shop-api.journal")]) await give(given, account);
  }
  return { programs };
}

async function writeOnce(file: string, text: string): Promise<void> {
  await writeFile(file, text, { flag: "wx" }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}

/** Links are not followed: the account could have pointed one, symbolic or hard, at a file of root's. */
async function give(file: string, account: Account): Promise<void> {
  const entry = await lstat(file);
  if (entry.isSymbolicLink() || (entry.isFile() && entry.nlink > 1)) return;
  if (entry.uid !== account.uid) await lchown(file, account.uid, account.gid);
  if (!entry.isDirectory()) return;
  for (const name of await readdir(file)) await give(path.join(file, name), account);
}
