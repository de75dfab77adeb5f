/** A binary frame: four bytes channel (big-endian), then UTF-8. Keys to the gateway, output from it. */
export function frame(channel: number, text: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text);
  const whole = new Uint8Array(4 + bytes.length);
  new DataView(whole.buffer).setUint32(0, channel);
  whole.set(bytes, 4);
  return whole;
}

/** Null: too short to be a frame. */
export function unframe(whole: ArrayBuffer): { channel: number; bytes: Uint8Array } | null {
  if (whole.byteLength < 4) return null;
  return { channel: new DataView(whole).getUint32(0), bytes: new Uint8Array(whole, 4) };
}
