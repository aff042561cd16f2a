// The model counts words and marks, with a space between any two of them. People read “Oh, no!”, not “ Oh , no ! ”.

/** For each token whether a space goes before it. Quotation marks open and close in turns. */
export function spaces(tokens) {
  let open = false;
  let glued = true;
  return tokens.map((token) => {
    const quote = token === '"';
    const before = !glued && !/^[.,!?;:]$/.test(token) && !(quote && open);
    glued = quote && !open;
    if (quote) open = !open;
    return before;
  });
}

/** A text of the model as people read it. */
export function readable(text) {
  const tokens = text.split(/\s+/).filter(Boolean);
  const before = spaces(tokens);
  return tokens.map((token, at) => (before[at] ? ' ' : '') + token).join('');
}

/** A text of the visitor as the model reads it. */
export const tokenized = (text) => text.replace(/[“”]/g, '"').replace(/([.,!?;:"])/g, ' $1 ').split(/\s+/).filter(Boolean).join(' ');
