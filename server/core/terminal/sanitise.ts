/**
 * Takes out of a program's output what a terminal would answer, remember or be tricked by: clipboard writes, titles,
 * reports that are typed back, device strings, changes of size. What colours and moves stays. Full-screen modes, clearing
 * of the scrollback, mouse and paste modes pass only for a program whose keys are authorised (`fullScreen`): else a
 * program that merely prints could draw a false prompt or turn later movements of the mouse into input.
 *
 * Sequences cut anywhere between chunks are put together again. The default of every choice is to drop.
 */
export interface Sanitiser {
  push(bytes: Uint8Array): Uint8Array;
  /** Sets back what the program left behind; give it to the terminal when the program has ended. */
  end(): Uint8Array;
}

const ESC = 0x1b;
const BEL = 0x07;
const MOST_SEQUENCE = 256;
const EMPTY = new Uint8Array(0);

/** Private modes that colour no-one's later session: cursor keys, wrapping, cursor shown, synchronised output. */
const MODES_ALWAYS = new Set([7, 25, 2026]);
const MODES_FULL_SCREEN = new Set([1, 7, 12, 25, 47, 66, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 1047, 1048, 1049, 2004, 2026]);

/** Wrapping, and the cursor shown. */
const SET_BY_DEFAULT: ReadonlySet<number> = new Set([7, 25]);

export function createSanitiser(options: { readonly fullScreen: boolean }): Sanitiser {
  let held: number[] = [];
  /** Inside a string sequence (OSC, DCS, PM, APC, SOS) whose text is dropped. */
  let swallowing = false;
  let swallowedEscape = false;
  /** A C1 control in UTF-8 is C2 followed by 80 to 9F. */
  let afterC2 = false;
  /** Modes that were changed, and whether each is set now. */
  const modes = new Map<number, boolean>();
  let scrolls = false;
  let dirty = false;

  const sequence = (out: number[]): "more" | "done" => {
    const kind = held[1];
    if (kind === undefined) return "more";
    if (kind === 0x5b) {
      const last = held.at(-1) as number;
      if (held.length > 2 && last >= 0x40 && last <= 0x7e) {
        if (csiMayPass(held, options.fullScreen, modes)) {
          out.push(...held);
          if (last === 0x6d) dirty = true;
          if (last === 0x72) scrolls = true;
        }
        return "done";
      }
      return held.length > MOST_SEQUENCE ? "done" : "more";
    }
    if (kind === 0x5d || kind === 0x50 || kind === 0x5e || kind === 0x5f || kind === 0x58) {
      swallowing = true;
      swallowedEscape = false;
      return "done";
    }
    // Character sets: the line-drawing one is what full-screen programs use.
    if (kind === 0x28 || kind === 0x29) {
      if (held.length < 3) return "more";
      if (options.fullScreen || held[2] === 0x42) out.push(...held);
      return "done";
    }
    if (kind >= 0x20 && kind <= 0x2f) return held.length < 3 ? "more" : "done";
    // Save and restore the cursor, index, next line, reverse index, keypad modes. Not: reset, tab set, answer-backs.
    if (
      kind === 0x37 ||
      kind === 0x38 ||
      kind === 0x44 ||
      kind === 0x45 ||
      kind === 0x4d ||
      (options.fullScreen && (kind === 0x3d || kind === 0x3e))
    )
      out.push(...held);
    return "done";
  };

  return {
    push(bytes) {
      if (held.length === 0 && !swallowing && !afterC2 && isPlain(bytes)) return bytes;
      const out: number[] = [];
      for (let i = 0; i < bytes.length; i++) {
        const c = bytes[i] as number;
        if (swallowing) {
          if (c === BEL || (swallowedEscape && c === 0x5c) || c === 0x18 || c === 0x1a) swallowing = false;
          else if (swallowedEscape && c !== 0x5c) {
            // ESC ends the string; what follows is a sequence of its own.
            swallowing = false;
            held = [ESC];
            i--;
          }
          swallowedEscape = c === ESC && swallowing;
          continue;
        }
        if (held.length > 0) {
          if (c === ESC) {
            held = [ESC];
            continue;
          }
          if (c === 0x18 || c === 0x1a) {
            held = [];
            continue;
          }
          if (c < 0x20) {
            // Terminals carry out controls in the middle of a sequence.
            if (c === 0x0a || c === 0x0d || c === 0x08 || c === 0x09) out.push(c);
            continue;
          }
          held.push(c);
          if (sequence(out) === "done") held = [];
          continue;
        }
        if (afterC2) {
          afterC2 = false;
          if (c >= 0x80 && c <= 0x9f) {
            if (c === 0x9b) held = [ESC, 0x5b];
            else if (c === 0x90 || c === 0x98 || c === 0x9d || c === 0x9e || c === 0x9f) {
              swallowing = true;
              swallowedEscape = false;
            }
            continue;
          }
          out.push(0xc2);
        }
        if (c === ESC) held = [ESC];
        else if (c === 0xc2) afterC2 = true;
        else if (
          c >= 0x20
            ? c !== 0x7f
            : c === 0x0a ||
              c === 0x0d ||
              c === 0x09 ||
              c === 0x08 ||
              c === BEL ||
              (options.fullScreen && (c === 0x0e || c === 0x0f))
        )
          out.push(c);
      }
      return Uint8Array.from(out);
    },
    end() {
      held = [];
      swallowing = false;
      afterC2 = false;
      let reset = dirty ? "\u001b[0m" : "";
      // What is as it was is left alone: leaving a screen twice would put the cursor where it was before the program.
      for (const [mode, set] of modes) if (set !== SET_BY_DEFAULT.has(mode)) reset += `\u001b[?${mode}${set ? "l" : "h"}`;
      // Setting the scrolled part puts the cursor to the top.
      if (modes.size > 0 || scrolls) reset += "\u001b7\u001b[r\u001b8\u001b(B\u001b>";
      modes.clear();
      scrolls = false;
      dirty = false;
      return reset === "" ? EMPTY : Uint8Array.from(reset, (c) => c.charCodeAt(0));
    },
  };
}

