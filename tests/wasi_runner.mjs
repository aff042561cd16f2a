// Runs a program of wasm32-wasip1 under Node, as cargo's runner: `node tests/wasi_runner.mjs PROGRAM [ARGUMENT]...`
import { readFileSync } from 'node:fs';
import v8 from 'node:v8';
import { WASI } from 'node:wasi';

const [program, ...args] = process.argv.slice(2);
const bytes = readFileSync(program);
// Node 20 hides relaxed-simd behind a flag, which later ones do not know.
if (!WebAssembly.validate(bytes)) v8.setFlagsFromString('--experimental-wasm-relaxed-simd');
const wasi = new WASI({
    version: 'preview1',
    args: [program, ...args],
    env: process.env,
    preopens: { '/': '/' },
    returnOnExit: true,
});
const instance = await WebAssembly.instantiate(await WebAssembly.compile(bytes), wasi.getImportObject());
process.exitCode = wasi.start(instance);
