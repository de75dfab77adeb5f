/** The value below which `share` of the measurements lie, rounded to a hundredth. */
export function percentile(values: readonly number[], share: number): number {
  return round(quantile(values, share));
}

/** The same as it is. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
