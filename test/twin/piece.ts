/** Text that remembers what could stand in its place: a statement that fails is made smaller by trying that. */
export type Piece = string | Choice | readonly Piece[];

interface Choice {
  readonly shown: Piece;
  readonly smaller: readonly Piece[];
}

export function sql(parts: TemplateStringsArray, ...values: readonly (Piece | number)[]): Piece {
  return parts.flatMap((part, index): Piece[] => {
    const value = values[index];
    return value === undefined ? [part] : [part, typeof value === "number" ? String(value) : value];
  });
}

export function or(shown: Piece, ...smaller: readonly Piece[]): Piece {
  return { shown, smaller };
}

/** A clause that the statement does without. */
export function optional(shown: Piece): Piece {
  return or(shown, "");
}

export function list(pieces: readonly Piece[], separator = ", "): Piece {
  return pieces.flatMap((piece, index) => (index === 0 ? [piece] : [separator, piece]));
}

export function render(piece: Piece): string {
  if (typeof piece === "string") return piece;
  return "shown" in piece ? render(piece.shown) : piece.map(render).join("");
}

/** The piece with one choice replaced by something smaller, outermost choices first. */
function* smaller(piece: Piece): Generator<Piece> {
  if (typeof piece === "string") return;
  if ("shown" in piece) {
    yield* piece.smaller;
    for (const inner of smaller(piece.shown)) yield { ...piece, shown: inner };
    return;
  }
  for (const [index, part] of piece.entries()) {
    for (const inner of smaller(part)) yield piece.toSpliced(index, 1, inner);
  }
}

/** The smallest statement found that still fails. */
export async function shrink(piece: Piece, fails: (text: string) => Promise<boolean>, attempts = 300): Promise<string> {
  let current = piece;
  let left = attempts;
  for (let found = true; found && left > 0; ) {
    found = false;
    for (const candidate of smaller(current)) {
      left -= 1;
      if (left <= 0) break;
      if (!(await fails(render(candidate)))) continue;
      current = candidate;
      found = true;
      break;
    }
  }
  return render(current);
}
