// Keeps the page for use offline, and adds the headers of cross-origin isolation where a static host does not send them.
// `wasm/site` writes precache.json: a version that changes with any byte, and the files.

const HEADERS = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
};
const PREFIX = 'storyteller ';

async function list() {
  const answer = await fetch('precache.json', { cache: 'no-store' });
  return answer.ok ? answer.json() : null;
}

async function fill() {
  const files = await list().catch(() => null);
  if (!files) return;
  const cache = await caches.open(PREFIX + files.version);
  await cache.addAll(['./', ...files.files].map((file) => new Request(file, { cache: 'no-cache' })));
  for (const name of await caches.keys()) if (name.startsWith(PREFIX) && name !== PREFIX + files.version) await caches.delete(name);
}

self.addEventListener('install', (event) => event.waitUntil(fill().then(() => self.skipWaiting())));
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

function isolated(answer) {
  if (answer.type === 'opaque' || answer.status === 0) return answer;
  const headers = new Headers(answer.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers });
}

/** The network's answer, which is kept; the kept one where there is no network. */
async function answer(request) {
  try {
    const fresh = await fetch(request);
    if (fresh.ok) {
      const names = (await caches.keys()).filter((name) => name.startsWith(PREFIX));
      const cache = await caches.open(names.at(-1) ?? `${PREFIX}visit`);
      await cache.put(request, fresh.clone());
    }
    return isolated(fresh);
  } catch (error) {
    const kept = await caches.match(request, { ignoreSearch: true });
    if (kept) return isolated(kept);
    throw error;
  }
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method === 'GET' && new URL(request.url).origin === self.location.origin) event.respondWith(answer(request));
});