function isPlain(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) {
    const c = bytes[i] as number;
    if ((c < 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) || c === 0x7f || c === 0xc2) return false;
  }
  return true;
}

function csiMayPass(sequence: readonly number[], fullScreen: boolean, changed: Map<number, boolean>): boolean {
  const final = String.fromCharCode(sequence.at(-1) as number);
  const inside = String.fromCharCode(...sequence.slice(2, -1));
  if (final === "h" || final === "l") {
    const modes = /^\?([0-9]+(?:;[0-9]+)*)$/.exec(inside)?.[1]?.split(";").map(Number);
    const allowed = fullScreen ? MODES_FULL_SCREEN : MODES_ALWAYS;
    if (modes === undefined || !modes.every((mode) => allowed.has(mode))) return false;
    for (const mode of modes) changed.set(mode, final === "h");
    return true;
  }
  if (!/^[0-9;:]*$/.test(inside)) return fullScreen && final === "q" && /^[0-9] $/.test(inside);
  // Movement, erasing, inserting, colours, scrolling.
  if (final === "J") return fullScreen ? inside !== "3" : inside === "" || inside === "0";
  if ("ABCDEFGHIKLMPSTXZ@`abdefmr".includes(final)) {
    // Going to an absolute place, or setting the scrolled part, is for programs that own the screen.
    if ("Hfdr".includes(final)) return fullScreen;
    return final !== "T" || !inside.includes(";");
  }
  if (fullScreen && (final === "s" || final === "u")) return inside === "";
  // Reports of the cursor's place and of the device are asked by programs that read keys, and answered to them alone.
  if (fullScreen && final === "n") return inside === "6" || inside === "5";
  return fullScreen && final === "c" ? inside === "" || inside === "0" : false;
}
