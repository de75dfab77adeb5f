/** For switches over our own unions: a new case breaks the build; a foreign value at run time is an error. */
export function absurd(value: never): never {
  throw new Error(`unreachable case \`${JSON.stringify(value)}\``);
}
