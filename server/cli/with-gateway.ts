import { deriveKeys, type Keys, keptSecret } from "../adapter/secret/keys.ts";
import { type Config, readConfig } from "../config.ts";
import type { Gateway } from "../gateway/create-gateway.ts";
import { startGateway } from "../main.ts";
import { storeAddress } from "./store-address.ts";

export interface GlobalOptions {
  readonly store?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

export async function keysOf(config: Config): Promise<Keys> {
  return deriveKeys(config.GATEHOUSE_SECRET ?? (await keptSecret(config.GATEHOUSE_DATA)));
}

/** Opens the store, makes a gateway, lets `use` work with it, and closes everything again whatever happens. */
export async function withGateway<T>(options: GlobalOptions, use: (gateway: Gateway, config: Config) => Promise<T>): Promise<T> {
  const config = readConfig();
  const log = (line: string): void => {
    if (options.verbose === true) process.stderr.write(`${line}\n`);
  };
  const address = await storeAddress(config, options.store, log);
  try {
    const started = await startGateway({
      storeUrl: address.url,
      keys: await keysOf(config),
      checkpoints: config.GATEHOUSE_CHECKPOINTS ?? null,
      log,
    });
    try {
      return await use(started.gateway, config);
    } finally {
      await started.stop();
    }
  } finally {
    await address.stop();
  }
}
