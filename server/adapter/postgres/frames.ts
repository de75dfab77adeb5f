/** What `pg` attaches its parser to. */
export interface ByteStream {
  on(event: string, listener: (chunk: Buffer) => void): unknown;
  destroy(error?: Error): unknown;
}

interface Attaching {
  attachListeners(stream: ByteStream): void;
}

const HEADER = 5;

/**
 * The driver keeps a message whole in memory and throws where nobody catches when one is longer than a text can be. Here a
 * connection with such a message ends, as if the server had gone, before the message has arrived.
 */
export function limitFrames(connection: Attaching, limit: number): void {
  const attach = connection.attachListeners.bind(connection);
  connection.attachListeners = (stream) => attach(limited(stream, limit));
}

export function limited(stream: ByteStream, limit: number): ByteStream {
  return {
    on: (event, listener) => stream.on(event, event === "data" ? guarded(stream, listener, limit) : listener),
    destroy: (error) => stream.destroy(error),
  };
}

function guarded(stream: ByteStream, listener: (chunk: Buffer) => void, limit: number): (chunk: Buffer) => void {
  let header = Buffer.alloc(0);
  let remaining = 0;
  let ended = false;
  return (chunk) => {
    if (ended) return;
    let at = 0;
    while (at < chunk.length) {
      if (remaining > 0) {
        const taken = Math.min(remaining, chunk.length - at);
        remaining -= taken;
        at += taken;
        continue;
      }
      const wanted = chunk.subarray(at, at + HEADER - header.length);
      header = Buffer.concat([header, wanted]);
      at += wanted.length;
      if (header.length < HEADER) break;
      // The length counts itself, and not the message's letter.
      remaining = header.readUInt32BE(1) - 4;
      header = Buffer.alloc(0);
      if (remaining < 0 || remaining > limit) {
        ended = true;
        stream.destroy(new Error("the server sent a row that is too large"));
        return;
      }
    }
    try {
      listener(chunk);
    } catch (cause) {
      ended = true;
      stream.destroy(new Error("the server's answer cannot be read", { cause }));
    }
  };
}
