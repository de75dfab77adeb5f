/** Whether a time of day lies in quiet hours, both in this browser's own time; over midnight where `from` is the later one. */
export function isQuiet({ from, until }: { readonly from: string; readonly until: string }, now: Date): boolean {
  const time = `${two(now.getHours())}:${two(now.getMinutes())}`;
  return from <= until ? time >= from && time < until : time >= from || time < until;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
