import type { Formats } from "../../core/domain/row-batch.ts";

/**
 * `Bind` of the unnamed portal. The driver's own can ask for one format for all columns only. `values` are parameters as
 * text (null: NULL), at most 65,535; `formats` are of the result's columns, none: all as text.
 */
export function bindMessage(statement: string, values: readonly (string | null)[], formats: Formats): Buffer {
  const name = Buffer.from(`\0${statement}\0`);
  const parameters = values.map((value) => (value === null ? null : Buffer.from(value)));
  const size = parameters.reduce((sum, value) => sum + 4 + (value?.length ?? 0), 0);
  const message = Buffer.alloc(1 + 4 + name.length + 2 + 2 + size + 2 + 2 * formats.length);
  let at = message.write("B", 0);
  at = message.writeUInt32BE(message.length - 1, at);
  at += name.copy(message, at);
  at = message.writeUInt16BE(0, at);
  at = message.writeUInt16BE(values.length, at);
  for (const value of parameters) {
    at = message.writeInt32BE(value?.length ?? -1, at);
    if (value !== null) at += value.copy(message, at);
  }
  at = message.writeUInt16BE(formats.length, at);
  for (const format of formats) at = message.writeUInt16BE(format == null ? 0 : 1, at);
  return message;
}
