import { Fragment } from "react";

/** What is surely the address of a page: http and https only, up to a blank, without the punctuation after it. */
const ADDRESS = /\bhttps?:\/\/[^\s<>"'`]+[^\s<>"'`.,;:!?)\]}]/g;

/** A person's words with addresses as links; nothing else of it is taken for markup. */
export function Linked({ text }: { text: string }) {
  return (
    <>
      {pieces(text).map(({ at, piece, link }) =>
        link ? (
          <a key={at} href={piece} target="_blank" rel="noreferrer noopener">
            {piece}
          </a>
        ) : (
          <Fragment key={at}>{piece}</Fragment>
        ),
      )}
    </>
  );
}

export function pieces(text: string): readonly { readonly at: number; readonly piece: string; readonly link: boolean }[] {
  const found: { at: number; piece: string; link: boolean }[] = [];
  let at = 0;
  for (const match of text.matchAll(ADDRESS)) {
    if (!URL.canParse(match[0])) continue;
    if (match.index > at) found.push({ at, piece: text.slice(at, match.index), link: false });
    found.push({ at: match.index, piece: match[0], link: true });
    at = match.index + match[0].length;
  }
  if (at < text.length) found.push({ at, piece: text.slice(at), link: false });
  return found;
}
