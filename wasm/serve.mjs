// A static server for development and tests: `wasm/serve [--port 8000] [--package wasm/pkg] [--site FOLDER]`.
// It sends the headers that make a page cross-origin isolated, and the content security policy of index.html.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);

const types = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8',
  '.json': 'application/json', '.wasm': 'application/wasm', '.svg': 'image/svg+xml', '.webmanifest': 'application/manifest+json',
};

function option(name, value) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? value : process.argv[at + 1];
}

/** Serves `site` at `/` and `package` at `/pkg/`. Resolves to the server once it listens. */
export function serve({ port = 0, site = path.join(here, 'web'), package: folder = path.join(here, 'pkg') } = {}) {
  const policy = fs.readFileSync(path.join(site, 'index.html'), 'utf8').match(/Content-Security-Policy" content="([^"]*)"/)[1];
  const server = http.createServer((request, response) => {
    const name = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
    const [root, inside] = name.startsWith('/pkg/') && fs.existsSync(folder) ? [folder, name.slice(4)] : [site, name];
    const file = path.join(root, path.normalize(inside.endsWith('/') ? `${inside}index.html` : inside));
    if (!file.startsWith(root + path.sep) || !fs.existsSync(file) || fs.statSync(file).isDirectory()) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('not found');
      return;
    }
    response.writeHead(200, {
      'content-type': types[path.extname(file)] ?? 'application/octet-stream',
      'cache-control': 'no-cache',
      'content-security-policy': policy,
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'cross-origin-resource-policy': 'same-origin',
    });
    fs.createReadStream(file).pipe(response);
  });
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)));
}

if (path.resolve(process.argv[1] ?? '') === new URL(import.meta.url).pathname) {
  const at = (name) => (option(name) ? { [name]: path.resolve(option(name)) } : {});
  serve({ port: Number(option('port', 8000)), ...at('site'), ...at('package') })
    .then((server) => console.log(`http://127.0.0.1:${server.address().port}/`));
}
