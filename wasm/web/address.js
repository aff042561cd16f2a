// The part of the state that a link carries, in the fragment of the address: a teacher's link opens the page as it was.

/** Fields of the address: how each is read and when it is left out. */
const FIELDS = {
  stage: { read: String, usual: 'pretrained' },
  taste: { read: String, usual: 'me' },
  keyword: { read: String, usual: 'cake' },
  beta: { read: Number },
  temperature: { read: Number },
  rate: { read: Number },
  replies: { read: Number, usual: 2 },
  prompt: { read: Number, usual: 0 },
  seed: { read: Number, usual: 1 },
  color: { read: String, usual: 'logRatio' },
  rule: { read: readRule },
};

/** `!:1,cake:2` as weighted terms. */
function readRule(text) {
  return text.split(',').map((term) => {
    const [name, weight] = term.split(':');
    return { text: decodeURIComponent(name), weight: Number(weight) || 0 };
  });
}

const writeRule = (terms) => terms.map(({ text, weight }) => `${encodeURIComponent(text)}:${weight}`).join(',');

/** What the address says; fields that it does not name are absent, and so are numbers that are none. */
export function readAddress(hash = location.hash) {
  const found = {};
  for (const [name, text] of new URLSearchParams(hash.slice(1))) {
    const value = FIELDS[name]?.read(text);
    if (value !== undefined && !Number.isNaN(value)) found[name] = value;
  }
  return found;
}

/** Writes `fields` into the address without a new entry in the history. */
export function writeAddress(fields, usual) {
  const search = new URLSearchParams();
  for (const [name, field] of Object.entries(FIELDS)) {
    const value = fields[name];
    if (value == null || value === field.usual || value === usual[name]) continue;
    search.set(name, name === 'rule' ? writeRule(value) : value);
  }
  const text = search.toString();
  history.replaceState(null, '', text ? `#${text}` : location.pathname + location.search);
}
