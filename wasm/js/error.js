/** Every error of this package: `code` never changes, `message` says what to do. */
export class RlhfError extends Error {
  constructor(code, message) {
    super(message);
    this.name = 'RlhfError';
    this.code = code;
  }
}

/** The error that was thrown in WebAssembly: text that begins with a code, or something of the browser's. */
export function errorFrom(thrown) {
  if (thrown instanceof RlhfError) return thrown;
  if (typeof thrown === 'string') {
    const space = thrown.indexOf(' ');
    return new RlhfError(thrown.slice(0, space), thrown.slice(space + 1));
  }
  if (thrown instanceof WebAssembly.RuntimeError || thrown instanceof RangeError) {
    return new RlhfError('crashed', `WebAssembly stopped (${thrown.message}): memory may have run out. Close other tabs and load the page again.`);
  }
  if (thrown?.name === 'AbortError') return new RlhfError('aborted', 'it was aborted');
  return new RlhfError('other', thrown?.message ?? String(thrown));
}

/** Throws where a signal was aborted. */
export function checkSignal(signal) {
  if (signal?.aborted) throw new RlhfError('aborted', 'it was aborted');
}

/** The bytes of a model: given, or fetched. */
export async function bytesOf(model, signal) {
  if (model instanceof Uint8Array) return model;
  if (model instanceof ArrayBuffer) return new Uint8Array(model);
  checkSignal(signal);
  let response;
  try {
    response = await fetch(model, { signal });
  } catch (error) {
    throw error.name === 'AbortError' ? errorFrom(error) : new RlhfError('fetch', `${model} cannot be fetched: ${error.message}`);
  }
  if (!response.ok) throw new RlhfError('fetch', `${model} cannot be fetched: status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
